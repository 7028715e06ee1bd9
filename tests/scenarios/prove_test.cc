// SPDX-License-Identifier: Apache-2.0
// Proofs that feeds name a record, checked as somebody checks them who has the publisher's feed key and nothing else.
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/owner_note.pb.h"
#include "node/follow/limits.h"
#include "record/feed_proof.h"
#include "record/header.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using meguri::testing::HasReason;
using record::AudienceSet;

constexpr uint64_t kRecords = 40;
constexpr uint64_t kSeed = 20'266;
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

std::string NoteOf(const std::string& text) {
  passport::v1::OwnerNote note;
  note.set_note(text);
  return note.SerializeAsString();
}

class ProveTest : public ::testing::Test {
 protected:
  ProveTest() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    registry::v1::MemberEntry entry = recycler_.Entry();
    *entry.add_roles() = certs::testing::RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"washing-machine"});
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(), ValueOf(certs::Registry::Make(operator_.Bundle(), {maker_.Entry(), entry})));
    maker_node_ = std::make_unique<LoopbackNode>(maker_, *registry_, LoopbackNode::Disk{*maker_store_, *maker_anchor_},
                                                 peers_, clock_, 1);
  }

  void StartRecycler(const node::FollowQuota& quota = LoopbackNode::WideQuota()) {
    recycler_node_ = std::make_unique<LoopbackNode>(
        recycler_, *registry_, LoopbackNode::Disk{*recycler_store_, *recycler_anchor_}, peers_, clock_, 2, quota);
  }

  // Records with a note that nobody else may read, and a composition for this or that audience.
  void Publish(uint64_t count) {
    const AudienceSet owner = AudienceSet::Of({record::v1::AUDIENCE_OWNER});
    const AudienceSet audiences[] = {
        owner, AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS}),
        AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS, record::v1::AUDIENCE_AUTHORITIES})};
    for (uint64_t i = 0; i < count; ++i) {
      const Draft draft{
          record::RecordId::Make(random_),
          absl::StrCat("Pack ", i),
          {{record::v1::SECTION_TYPE_COMPOSITION, audiences[random_.Below(3)], CompositionOf(absl::StrCat("樹脂", i))},
           {record::v1::SECTION_TYPE_OWNER_NOTE, owner, NoteOf("社内")}}};
      MEGURI_ASSERT_OK(maker_node_->Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status());
      ids_.push_back(draft.record_id);
    }
  }

  // What a reader is given proves every section that it sees, and no feed is named twice or for nothing.
  void ExpectProven(const LoopbackNode& node, const node::QueryReader& reader, const record::RecordId& record_id) {
    const node::RecordView view = ValueOf(node.query().Get(reader, record_id, "", 0, kEverything));
    const record::Header header = ValueOf(record::Header::Parse(view.envelope.header()));
    const auto proofs = ValueOf(node.prover().Prove(reader, record_id, "", 0, 0)).proofs;
    ASSERT_FALSE(proofs.empty());
    std::set<std::string> feeds;
    uint64_t opened = 0;
    for (const record::v1::FeedProof& proof : proofs) {
      const auto proven =
          record::VerifyFeedProof(proof, certs::testing::kFederation, header, {maker_.feed_key->public_key()});
      MEGURI_ASSERT_OK(proven.status());
      EXPECT_TRUE(feeds.insert(proven->feed.name.text()).second);
      EXPECT_TRUE(feeds.size() == 1 || (proven->slots & ~opened) != 0) << proven->feed.name.text();
      opened |= proven->slots;
    }
    for (const std::string& bytes : view.envelope.sections()) {
      record::v1::Section section;
      ASSERT_TRUE(section.ParseFromString(bytes));
      EXPECT_NE(opened >> section.slot() & 1, 0U) << "slot " << section.slot();
    }
  }

  node::QueryReader AsNode(const certs::testing::Member& member) const {
    return {node::ReaderOf(*registry_->Get(), certs::testing::Participant(member.id), false), false};
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{kSeed};
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member recycler_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  const std::unique_ptr<storage::OrderedStore> maker_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::OrderedStore> recycler_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> maker_anchor_ = storage::MakeMemoryAnchor();
  const std::unique_ptr<storage::Anchor> recycler_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<LoopbackNode> maker_node_;
  std::unique_ptr<LoopbackNode> recycler_node_;
  std::vector<record::RecordId> ids_;
};

TEST_F(ProveTest, EveryReaderGetsProofOfEverySectionThatItSees) {
  StartRecycler();
  Publish(kRecords);
  MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {"public", kRecyclers}));
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, "public", kRecords));
  ASSERT_TRUE(recycler_node_->RunFollowsUntil([&] {
    const node::FollowStatus status = recycler_node_->StatusOf(*maker_node_, kRecyclers);
    return status.target_size > 0 && status.size == status.target_size;
  }));
  for (const record::RecordId& id : ids_) {
    SCOPED_TRACE(id.ToHex());
    ExpectProven(*maker_node_, maker_node_->Client(), id);
    ExpectProven(*maker_node_, AsNode(recycler_), id);
    ExpectProven(*recycler_node_, recycler_node_->Client(), id);
  }
}

TEST_F(ProveTest, WhatAReaderDoesNotSeeIsNotProven) {
  StartRecycler();
  Publish(1);
  MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {"public"}));
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, "public", 1));
  const auto prove = [&](const LoopbackNode& node, const node::QueryReader& reader, const record::RecordId& id,
                         uint64_t version) { return node.prover().Prove(reader, id, "", version, 0).status(); };
  // A replica is nothing to a peer, and what is hidden looks like what is not there.
  EXPECT_THAT(prove(*recycler_node_, AsNode(maker_), ids_.front(), 0), HasReason("RECORD_NOT_FOUND"));
  EXPECT_THAT(prove(*maker_node_, maker_node_->Client(), record::RecordId::Make(random_), 0),
              HasReason("RECORD_NOT_FOUND"));
  EXPECT_THAT(prove(*maker_node_, maker_node_->Client(), ids_.front(), 2), HasReason("RECORD_NOT_FOUND"));
  // Who follows the public feed alone is told of no other.
  const auto proven = ValueOf(recycler_node_->prover().Prove(recycler_node_->Client(), ids_.front(), "", 0, 0));
  for (const auto& proof : proven.proofs) {
    EXPECT_EQ(proof.feed(), "public");
  }
}

TEST_F(ProveTest, ACopyThatIsBehindItsNewestHeadSaysSo) {
  constexpr uint64_t kHeld = node::kBatchEntriesMax;  // a quota is met batch by batch
  StartRecycler({kHeld, LoopbackNode::kBytesMax});
  Publish(kHeld + 1);
  MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {"public"}));
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, "public", kHeld));
  MEGURI_ASSERT_OK(recycler_node_->query().Get(recycler_node_->Client(), ids_.front(), "", 0, kEverything).status());
  EXPECT_THAT(recycler_node_->prover().Prove(recycler_node_->Client(), ids_.front(), "", 0, 0).status(),
              HasReason("COPY_BEHIND"));
}

// What was proven once stays proven while the feed goes on without this copy.
TEST_F(ProveTest, ACopyThatStandsStillProvesWhatItHasProvenBefore) {
  constexpr uint64_t kHeld = 2 * node::kBatchEntriesMax;
  StartRecycler({kHeld, LoopbackNode::kBytesMax});
  MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {"public"}));
  Publish(3);
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, "public", 3));
  recycler_node_.reset();
  Publish(kHeld);
  StartRecycler({kHeld, LoopbackNode::kBytesMax});
  ASSERT_TRUE(recycler_node_->RunFollowsUntil(
      [&] { return recycler_node_->StatusOf(*maker_node_, "public").state == node::FollowState::kOverQuota; }));
  ExpectProven(*recycler_node_, recycler_node_->Client(), ids_.front());
}

// A part that everybody may read is proven by the feed that everybody may follow, whoever hands it on.
TEST_F(ProveTest, WhatIsPublicIsProvenByThePublicFeed) {
  Publish(10);
  for (const record::RecordId& id : ids_) {
    const node::RecordView view = ValueOf(maker_node_->query().Get(maker_node_->Client(), id, "", 0, kEverything));
    uint64_t open_to_all = 0;
    for (const std::string& bytes : view.envelope.sections()) {
      record::v1::Section section;
      ASSERT_TRUE(section.ParseFromString(bytes));
      open_to_all |= section.type() == record::v1::SECTION_TYPE_IDENTITY ? uint64_t{1} << section.slot() : 0;
    }
    const auto proofs = ValueOf(maker_node_->prover().Prove(maker_node_->Client(), id, "", 0, open_to_all)).proofs;
    ASSERT_EQ(proofs.size(), 1U);
    EXPECT_EQ(proofs[0].feed(), "public");
    EXPECT_EQ(ValueOf(record::FeedEntry::Parse(proofs[0].entry())).slots, open_to_all);
  }
}

}  // namespace
}  // namespace meguri::scenarios
