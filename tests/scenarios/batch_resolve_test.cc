// SPDX-License-Identifier: Apache-2.0
// A list of identifiers in one call, against one call for each.
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/attachment.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "record/hash.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using record::AudienceSet;
using record::RecordId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kGtin[] = "04912345100108";
constexpr char kGroup[] = "toy";  // no profile asks for more than an identity
constexpr size_t kLargePart = size_t{7} << 20;
constexpr uint64_t kSeed = 20'263;

class BatchResolveTest : public ::testing::Test {
 protected:
  BatchResolveTest() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(), ValueOf(certs::Registry::Make(operator_.Bundle(), {maker_.Entry(), recycler_.Entry()})));
    maker_node_ = std::make_unique<LoopbackNode>(maker_, *registry_, LoopbackNode::Disk{*maker_store_, *maker_anchor_},
                                                 peers_, clock_, 1);
    recycler_node_ = std::make_unique<LoopbackNode>(
        recycler_, *registry_, LoopbackNode::Disk{*recycler_store_, *recycler_anchor_}, peers_, clock_, 2);
  }

  Draft MakeDraft(passport::v1::Granularity granularity, const std::string& key,
                  absl::optional<RecordId> parent = absl::nullopt) {
    passport::v1::Identity identity;
    identity.mutable_name()->set_ja("おもちゃ");
    identity.set_product_group(kGroup);
    identity.set_granularity(granularity);
    identity.set_gtin(kGtin);
    identity.mutable_mass_kg()->set_value("1");
    if (granularity == passport::v1::GRANULARITY_BATCH) {
      identity.set_lot(key);
    }
    if (granularity == passport::v1::GRANULARITY_ITEM) {
      identity.set_serial(key);
      identity.set_product_status(passport::v1::PRODUCT_STATUS_ORIGINAL);
    }
    if (parent.has_value()) {
      identity.set_parent_record_id(parent->ToHex());
    }
    return {RecordId::Make(random_), "", {}, identity};
  }

  void Publish(const std::vector<Draft>& drafts) {
    MEGURI_ASSERT_OK(maker_node_->Publish(MakePublications(drafts, maker_, clock_.Now(), random_)).status());
  }

  // A section of several megabytes that its owner alone may read.
  static record::SectionDraft LargePart() {
    passport::v1::AttachmentList list;
    passport::v1::Attachment* attachment = list.add_attachments();
    attachment->set_file_name("bom.csv");
    attachment->set_media_type("text/csv");
    attachment->set_content(std::string(kLargePart, 'x'));
    attachment->set_sha256(record::Sha256(attachment->content()).ToHex());
    return {record::v1::SECTION_TYPE_ATTACHMENT, AudienceSet::Of({record::v1::AUDIENCE_OWNER}),
            list.SerializeAsString()};
  }

  static std::vector<node::ProductQuestion> Questions(const std::vector<std::string>& identifiers) {
    std::vector<node::ProductQuestion> questions;
    for (const std::string& identifier : identifiers) {
      questions.push_back({.identifier = identifier});
    }
    return questions;
  }
  static node::ResolvedBatch Resolve(const LoopbackNode& node, const std::vector<std::string>& identifiers,
                                     node::ReadMask mask = {}) {
    return ValueOf(node.query().BatchResolve(node.Client(), Questions(identifiers), std::move(mask)));
  }
  // What one line of the maker's own list is answered with.
  node::ResolvedBatch Look(const node::ProductQuestion& question) const {
    return ValueOf(maker_node_->query().BatchResolve(maker_node_->Client(), {question}, {}));
  }

  static std::string IdOf(const node::RecordView& view) {
    return ValueOf(record::Header::Parse(view.envelope.header())).record_id().ToHex();
  }

  // What one identifier of a batch names.
  static std::vector<std::string> NamedBy(const node::ResolvedBatch& batch, size_t index) {
    std::vector<std::string> ids;
    for (const size_t position : batch.answers.at(index).records) {
      ids.push_back(IdOf(batch.records.at(position)));
    }
    return ids;
  }

  static std::set<std::string> AllOf(const node::ResolvedBatch& batch) {
    std::set<std::string> ids;
    for (const node::RecordView& view : batch.records) {
      EXPECT_TRUE(ids.insert(IdOf(view)).second) << "a record comes twice";
    }
    return ids;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{kSeed};
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member recycler_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  std::unique_ptr<storage::OrderedStore> maker_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::OrderedStore> recycler_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::Anchor> maker_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::Anchor> recycler_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<LoopbackNode> maker_node_;
  std::unique_ptr<LoopbackNode> recycler_node_;
};

TEST_F(BatchResolveTest, AnswersEachAsResolveDoesAndBringsItsAncestorsOnce) {
  const Draft model = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  const Draft batch = MakeDraft(passport::v1::GRANULARITY_BATCH, "L7", model.record_id);
  std::vector<Draft> drafts = {model, batch};
  std::vector<std::string> identifiers = {"https://not.an/identifier", batch.record_id.ToHex(),
                                          RecordId::Make(random_).ToHex(), "04912345100993"};
  for (int i = 0; i < 40; ++i) {
    // Some belong to the batch, some to the model, and some have a twin.
    const std::string serial = absl::StrFormat("S%d", i / 2 * (i % 3 == 0 ? 1 : 2));
    drafts.push_back(MakeDraft(passport::v1::GRANULARITY_ITEM, serial, i % 2 ? batch.record_id : model.record_id));
    identifiers.push_back(absl::StrCat(kGtin, "/", serial));
  }
  identifiers.push_back(absl::StrCat(kGtin, "/unknown"));  // leads to the model
  ASSERT_NO_FATAL_FAILURE(Publish(drafts));
  MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {"public"}));
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, "public", drafts.size()));

  for (const LoopbackNode* node : {maker_node_.get(), recycler_node_.get()}) {
    const node::ResolvedBatch answer = Resolve(*node, identifiers);
    ASSERT_THAT(answer.answers, SizeIs(identifiers.size()));
    for (size_t i = 0; i < identifiers.size(); ++i) {
      SCOPED_TRACE(identifiers[i]);
      const auto alone = node->query().Resolve(node->Client(), identifiers[i]);
      if (!alone.ok()) {
        EXPECT_EQ(answer.answers[i].status, alone.status());
        continue;
      }
      std::vector<std::string> expected;
      for (const node::RecordView& view : *alone) {
        expected.push_back(IdOf(view));
      }
      EXPECT_EQ(NamedBy(answer, i), expected);
      EXPECT_EQ(answer.answers[i].status.ok(), !expected.empty());
    }
    EXPECT_THAT(answer.answers[0].status, testing::HasReason("IDENTIFIER"));
    EXPECT_THAT(answer.answers[2].status, testing::HasReason("RECORD_NOT_FOUND"));
    EXPECT_THAT(AllOf(answer), SizeIs(drafts.size()));
  }
}

TEST_F(BatchResolveTest, BringsTheAncestorsOfOneItem) {
  const Draft model = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  const Draft batch = MakeDraft(passport::v1::GRANULARITY_BATCH, "L7", model.record_id);
  const Draft item = MakeDraft(passport::v1::GRANULARITY_ITEM, "S1", batch.record_id);
  ASSERT_NO_FATAL_FAILURE(Publish({model, batch, item}));
  const node::ReadMask mask{false, false, false, {}};
  const node::ResolvedBatch answer = Resolve(*maker_node_, {absl::StrCat(kGtin, "/S1")}, mask);
  EXPECT_THAT(NamedBy(answer, 0), ElementsAre(item.record_id.ToHex()));
  EXPECT_THAT(AllOf(answer), ::testing::UnorderedElementsAre(model.record_id.ToHex(), batch.record_id.ToHex(),
                                                             item.record_id.ToHex()));
  for (const node::RecordView& view : answer.records) {
    EXPECT_THAT(view.envelope.sections(), SizeIs(1)) << "the identity comes whatever the mask says, and no more";
    EXPECT_THAT(view.envelope.signature(), IsEmpty());
  }
}

TEST_F(BatchResolveTest, AHiddenAncestorLooksAbsent) {
  // The model is on another node only: for the recycler it is not there.
  const Draft item = MakeDraft(passport::v1::GRANULARITY_ITEM, "S1", RecordId::Make(random_));
  ASSERT_NO_FATAL_FAILURE(Publish({item}));
  const node::ResolvedBatch answer = Resolve(*maker_node_, {absl::StrCat(kGtin, "/S1")});
  EXPECT_THAT(AllOf(answer), ElementsAre(item.record_id.ToHex()));
  // Whoever follows nothing is told the same of what is there and of what is not.
  const node::ResolvedBatch hidden =
      Resolve(*recycler_node_, {item.record_id.ToHex(), RecordId::Make(random_).ToHex()});
  EXPECT_EQ(hidden.answers[0].status, hidden.answers[1].status);
  EXPECT_THAT(hidden.records, IsEmpty());
}

TEST_F(BatchResolveTest, TakesSoManyIdentifiersAndNoMore) {
  std::vector<std::string> identifiers(node::kBatchIdentifiersMax, kGtin);
  EXPECT_THAT(Resolve(*maker_node_, identifiers).answers, SizeIs(node::kBatchIdentifiersMax));
  identifiers.emplace_back(kGtin);
  const node::Query& query = maker_node_->query();
  EXPECT_THAT(query.BatchResolve(maker_node_->Client(), Questions(identifiers), {}).status(),
              testing::HasReason("BATCH_COUNT"));
  EXPECT_THAT(query.BatchResolve(maker_node_->Client(), {}, {}).status(), testing::HasReason("BATCH_COUNT"));
}

TEST_F(BatchResolveTest, EndsBeforeTheAnswerGrowsTooLargeAndGoesOnFromThere) {
  std::vector<std::string> identifiers;
  for (int i = 0; i < 8; ++i) {
    Draft item = MakeDraft(passport::v1::GRANULARITY_ITEM, absl::StrCat("S", i));
    item.more = {LargePart()};
    ASSERT_NO_FATAL_FAILURE(Publish({item}));
    identifiers.push_back(absl::StrCat(kGtin, "/S", i));
  }
  const size_t fit = node::kPageBytesMax / kLargePart;
  std::vector<size_t> sizes;
  std::set<std::string> ids;
  for (size_t done = 0; done < identifiers.size();) {
    const node::ResolvedBatch answer =
        Resolve(*maker_node_, {identifiers.begin() + static_cast<std::ptrdiff_t>(done), identifiers.end()});
    ASSERT_THAT(answer.answers, ::testing::Not(IsEmpty()));
    sizes.push_back(answer.answers.size());
    ids.merge(AllOf(answer));
    done += answer.answers.size();
  }
  EXPECT_THAT(sizes, ElementsAre(fit, fit, identifiers.size() - 2 * fit));
  EXPECT_THAT(ids, SizeIs(identifiers.size()));
  // Without the large part they all fit.
  const node::ReadMask identity{true, true, true, {record::v1::SECTION_TYPE_IDENTITY}};
  EXPECT_THAT(Resolve(*maker_node_, identifiers, identity).answers, SizeIs(identifiers.size()));
}

TEST_F(BatchResolveTest, WhatIsTooLargeAloneHasItsOwnReasonAndSpoilsNothing) {
  Draft model = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  model.more = {LargePart()};
  ASSERT_NO_FATAL_FAILURE(Publish({model}));
  for (int i = 0; i < 3; ++i) {
    Draft item = MakeDraft(passport::v1::GRANULARITY_ITEM, "S1", model.record_id);
    item.more = {LargePart()};
    ASSERT_NO_FATAL_FAILURE(Publish({item}));
  }
  const std::string items = absl::StrCat(kGtin, "/S1");
  const node::ResolvedBatch answer = Resolve(*maker_node_, {items, kGtin, items});
  ASSERT_THAT(answer.answers, SizeIs(2)) << "the third is for the next call";
  EXPECT_THAT(answer.answers[0].status, testing::HasReason("MESSAGE_SIZE"));
  EXPECT_THAT(NamedBy(answer, 1), ElementsAre(model.record_id.ToHex()));
}

// Found: an unknown serial number was answered with the model's record without a word.
TEST_F(BatchResolveTest, SaysWhichSerialNumberOrLotHasNoRecordOfItsOwn) {
  const Draft model = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  const Draft item = MakeDraft(passport::v1::GRANULARITY_ITEM, "S1", model.record_id);
  ASSERT_NO_FATAL_FAILURE(Publish({model, item}));
  const std::string link = absl::StrCat("https://id.example.jp/01/", kGtin, "/10/L9");
  const node::ResolvedBatch answer =
      Resolve(*maker_node_, {absl::StrCat(kGtin, "/S1"), absl::StrCat(kGtin, "/S2"), kGtin, link});
  EXPECT_EQ(answer.answers[0].missing_serial, "");
  EXPECT_EQ(answer.answers[1].missing_serial, "S2");
  EXPECT_THAT(NamedBy(answer, 1), ElementsAre(model.record_id.ToHex()));
  EXPECT_EQ(answer.answers[2].missing_serial, "");
  EXPECT_EQ(answer.answers[3].missing_lot, "L9");
}

// Found: model numbers, all that a plate of an older machine shows, led nowhere.
TEST_F(BatchResolveTest, FindsByTheModelNumberOnThePlate) {
  Draft model = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  model.identity->set_model_number("NA-LX129C");
  // Its items do not repeat the model number: one has its GTIN, the other names it as its parent.
  Draft by_gtin = MakeDraft(passport::v1::GRANULARITY_ITEM, "S1");
  Draft by_parent = MakeDraft(passport::v1::GRANULARITY_ITEM, "S2", model.record_id);
  Draft by_number = MakeDraft(passport::v1::GRANULARITY_ITEM, "S3");
  by_number.identity->clear_gtin();
  by_number.identity->set_model_number("NA-LX129C");
  ASSERT_NO_FATAL_FAILURE(Publish({model, by_gtin, by_parent, by_number}));
  EXPECT_THAT(NamedBy(Look({.identifier = "na-lx129c"}), 0), ElementsAre(model.record_id.ToHex()));
  EXPECT_THAT(NamedBy(Look({.identifier = "ＮＡ－ＬＸ１２９Ｃ"}), 0), ElementsAre(model.record_id.ToHex()));
  EXPECT_THAT(NamedBy(Look({.identifier = "NA-LX129C", .serial = "S1"}), 0), ElementsAre(by_gtin.record_id.ToHex()));
  EXPECT_THAT(NamedBy(Look({.identifier = "NA-LX129C", .serial = "S2"}), 0), ElementsAre(by_parent.record_id.ToHex()));
  EXPECT_THAT(NamedBy(Look({.identifier = "NA-LX129C", .serial = "S3"}), 0), ElementsAre(by_number.record_id.ToHex()));
  const node::ResolvedBatch unknown = Look({.identifier = "NA-LX129C", .serial = "S4"});
  EXPECT_THAT(NamedBy(unknown, 0), ElementsAre(model.record_id.ToHex()));
  EXPECT_EQ(unknown.answers[0].missing_serial, "S4");
  EXPECT_THAT(Look({.identifier = "NA-LX129"}).answers[0].status, testing::HasReason("RECORD_NOT_FOUND"));
}

TEST_F(BatchResolveTest, FindsByThePartNumberOnThePlate) {
  Draft model = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  passport::v1::Identifier* part = model.identity->add_identifiers();
  part->set_scheme(passport::v1::IDENTIFIER_SCHEME_MANUFACTURER_PART_NUMBER);
  part->set_value("8-700-1");
  ASSERT_NO_FATAL_FAILURE(Publish({model}));
  EXPECT_THAT(NamedBy(Look({.identifier = "8-700-1"}), 0), ElementsAre(model.record_id.ToHex()));
}

TEST_F(BatchResolveTest, AModelNumberThatSeveralMakersUseIsNotGuessed) {
  Draft ours = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  ours.identity->set_model_number("WM-1");
  ours.identity->mutable_brand()->set_ja("巡電機");
  Draft theirs = MakeDraft(passport::v1::GRANULARITY_MODEL, "");
  theirs.identity->set_gtin("04912345100993");
  theirs.identity->set_model_number("WM-1");
  theirs.identity->set_manufacturer_id("9999:other");
  ASSERT_NO_FATAL_FAILURE(Publish({ours, theirs}));
  const node::ResolvedBatch both = Look({.identifier = "WM-1", .serial = "S1"});
  EXPECT_THAT(both.answers[0].status, testing::HasReason("AMBIGUOUS_MODEL"));
  EXPECT_THAT(NamedBy(both, 0), ::testing::UnorderedElementsAre(ours.record_id.ToHex(), theirs.record_id.ToHex()));
  EXPECT_THAT(NamedBy(Look({.identifier = "WM-1", .maker = "巡電機"}), 0), ElementsAre(ours.record_id.ToHex()));
  EXPECT_THAT(NamedBy(Look({.identifier = "WM-1", .maker = "9999:other"}), 0), ElementsAre(theirs.record_id.ToHex()));
  EXPECT_THAT(Look({.identifier = "WM-1", .maker = "9999:maker"}).answers[0].status,
              testing::HasReason("AMBIGUOUS_MODEL"))
      << "both are published by it";
  EXPECT_THAT(Look({.identifier = "WM-1", .maker = "nobody"}).answers[0].status,
              testing::HasReason("RECORD_NOT_FOUND"));
}

TEST_F(BatchResolveTest, AnItemIsNotTakenForTheModelWhoseNumberItBears) {
  Draft item = MakeDraft(passport::v1::GRANULARITY_ITEM, "S1");
  item.identity->set_model_number("WM-1");
  ASSERT_NO_FATAL_FAILURE(Publish({item}));
  for (const char* serial : {"", "S2"}) {
    const node::ResolvedBatch answer = Look({.identifier = "WM-1", .serial = serial});
    EXPECT_THAT(answer.answers[0].status, testing::HasReason("AMBIGUOUS_MODEL"));
    EXPECT_THAT(NamedBy(answer, 0), ElementsAre(item.record_id.ToHex()));
  }
}

}  // namespace
}  // namespace meguri::scenarios
