// SPDX-License-Identifier: Apache-2.0
// What witnesses saw of a record keeps it valid when its key has ended: in files that anybody with a copy makes, and in
// what a reader is told.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "certs/record_file.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/composition.pb.h"
#include "node/query/dated_heads.h"
#include "record/cosignature.h"
#include "record/heads.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "storage/openings.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::scenarios {
namespace {

using certs::Verdict;
using certs::testing::ValueOf;
using meguri::testing::HasReason;

constexpr char kPublic[] = "public";
constexpr char kRecyclers[] = "recyclers/washing-machine";
constexpr char kHeads[] = "heads";
constexpr size_t kWitnesses = 4;

class DatedProofTest : public ::testing::Test {
 protected:
  DatedProofTest() {
    maker_.id = "9999:maker";
    city_.id = "9999:city";
    registry::v1::TrustBundle message = operator_.BundleMessage();
    for (size_t i = 0; i < kWitnesses; ++i) {
      witness_keys_[i] = certs::testing::NewKey();
      message.add_witnesses(WitnessId(i));
      *message.add_witness_keys() = certs::testing::KeyMessage(*witness_keys_[i], registry::v1::KEY_PURPOSE_FEED);
    }
    message.set_witness_quorum(3);
    entry_ = maker_.Entry();
    entry_.mutable_keys(0)->set_revoked_ms(static_cast<uint64_t>(absl::ToUnixMillis(revoked_)));
    const certs::TrustBundle bundle =
        ValueOf(certs::TrustBundle::Open(ValueOf(certs::SignTrustBundle(message, operator_.Signers())), clock_.Now()));
    registry::v1::MemberEntry city = city_.Entry();
    *city.add_roles() = certs::testing::RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"washing-machine"});
    registry_ = std::make_unique<FixedRegistry>(bundle, ValueOf(certs::Registry::Make(bundle, {entry_, city})));
    maker_node_ = std::make_unique<LoopbackNode>(maker_, *registry_, LoopbackNode::Disk{*maker_store_, *maker_anchor_},
                                                 peers_, clock_, 1);
    city_node_ = std::make_unique<LoopbackNode>(city_, *registry_, LoopbackNode::Disk{*city_store_, *city_anchor_},
                                                peers_, clock_, 2);
    const absl::Status followed = city_node_->Follow(*maker_node_, {kPublic});
    Invariant(followed.ok(), followed.ToString());
  }
  static std::string WitnessId(size_t i) { return absl::StrCat("9999:w", i); }

  record::RecordId Publish() {
    const Draft draft{record::RecordId::Make(random_), absl::StrCat("Pack ", ++size_), {}};
    const absl::Status published =
        maker_node_->Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status();
    Invariant(published.ok(), published.ToString());
    Invariant(city_node_->CatchUp(*maker_node_, kPublic, size_), "the city has it");
    return draft.record_id;
  }
  // The same with a section that recyclers may read, and others may not.
  record::RecordId PublishToRecyclers() {
    passport::v1::Composition composition;
    passport::v1::CompositionNode* material = composition.add_nodes();
    material->set_kind(passport::v1::COMPOSITION_NODE_KIND_MATERIAL);
    material->mutable_name()->set_ja("樹脂");
    material->mutable_mass_fraction()->set_value("1");
    Draft draft{record::RecordId::Make(random_), "Pack for recyclers", {}};
    draft.more.push_back({record::v1::SECTION_TYPE_COMPOSITION,
                          record::AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS}), composition.SerializeAsString()});
    const absl::Status published =
        maker_node_->Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status();
    Invariant(published.ok(), published.ToString());
    return draft.record_id;
  }
  // All but one of the witnesses see the feed as it is now, and the city's node and the maker's hear of it.
  absl::Time Cosign(size_t witnesses = 3, const std::string& name_of_feed = kPublic) {
    const int64_t now_s = absl::ToUnixSeconds(clock_.Now());
    const record::FeedKey feed{maker_node_->id(), ValueOf(record::FeedName::Parse(name_of_feed)), 1};
    std::string note = ValueOf(maker_node_->source().ReadHead(feed)).checkpoint;
    for (size_t i = 0; i < witnesses; ++i) {
      const std::string name =
          record::WitnessName(certs::testing::kFederation, certs::testing::Participant(WitnessId(i)));
      note += ValueOf(record::Cosign(note, name, *witness_keys_[i], static_cast<uint64_t>(now_s)));
    }
    city_node_->TakeCosigned(*maker_node_, name_of_feed, note);
    if (name_of_feed == kHeads) {
      maker_node_->TakeCosigned(*maker_node_, name_of_feed, note);
    }
    return absl::FromUnixSeconds(now_s);
  }
  record::v1::FeedProof ProofOf(const record::RecordId& id, node::ProofHead head = node::ProofHead::kDated) {
    return ValueOf(city_node_->prover().Prove(city_node_->Client(), id, "", 0, 0, head)).proofs.at(0);
  }
  uint64_t SizeOf(const record::v1::FeedProof& proof) {
    const record::FeedKey feed{maker_node_->id(), record::FeedName::Public(), 1};
    return ValueOf(
               record::ReadOpenedCheckpoint(proof.checkpoint(), record::FeedOrigin(certs::testing::kFederation, feed)))
        .size;
  }
  // What somebody with the trust bundle alone makes of a file with the record.
  absl::StatusOr<certs::VerificationReport> Verify(const record::RecordId& id) {
    const node::RecordView view = ValueOf(city_node_->query().Get(city_node_->Client(), id, "", 0, {}));
    record::v1::Envelope envelope;
    Invariant(envelope.ParseFromString(view.envelope.SerializeAsString()), "the same bytes");
    return VerifyFile(MakeFile(envelope, ProofOf(id)));
  }
  absl::StatusOr<certs::VerificationReport> VerifyFile(const std::string& file) {
    return certs::VerifyRecordFile(file, registry_->bundle(), clock_.Now());
  }
  std::string MakeFile(const record::v1::Envelope& envelope, const record::v1::FeedProof& proof) {
    const record::v1::Envelope member = certs::testing::MemberRecord(entry_, *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(member.header()));
    return certs::MakeRecordFile(
        {envelope,
         {proof},
         member,
         certs::testing::ProofIn("registry", header, certs::testing::AllSlots(header), *operator_.feed_key)},
        registry_->bundle());
  }
  absl::optional<absl::Time> SeenAt(const record::RecordId& id) {
    const node::RecordView view = ValueOf(city_node_->query().Get(city_node_->Client(), id, "", 0, {}));
    return city_node_->prover().SeenAt(city_node_->Client(), view.header_hash).witnesses;
  }

  testing::FakeClock clock_{certs::testing::Now()};
  testing::SeededRandom random_{41};
  const absl::Time revoked_ = certs::testing::Now() + absl::Hours(2);
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member city_;
  std::array<std::unique_ptr<certs::SigningKey>, kWitnesses> witness_keys_;
  registry::v1::MemberEntry entry_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  const std::unique_ptr<storage::OrderedStore> maker_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::OrderedStore> city_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> maker_anchor_ = storage::MakeMemoryAnchor();
  const std::unique_ptr<storage::Anchor> city_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<LoopbackNode> maker_node_;
  std::unique_ptr<LoopbackNode> city_node_;
  uint64_t size_ = 0;
};

TEST_F(DatedProofTest, ARecordStaysValidAtTheTimeAtWhichWitnessesSawIt) {
  const record::RecordId first = Publish();
  clock_.Advance(absl::Minutes(1));
  const absl::Time seen = Cosign();
  clock_.Advance(absl::Minutes(20));
  const record::RecordId second = Publish();
  clock_.Advance(absl::Minutes(1));
  const absl::Time seen_again = Cosign();
  // While the key is in force the newest head tells most.
  EXPECT_EQ(SizeOf(ProofOf(first)), 2U);
  EXPECT_EQ(ValueOf(Verify(first)).judgement.verdict, Verdict::kValid);
  EXPECT_EQ(ValueOf(Verify(first)).entries.at(0).cosigners.cosigned.size(), 3U);
  // What came after the last look of the witnesses, and long after the revocation the same head is cosigned anew.
  clock_.Advance(absl::Minutes(20));
  const record::RecordId third = Publish();
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(ValueOf(Verify(third)).judgement.verdict, Verdict::kIndeterminate);
  EXPECT_EQ(SeenAt(third), absl::nullopt);
  Cosign();
  clock_.Advance(absl::Hours(1));
  Cosign();
  EXPECT_EQ(SizeOf(ProofOf(first)), 1U);
  const auto report = ValueOf(Verify(first));
  EXPECT_EQ(report.judgement.verdict, Verdict::kValidAt);
  EXPECT_EQ(report.judgement.at, seen);
  EXPECT_THAT(report.judgement.why, HasReason("KEY_REVOKED"));
  EXPECT_EQ(SeenAt(first), seen);
  EXPECT_EQ(ValueOf(Verify(second)).judgement.verdict, Verdict::kValidAt);
  EXPECT_EQ(SeenAt(second), seen_again);
  EXPECT_EQ(ValueOf(Verify(third)).judgement.verdict, Verdict::kIndeterminate) << "seen, but only after the revocation";
  EXPECT_GT(*SeenAt(third), revoked_);
  const storage::FsckReport fsck = ValueOf(storage::Fsck(*city_store_, nullptr, {}));
  EXPECT_TRUE(fsck.problems.empty()) << fsck.problems.front();
}

TEST_F(DatedProofTest, WithoutAQuorumNothingIsProven) {
  const record::RecordId id = Publish();
  clock_.Advance(absl::Minutes(1));
  Cosign(2);
  clock_.Advance(absl::Hours(3));
  EXPECT_EQ(ValueOf(Verify(id)).judgement.verdict, Verdict::kIndeterminate);
  EXPECT_EQ(SeenAt(id), absl::nullopt);
}

// A copy for another node speaks of the newest head, and as older programs read it.
TEST_F(DatedProofTest, TheNewestHeadIsTheirsWhoAskForIt) {
  const record::RecordId id = Publish();
  clock_.Advance(absl::Minutes(1));
  Cosign();
  Publish();
  const record::v1::FeedProof proof = ProofOf(id, node::ProofHead::kNewest);
  EXPECT_EQ(SizeOf(proof), 2U);
  EXPECT_EQ(proof.checkpoint().find("/witness "), std::string::npos);
  EXPECT_EQ(SizeOf(ProofOf(id)), 1U);
}

// Who may not follow a feed learns nothing by when it was seen.
TEST_F(DatedProofTest, OnlyFeedsThatTheReaderHoldsSayWhen) {
  const record::RecordId id = Publish();
  clock_.Advance(absl::Minutes(1));
  Cosign();
  const node::RecordView view = ValueOf(city_node_->query().Get(city_node_->Client(), id, "", 0, {}));
  const certs::SeenTimes ours = city_node_->prover().SeenAt(city_node_->Client(), view.header_hash);
  EXPECT_NE(ours.witnesses, absl::nullopt);
  EXPECT_NE(ours.own, absl::nullopt);
  const certs::SeenTimes theirs =
      city_node_->prover().SeenAt(city_node_->ReaderFor(maker_node_->id()), view.header_hash);
  EXPECT_EQ(theirs.witnesses, absl::nullopt);
  EXPECT_EQ(theirs.own, absl::nullopt);
}

// Witnesses never see the feed, and what they saw of the entry that commits it dates it.
TEST_F(DatedProofTest, ARecordOfANarrowFeedIsDatedByTheEntryThatCommitsIt) {
  const record::RecordId id = PublishToRecyclers();
  MEGURI_ASSERT_OK(city_node_->Follow(*maker_node_, {kRecyclers}));
  ASSERT_TRUE(city_node_->CatchUp(*maker_node_, kRecyclers, 1));
  clock_.Advance(absl::Minutes(1));
  maker_node_->CommitHeads();
  ASSERT_TRUE(city_node_->RunFollowsUntil([&] {
    clock_.Advance(absl::Seconds(1));
    return city_node_->OpenedOf(*maker_node_, kRecyclers).size == 1;
  }));
  EXPECT_FALSE(record::IsOpening(ProofOf(id).checkpoint())) << "nobody has cosigned it";
  const absl::Time seen = Cosign(3, kHeads);
  const record::v1::FeedProof proof = ProofOf(id);
  ASSERT_TRUE(record::IsOpening(proof.checkpoint()));
  EXPECT_EQ(proof.feed(), kRecyclers);
  EXPECT_FALSE(record::IsOpening(ProofOf(id, node::ProofHead::kNewest).checkpoint()));
  const auto report = Verify(id);
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->judgement.verdict, Verdict::kValid);
  EXPECT_EQ(report->entries.at(0).cosigners.cosigned.size(), 3U);
  EXPECT_EQ(report->entries.at(0).entry.feed.name.text(), kRecyclers);
  // Later it grows and is committed anew, and the key ends.
  for (uint64_t i = 1; i < storage::kOpeningSpan; ++i) {
    maker_node_->CommitHeads();
  }
  PublishToRecyclers();
  ASSERT_TRUE(city_node_->CatchUp(*maker_node_, kRecyclers, 2));
  maker_node_->CommitHeads();
  ASSERT_TRUE(city_node_->RunFollowsUntil([&] {
    clock_.Advance(absl::Seconds(1));
    return city_node_->OpenedOf(*maker_node_, kRecyclers).size == 2;
  }));
  ASSERT_TRUE(city_node_->CatchUp(*maker_node_, kHeads, 1 + storage::kOpeningSpan));
  clock_.Advance(absl::Hours(3));
  Cosign(3, kHeads);
  const auto later = Verify(id);
  MEGURI_ASSERT_OK(later);
  EXPECT_EQ(later->judgement.verdict, Verdict::kValidAt);
  EXPECT_EQ(later->judgement.at, seen);
  EXPECT_EQ(SeenAt(id), seen);
  // Its publisher can show the same.
  const auto own = ValueOf(maker_node_->prover().Prove(maker_node_->Client(), id, "", 0, 0)).proofs;
  EXPECT_TRUE(std::any_of(own.begin(), own.end(), [](const auto& one) { return record::IsOpening(one.checkpoint()); }));
  for (storage::OrderedStore* store : {city_store_.get(), maker_store_.get()}) {
    const storage::FsckReport fsck = ValueOf(storage::Fsck(*store, nullptr, {}));
    EXPECT_TRUE(fsck.problems.empty()) << fsck.problems.front();
  }
}

TEST_F(DatedProofTest, AFileWithAnOpeningIsRefusedIfABitIsAnother) {
  const record::RecordId id = PublishToRecyclers();
  MEGURI_ASSERT_OK(city_node_->Follow(*maker_node_, {kRecyclers}));
  maker_node_->CommitHeads();
  ASSERT_TRUE(city_node_->RunFollowsUntil([&] {
    clock_.Advance(absl::Seconds(1));
    return city_node_->OpenedOf(*maker_node_, kRecyclers).size == 1;
  }));
  Cosign(3, kHeads);
  record::v1::Envelope envelope;
  ASSERT_TRUE(envelope.ParseFromString(
      ValueOf(city_node_->query().Get(city_node_->Client(), id, "", 0, {})).envelope.SerializeAsString()));
  const record::v1::FeedProof proof = ProofOf(id);
  const std::string file = MakeFile(envelope, proof);
  MEGURI_EXPECT_OK(VerifyFile(file));
  for (size_t i = 0; i < file.size(); i += 7) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    ASSERT_FALSE(VerifyFile(changed).ok()) << i;
  }
  EXPECT_FALSE(VerifyFile(file + '\0').ok());
  // What somebody makes anew of it does not hold either.
  record::v1::FeedProof forged = proof;
  record::v1::ProvenOpening opening = ValueOf(record::ReadOpening(proof.checkpoint()));
  opening.mutable_opening()->set_size(2);
  forged.set_checkpoint(record::WriteOpening(opening));
  EXPECT_THAT(VerifyFile(MakeFile(envelope, forged)), HasReason("INCLUSION_PROOF"));
  forged.set_checkpoint(proof.checkpoint() + proof.checkpoint());
  EXPECT_THAT(VerifyFile(MakeFile(envelope, forged)), HasReason("HEADS_OPENING"));
  forged = proof;
  forged.set_feed(kPublic);
  EXPECT_THAT(VerifyFile(MakeFile(envelope, forged)), HasReason("HEADS_OPENING"));
}

}  // namespace
}  // namespace meguri::scenarios
