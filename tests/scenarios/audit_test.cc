// SPDX-License-Identifier: Apache-2.0
// What an answer discloses, and to whom: what the audit feed has rows for.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/owner_note.pb.h"
#include "node/policy/decision.h"
#include "record/header.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using record::AudienceSet;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kRecyclers[] = "recyclers/washing-machine";
const node::ReadMask kEverything;

std::string CompositionOf(const std::string& name) {
  passport::v1::Composition composition;
  passport::v1::CompositionNode* material = composition.add_nodes();
  material->set_kind(passport::v1::COMPOSITION_NODE_KIND_MATERIAL);
  material->mutable_name()->set_ja(name);
  material->mutable_mass_fraction()->set_value("1");
  return composition.SerializeAsString();
}

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    registry::v1::MemberEntry entry = recycler_.Entry();
    *entry.add_roles() = certs::testing::RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"washing-machine"});
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(), ValueOf(certs::Registry::Make(operator_.Bundle(), {maker_.Entry(), entry})));
    maker_node_ = std::make_unique<LoopbackNode>(maker_, *registry_, LoopbackNode::Disk{*maker_store_, *maker_anchor_},
                                                 peers_, clock_, 1);
    recycler_node_ = std::make_unique<LoopbackNode>(
        recycler_, *registry_, LoopbackNode::Disk{*recycler_store_, *recycler_anchor_}, peers_, clock_, 2);
    passport::v1::OwnerNote note;
    note.set_note("社内");
    const Draft draft{id_,
                      "Drum",
                      {{record::v1::SECTION_TYPE_COMPOSITION, AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS}),
                        CompositionOf("樹脂")},
                       {record::v1::SECTION_TYPE_OWNER_NOTE, AudienceSet::Of({record::v1::AUDIENCE_OWNER}),
                        note.SerializeAsString()}}};
    const absl::Status published =
        maker_node_->Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status();
    Invariant(published.ok(), published.ToString());
  }

  // The recycler's node at the maker's.
  node::QueryReader Recycler() const {
    return {node::ReaderOf(*registry_->Get(), certs::testing::Participant(recycler_.id), false), false};
  }
  // Somebody who is no member, or of whom the registry is too old to tell.
  static node::QueryReader Stranger() { return {}; }

  std::vector<node::Disclosure> Disclosed(const LoopbackNode& node, const node::QueryReader& reader,
                                          const node::ReadMask& mask = kEverything) {
    return ValueOf(node.query().Get(reader, id_, "", 0, mask)).disclosed;
  }

  testing::FakeClock clock_{certs::testing::Now()};
  testing::SeededRandom random_{20'267};
  const record::RecordId id_ = record::RecordId::Make(random_);
  const certs::testing::Operator operator_;
  certs::testing::Member maker_{"0199:maker"};
  certs::testing::Member recycler_{"0199:recycler"};
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  std::unique_ptr<storage::OrderedStore> maker_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::Anchor> maker_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::OrderedStore> recycler_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::Anchor> recycler_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<LoopbackNode> maker_node_;
  std::unique_ptr<LoopbackNode> recycler_node_;
};

TEST_F(AuditTest, NamesWhatIsNotForEveryoneAndTheRuleThatOpensIt) {
  const node::RecordView view = ValueOf(maker_node_->query().Get(Recycler(), id_, "", 0, kEverything));
  EXPECT_EQ(view.envelope.sections_size(), 2) << "the public identity, and the composition";
  ASSERT_EQ(view.disclosed.size(), 1U);
  const node::Disclosure& disclosed = view.disclosed[0];
  EXPECT_EQ(disclosed.rule, "allow-recycler-of-group");
  EXPECT_EQ(disclosed.publisher.text(), maker_.id);
  EXPECT_EQ(disclosed.record_id, id_);
  EXPECT_EQ(disclosed.version, 1U);
  EXPECT_THAT(disclosed.types, ElementsAre(record::v1::SECTION_TYPE_COMPOSITION));
  EXPECT_GT(disclosed.bytes, CompositionOf("樹脂").size());
}

TEST_F(AuditTest, NamesNothingThatIsPublicAndNothingToThePublisherItself) {
  EXPECT_THAT(Disclosed(*maker_node_, Stranger()), IsEmpty());
  EXPECT_THAT(Disclosed(*maker_node_, maker_node_->Client()), IsEmpty());
  node::ReadMask identity_alone;
  identity_alone.section_types = {record::v1::SECTION_TYPE_IDENTITY};
  EXPECT_THAT(Disclosed(*maker_node_, Recycler(), identity_alone), IsEmpty()) << "what is not sent is not disclosed";
  EXPECT_THAT(Disclosed(*maker_node_, Recycler(), {true, true, false, {}}), IsEmpty()) << "nor is a public header";
}

TEST_F(AuditTest, NamesWhatAPageAndAHistoryShow) {
  const node::ListPage page = ValueOf(maker_node_->query().List(Recycler(), {"", "", 10, "", {}}));
  ASSERT_EQ(page.records.size(), 1U);
  EXPECT_EQ(page.records[0].disclosed.size(), 1U);
  const node::HistoryPage history = ValueOf(maker_node_->query().History(Recycler(), {id_, "", 10, ""}));
  EXPECT_THAT(history.versions.at(0).disclosed, IsEmpty()) << "the record is public, and a history has no sections";
}

TEST_F(AuditTest, NamesWhatAMembersClientReadsOfACopy) {
  MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {kRecyclers}));
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, kRecyclers, 1));
  const std::vector<node::Disclosure> disclosed = Disclosed(*recycler_node_, recycler_node_->Client());
  ASSERT_EQ(disclosed.size(), 1U);
  EXPECT_EQ(disclosed[0].rule, node::kRuleOfCopies);
  EXPECT_EQ(disclosed[0].publisher.text(), maker_.id);
  EXPECT_THAT(disclosed[0].types, ElementsAre(record::v1::SECTION_TYPE_COMPOSITION));
}

TEST_F(AuditTest, NamesTheFeedThatAProofShows) {
  const auto proven = ValueOf(maker_node_->prover().Prove(Recycler(), id_, "", 0, 0));
  ASSERT_EQ(proven.proofs.size(), 1U);
  ASSERT_EQ(proven.disclosed.size(), 1U);
  EXPECT_EQ(proven.disclosed[0].feed, kRecyclers);
  EXPECT_THAT(proven.disclosed[0].types, IsEmpty());
  EXPECT_NE(proven.disclosed[0].slots, 0U);
  EXPECT_THAT(ValueOf(maker_node_->prover().Prove(maker_node_->Client(), id_, "", 0, 0)).disclosed, IsEmpty());
  EXPECT_THAT(ValueOf(maker_node_->prover().Prove(Stranger(), id_, "", 0, 0)).disclosed, IsEmpty());
}

// A record that hides even that it is there: its header says so already.
TEST_F(AuditTest, NamesTheHeaderOfARecordThatIsNotPublicAtAll) {
  const record::RecordId enquiry_id = record::RecordId::Make(random_);
  passport::v1::Enquiry enquiry;
  enquiry.set_seller_id(recycler_.id);
  enquiry.set_need("product_group = \"plastic-lot\"");
  enquiry.mutable_wanted_mass_kg()->set_value("5000");
  enquiry.set_delivery_region("11");
  enquiry.mutable_contact()->mutable_name()->set_ja("購買部");
  enquiry.mutable_contact()->set_email("kobai@maker.example");
  enquiry.set_valid_until("2026-12-31");
  const Draft draft{enquiry_id,
                    "",
                    {{record::v1::SECTION_TYPE_ENQUIRY, AudienceSet::Of({record::v1::AUDIENCE_ADDRESSEES}),
                      enquiry.SerializeAsString()}},
                    absl::nullopt,
                    record::v1::RECORD_TYPE_ENQUIRY,
                    {recycler_.id}};
  MEGURI_ASSERT_OK(maker_node_->Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status());
  const node::RecordView whole = ValueOf(maker_node_->query().Get(Recycler(), enquiry_id, "", 0, kEverything));
  ASSERT_EQ(whole.disclosed.size(), 1U);
  EXPECT_EQ(whole.disclosed[0].rule, "allow-addressee");
  EXPECT_NE(whole.disclosed[0].slots, 0U);
  const node::HistoryPage history = ValueOf(maker_node_->query().History(Recycler(), {enquiry_id, "", 10, ""}));
  ASSERT_EQ(history.versions.at(0).disclosed.size(), 1U);
  EXPECT_EQ(history.versions[0].disclosed[0].slots, 0U);
  EXPECT_EQ(history.versions[0].disclosed[0].rule, "allow-addressee");
}

}  // namespace
}  // namespace meguri::scenarios
