// SPDX-License-Identifier: Apache-2.0
#include "node/publish/named_records.h"

#include <future>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "node/publish/limits.h"
#include "tests/testing/status.h"
#include "tests/unit/client/record_files.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using client::VersionDraft;
using meguri::testing::HasReason;
using meguri::testing::IsOk;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Gate;
using ::testing::IsEmpty;
using testing::kMaker;
using testing::kOther;
using testing::Participant;
using testing::PublishingNode;
using testing::ValueOf;
using Outcome = absl::StatusOr<Published>;

constexpr char kGtin[] = "04912345100108";
constexpr char kParentField[] = "publications[0].sections.identity.parent_record_id";

std::vector<std::string> Lines(const std::vector<Violation>& violations) {
  std::vector<std::string> lines;
  for (const Violation& violation : violations) {
    if (violation.reason != "SECTION_RECOMMENDED") {
      lines.push_back(absl::StrCat(violation.field, " ", violation.reason));
    }
  }
  return lines;
}
std::vector<std::string> LinesOf(const Outcome& outcome) {
  return outcome.ok() ? Lines(outcome->warnings) : Lines(ViolationsOf(outcome.status()));
}

class NamedRecordsTest : public ::testing::Test {
 protected:
  static passport::v1::Identity Identity(passport::v1::Granularity granularity, const std::string& group) {
    passport::v1::Identity identity;
    identity.mutable_name()->set_ja("製品");
    identity.set_product_group(group);
    identity.set_granularity(granularity);
    identity.set_gtin(kGtin);
    identity.mutable_mass_kg()->set_value("10");
    if (granularity == passport::v1::GRANULARITY_ITEM) {
      identity.set_serial("S1");
      identity.set_product_status(passport::v1::PRODUCT_STATUS_ORIGINAL);
    } else if (granularity == passport::v1::GRANULARITY_BATCH) {
      identity.set_lot("L1");
    }
    return identity;
  }
  VersionDraft First(std::vector<std::pair<uint32_t, std::string>> sections) {
    passport::RecordDraft content;
    content.record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
    for (auto& [type, payload] : sections) {
      const record::AudienceSet audiences =
          type == record::v1::SECTION_TYPE_IDENTITY
              ? record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC})
              : record::AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS, record::v1::AUDIENCE_AUTHORITIES});
      content.sections.push_back({type, audiences, std::move(payload)});
    }
    return ValueOf(client::FirstVersion(std::move(content), node_.random));
  }
  // A model of an appliance that is made of these.
  VersionDraft Appliance(const std::vector<std::string>& components) {
    passport::v1::BillOfMaterials bill;
    for (const std::string& component : components) {
      passport::v1::BillItem& item = *bill.add_items();
      item.set_line(absl::StrCat(bill.items_size()));
      item.mutable_name()->set_ja("部品");
      item.set_component_record_id(component);
      item.mutable_quantity()->set_value("1");
      item.set_unit(passport::v1::QUANTITY_UNIT_PIECE);
    }
    std::vector<std::pair<uint32_t, std::string>> sections = {
        {record::v1::SECTION_TYPE_IDENTITY,
         Identity(passport::v1::GRANULARITY_MODEL, "washing-machine").SerializeAsString()}};
    if (!components.empty()) {
      sections.emplace_back(record::v1::SECTION_TYPE_BILL_OF_MATERIALS, bill.SerializeAsString());
    }
    return First(std::move(sections));
  }
  // An appliance without a bill, as the child of `parent`.
  VersionDraft Child(passport::v1::Granularity granularity, const std::string& parent, const std::string& mass_kg) {
    passport::v1::Identity identity = Identity(granularity, "washing-machine");
    identity.set_parent_record_id(parent);
    identity.mutable_mass_kg()->set_value(mass_kg);
    return First({{record::v1::SECTION_TYPE_IDENTITY, identity.SerializeAsString()}});
  }
  VersionDraft Weighed(passport::v1::Granularity granularity) {
    passport::v1::Composition composition;
    composition.mutable_mass_kg()->set_value("10");
    passport::v1::CompositionNode& node = *composition.add_nodes();
    node.set_kind(passport::v1::COMPOSITION_NODE_KIND_PART);
    node.mutable_name()->set_ja("本体");
    node.mutable_mass_kg()->set_value("10");
    return First({{record::v1::SECTION_TYPE_IDENTITY, Identity(granularity, "washing-machine").SerializeAsString()},
                  {record::v1::SECTION_TYPE_COMPOSITION, composition.SerializeAsString()}});
  }
  static std::string IdOf(const VersionDraft& draft) { return draft.record_id.ToHex(); }

  Outcome Publish(const std::vector<VersionDraft>& drafts) {
    PublishCall call = node_.Call(node_.Sign(drafts[0]));
    for (size_t i = 1; i < drafts.size(); ++i) {
      call.publications.push_back({node_.Sign(drafts[i]).envelope(), {}, {}, {}});
    }
    return node_.Publish(std::move(call));
  }
  // One piece that is made of these.
  VersionDraft Piece(const std::vector<std::string>& parts, passport::v1::ProductStatus status) {
    VersionDraft piece = Appliance(parts);
    passport::v1::Identity identity = Identity(passport::v1::GRANULARITY_ITEM, "washing-machine");
    identity.set_product_status(status);
    piece.content.sections[0].payload = identity.SerializeAsString();
    return piece;
  }
  // Stores a record of the other member, as following it would.
  void Replicate(const VersionDraft& draft) {
    const record::v1::Publication publication =
        client::testing::Signed(draft, kOther, *node_.other.record_key, node_.random);
    const record::Header header = ValueOf(record::Header::Parse(publication.envelope().header()));
    const absl::Status status = node_.committer->SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
      const storage::Records records(*node_.store);
      storage::v1::StoredRecord stored;
      stored.set_header(header.bytes());
      stored.set_signature(publication.envelope().signature().SerializeAsString());
      const storage::FeedId feed = ValueOf(scope.feeds.FindOrCreate(
          scope.transaction, {Participant(kMaker), {Participant(kOther), record::FeedName::Public(), 1}}));
      const storage::PutVersion version = ValueOf(records.Put(scope.transaction, header, stored));
      uint64_t slots = 0;
      for (const record::v1::Section& section : publication.envelope().sections()) {
        slots |= uint64_t{1} << section.slot();
        if (const auto kept = records.PutSection(scope.transaction, version, section); !kept.ok()) {
          return kept.status();
        }
      }
      return records.PutMembership(scope.transaction, version, {feed, slots, 0});
    });
    ASSERT_TRUE(status.ok()) << status;
  }

  PublishingNode node_;
};

TEST_F(NamedRecordsTest, LetARecordNameWhatIsNotHere) {
  EXPECT_THAT(LinesOf(Publish({Appliance({std::string(32, 'a')})})), IsEmpty());
}

TEST_F(NamedRecordsTest, RefuseARecordThatIsAPartOfItself) {
  VersionDraft self = Appliance({std::string(32, 'a')});
  const std::string id = self.record_id.ToHex();
  passport::v1::BillOfMaterials bill;
  ASSERT_TRUE(bill.ParseFromString(self.content.sections[1].payload));
  bill.mutable_items(0)->set_component_record_id(id);
  self.content.sections[1].payload = bill.SerializeAsString();
  EXPECT_THAT(Publish({self}), HasReason("V7_SELF_REFERENCE"));
}

TEST_F(NamedRecordsTest, RefuseACircleOfTwoAndOfThree) {
  VersionDraft last = Appliance({});
  const VersionDraft second = Appliance({IdOf(last)});
  const VersionDraft first = Appliance({IdOf(second)});
  ASSERT_THAT(Publish({second}), IsOk());
  ASSERT_THAT(Publish({first}), IsOk());
  for (const VersionDraft* start : {&second, &first}) {
    VersionDraft closing = Appliance({IdOf(*start)});
    closing.record_id = last.record_id;
    const Outcome refused = Publish({closing});
    ASSERT_THAT(refused, HasReason("V7_RECORD_CYCLE"));
    const std::vector<Violation> violations = ViolationsOf(refused.status());
    EXPECT_EQ(violations[0].field, "publications[0].sections.bill_of_materials.items[0].component_record_id");
    EXPECT_THAT(violations[0].found, ::testing::StartsWith(absl::StrCat(IdOf(last), " → ", IdOf(*start))));
    EXPECT_FALSE(violations[0].cure.empty());
    EXPECT_FALSE(violations[0].message_ja.empty());
  }
  EXPECT_EQ(node_.RecordCount(), 2U);
  EXPECT_THAT(Publish({last}), IsOk()) << "without the part that closes the circle";
}

TEST_F(NamedRecordsTest, RefuseACircleWithinARequestAndThroughAParent) {
  VersionDraft model = Appliance({std::string(32, 'a')});
  const VersionDraft item = Child(passport::v1::GRANULARITY_ITEM, IdOf(model), "10");
  passport::v1::BillOfMaterials bill;
  ASSERT_TRUE(bill.ParseFromString(model.content.sections[1].payload));
  bill.mutable_items(0)->set_component_record_id(IdOf(item));
  model.content.sections[1].payload = bill.SerializeAsString();
  EXPECT_THAT(LinesOf(Publish({item, model})), Contains(absl::StrCat(kParentField, " V7_RECORD_CYCLE")))
      << "beside the part that it inherits, which is itself";
  EXPECT_THAT(Publish({model, item}), HasReason("V7_RECORD_CYCLE"));
  EXPECT_EQ(node_.RecordCount(), 0U);
}

TEST_F(NamedRecordsTest, FollowReplicas) {
  const VersionDraft part = Appliance({});
  VersionDraft mine = Appliance({IdOf(part)});
  VersionDraft theirs = part;
  theirs.content = Appliance({IdOf(mine)}).content;
  Replicate(theirs);
  EXPECT_THAT(Publish({mine}), HasReason("V7_RECORD_CYCLE"));
}

TEST_F(NamedRecordsTest, WarnOfACircleAmongOthers) {
  const VersionDraft one = Appliance({});
  VersionDraft another = Appliance({IdOf(one)});
  VersionDraft first = one;
  first.content = Appliance({IdOf(another)}).content;
  Replicate(first);
  Replicate(another);
  EXPECT_THAT(LinesOf(Publish({Appliance({IdOf(one)})})),
              ElementsAre("publications[0].sections.bill_of_materials.items[0].component_record_id V7_NOT_FOLLOWED"));
}

TEST_F(NamedRecordsTest, TakeAChainOfTheGreatestDepthAndNoLongerOne) {
  std::vector<VersionDraft> chain = {Appliance({})};
  while (chain.size() < passport::kGraphDepthMax) {
    chain.push_back(Appliance({IdOf(chain.back())}));
  }
  EXPECT_THAT(Publish(chain), IsOk());
  EXPECT_THAT(Publish({Appliance({IdOf(chain.back())})}), HasReason("V7_RECORD_DEPTH"));
}

TEST_F(NamedRecordsTest, WarnOfAPieceThatIsInTwoProducts) {
  const VersionDraft part = Piece({}, passport::v1::PRODUCT_STATUS_ORIGINAL);
  const VersionDraft first = Piece({IdOf(part)}, passport::v1::PRODUCT_STATUS_ORIGINAL);
  const VersionDraft second = Piece({IdOf(part)}, passport::v1::PRODUCT_STATUS_ORIGINAL);
  const auto warning =
      ElementsAre("publications[0].sections.bill_of_materials.items[0].component_record_id V7_PART_ELSEWHERE");
  const record::v1::Publication published = node_.Sign(first);
  ASSERT_THAT(Publish({part}), IsOk());
  const Outcome alone = node_.Publish(node_.Call(published));
  EXPECT_THAT(LinesOf(alone), IsEmpty());
  const Outcome both = Publish({second});
  EXPECT_THAT(LinesOf(both), warning);
  EXPECT_THAT(both->warnings.back().found, ::testing::HasSubstr(IdOf(first)));
  // Once the first is published without it, there is nothing to warn of.
  const VersionDraft without =
      ValueOf(client::NextVersion(Piece({}, passport::v1::PRODUCT_STATUS_ORIGINAL).content,
                                  ValueOf(record::Header::Parse(published.envelope().header()))));
  EXPECT_THAT(LinesOf(Publish({Piece({IdOf(part)}, passport::v1::PRODUCT_STATUS_ORIGINAL), without})), warning)
      << "of the second";
  EXPECT_THAT(LinesOf(Publish({Piece({IdOf(part)}, passport::v1::PRODUCT_STATUS_WASTE)})), IsEmpty());
}

TEST_F(NamedRecordsTest, LetPiecesOfOneModelShareAPartThatIsNoPiece) {
  VersionDraft part = Piece({}, passport::v1::PRODUCT_STATUS_ORIGINAL);
  part.content.sections[0].payload = Identity(passport::v1::GRANULARITY_MODEL, "washing-machine").SerializeAsString();
  ASSERT_THAT(Publish({part}), IsOk());
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(LinesOf(Publish({Piece({IdOf(part)}, passport::v1::PRODUCT_STATUS_ORIGINAL)})), IsEmpty());
  }
}

TEST_F(NamedRecordsTest, WarnOfAPieceThatIsTwiceInOneRequest) {
  const VersionDraft part = Piece({}, passport::v1::PRODUCT_STATUS_ORIGINAL);
  const std::string field = "sections.bill_of_materials.items[0].component_record_id V7_PART_ELSEWHERE";
  EXPECT_THAT(LinesOf(Publish({part, Piece({IdOf(part)}, passport::v1::PRODUCT_STATUS_ORIGINAL),
                               Piece({IdOf(part)}, passport::v1::PRODUCT_STATUS_ORIGINAL)})),
              ElementsAre("publications[1]." + field, "publications[2]." + field));
}

TEST_F(NamedRecordsTest, LookUpNoMoreThanTheLimit) {
  std::vector<std::string> parts;
  parts.reserve(kNamedRecordsMax);
  for (size_t i = 0; i < kNamedRecordsMax; ++i) {
    parts.push_back(absl::StrFormat("%032x", i + 1));
  }
  EXPECT_THAT(LinesOf(Publish({Appliance(parts)})), IsEmpty());
  parts.push_back(std::string(32, 'f'));
  EXPECT_THAT(LinesOf(Publish({Appliance(parts)})),
              ElementsAre("publications[0].sections.bill_of_materials.items[0].component_record_id V7_NOT_FOLLOWED"));
}

TEST_F(NamedRecordsTest, FindTheParentWhereverItIsOnItsWay) {
  const VersionDraft model = Weighed(passport::v1::GRANULARITY_MODEL);
  const VersionDraft item = Child(passport::v1::GRANULARITY_ITEM, IdOf(model), "10");
  EXPECT_THAT(LinesOf(Publish({item, model})), IsEmpty()) << "behind it in the same request";

  const VersionDraft next = Weighed(passport::v1::GRANULARITY_MODEL);
  Gate gate(*node_.committer);
  std::promise<Outcome> first;
  std::promise<Outcome> second;
  node_.publisher->Publish(node_.Call(node_.Sign(next)), [&](Outcome outcome) { first.set_value(std::move(outcome)); });
  node_.publisher->Publish(node_.Call(node_.Sign(Child(passport::v1::GRANULARITY_ITEM, IdOf(next), "10"))),
                           [&](Outcome outcome) { second.set_value(std::move(outcome)); });
  gate.Open();
  EXPECT_THAT(first.get_future().get(), IsOk());
  EXPECT_THAT(LinesOf(second.get_future().get()), IsEmpty()) << "not written yet";
}

TEST_F(NamedRecordsTest, GiveNothingIfTheParentIsNotHere) {
  EXPECT_THAT(LinesOf(Publish({Child(passport::v1::GRANULARITY_ITEM, std::string(32, 'a'), "10")})),
              ElementsAre(absl::StrCat(kParentField, " V4_PARENT_UNKNOWN")));
  const VersionDraft theirs = Weighed(passport::v1::GRANULARITY_MODEL);
  Replicate(theirs);
  EXPECT_THAT(LinesOf(Publish({Child(passport::v1::GRANULARITY_ITEM, IdOf(theirs), "10")})),
              ElementsAre(absl::StrCat(kParentField, " V4_PARENT_UNKNOWN")))
      << "of another publisher";
  // A battery needs more than its identity.
  passport::v1::Identity battery = Identity(passport::v1::GRANULARITY_ITEM, "battery");
  battery.set_parent_record_id(std::string(32, 'a'));
  const Outcome refused = Publish({First({{record::v1::SECTION_TYPE_IDENTITY, battery.SerializeAsString()}})});
  EXPECT_THAT(LinesOf(refused), ElementsAre("publications[0].sections.composition SECTION_MISSING",
                                            "publications[0].sections.recycled_content SECTION_MISSING"));
}

TEST_F(NamedRecordsTest, AreLookedUpInADryRunToo) {
  PublishCall call = node_.Call(node_.Sign(Child(passport::v1::GRANULARITY_ITEM, std::string(32, 'a'), "10")));
  call.validate_only = true;
  EXPECT_THAT(LinesOf(node_.Publish(std::move(call))), ElementsAre(absl::StrCat(kParentField, " V4_PARENT_UNKNOWN")));
  const VersionDraft model = Weighed(passport::v1::GRANULARITY_MODEL);
  ASSERT_THAT(Publish({model}), IsOk());
  call = node_.Call(node_.Sign(Child(passport::v1::GRANULARITY_ITEM, IdOf(model), "20")));
  call.validate_only = true;
  EXPECT_THAT(node_.Publish(std::move(call)), HasReason("V6_MASS_AGREEMENT"));
  EXPECT_EQ(node_.RecordCount(), 1U);
}

TEST_F(NamedRecordsTest, GiveNothingOnceTheParentHasEnded) {
  const VersionDraft model = Weighed(passport::v1::GRANULARITY_MODEL);
  const record::v1::Publication published = node_.Sign(model);
  ASSERT_THAT(node_.Publish(node_.Call(published)), IsOk());
  const VersionDraft item = Child(passport::v1::GRANULARITY_ITEM, IdOf(model), "10");
  record::v1::Tombstone tombstone;
  tombstone.set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN);
  const VersionDraft end =
      ValueOf(client::LastVersion(tombstone, ValueOf(record::Header::Parse(published.envelope().header()))));
  ASSERT_THAT(Publish({end}), IsOk());
  EXPECT_THAT(LinesOf(Publish({item})), ElementsAre(absl::StrCat(kParentField, " V4_PARENT_UNKNOWN")));
}

TEST_F(NamedRecordsTest, WarnOfASuccessorThatIsNotHere) {
  std::vector<record::Header> headers;
  for (int i = 0; i < 3; ++i) {
    const record::v1::Publication published = node_.Sign(Weighed(passport::v1::GRANULARITY_MODEL));
    ASSERT_THAT(node_.Publish(node_.Call(published)), IsOk());
    headers.push_back(ValueOf(record::Header::Parse(published.envelope().header())));
  }
  record::v1::Tombstone tombstone;
  tombstone.set_reason(record::v1::TOMBSTONE_REASON_SUPERSEDED);
  tombstone.set_successor_record_id(std::string(16, '\xde'));
  EXPECT_THAT(LinesOf(Publish({ValueOf(client::LastVersion(tombstone, headers[0]))})),
              ElementsAre("publications[0].envelope.header.tombstone.successor_record_id SUCCESSOR_UNKNOWN"));
  tombstone.set_successor_record_id(headers[2].record_id().ToString());
  EXPECT_THAT(LinesOf(Publish({ValueOf(client::LastVersion(tombstone, headers[1]))})), IsEmpty());
}

TEST_F(NamedRecordsTest, JudgeAnItemByWhatItInheritsFromItsModel) {
  const VersionDraft model = Weighed(passport::v1::GRANULARITY_MODEL);
  ASSERT_THAT(Publish({model}), IsOk());
  EXPECT_THAT(LinesOf(Publish({Child(passport::v1::GRANULARITY_ITEM, IdOf(model), "20")})),
              ElementsAre("publications[0].sections.composition.mass_kg V6_MASS_AGREEMENT"));
  EXPECT_THAT(LinesOf(Publish({Child(passport::v1::GRANULARITY_ITEM, IdOf(model), "10")})), IsEmpty());
  EXPECT_THAT(LinesOf(Publish({Child(passport::v1::GRANULARITY_BATCH, IdOf(model), "2000")})), IsEmpty())
      << "the mass of a batch is that of the lot";
  VersionDraft model_of_model = Child(passport::v1::GRANULARITY_MODEL, IdOf(model), "10");
  EXPECT_THAT(Publish({model_of_model}), HasReason("V4_PARENT"));
}

TEST_F(NamedRecordsTest, JudgeAnItemByWhatItsBatchInheritsFromTheModel) {
  passport::v1::Identity identity = Identity(passport::v1::GRANULARITY_MODEL, "battery");
  const VersionDraft weighed = Weighed(passport::v1::GRANULARITY_MODEL);
  passport::v1::RecycledContent content;
  passport::v1::RecycledContentClaim& claim = *content.add_claims();
  claim.set_scope(passport::v1::CLAIM_SCOPE_PRODUCT);
  claim.mutable_total_mass_kg()->set_value("10");
  claim.mutable_post_consumer_mass_kg()->set_value("1");
  claim.set_method(passport::v1::RECYCLING_METHOD_MECHANICAL);
  claim.set_chain_of_custody_model(passport::v1::CHAIN_OF_CUSTODY_MODEL_SEGREGATED);
  claim.mutable_reporting_basis()->set_plant("Sakai");
  claim.mutable_reporting_basis()->set_year(2026);
  VersionDraft model = First({{record::v1::SECTION_TYPE_IDENTITY, identity.SerializeAsString()},
                              {record::v1::SECTION_TYPE_COMPOSITION, weighed.content.sections[1].payload},
                              {record::v1::SECTION_TYPE_RECYCLED_CONTENT, content.SerializeAsString()}});
  model.content.sections[2].audiences = record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC});
  identity = Identity(passport::v1::GRANULARITY_BATCH, "battery");
  identity.set_parent_record_id(IdOf(model));
  const VersionDraft batch = First({{record::v1::SECTION_TYPE_IDENTITY, identity.SerializeAsString()}});
  identity = Identity(passport::v1::GRANULARITY_ITEM, "battery");
  identity.set_parent_record_id(IdOf(batch));
  const VersionDraft item = First({{record::v1::SECTION_TYPE_IDENTITY, identity.SerializeAsString()}});
  EXPECT_THAT(LinesOf(Publish({item, batch, model})), IsEmpty());
  identity.set_serial("S2");
  const VersionDraft orphan = First({{record::v1::SECTION_TYPE_IDENTITY, identity.SerializeAsString()}});
  EXPECT_THAT(LinesOf(Publish({orphan})), IsEmpty()) << "all are stored now";
}

}  // namespace
}  // namespace meguri::node
