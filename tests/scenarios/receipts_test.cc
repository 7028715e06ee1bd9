// SPDX-License-Identifier: Apache-2.0
// A federation without witnesses: what members saw of each other's feeds keeps records valid when a key has ended.
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "certs/record_file.h"
#include "gmock/gmock.h"
#include "node/follow/limits.h"
#include "record/receipt.h"
#include "storage/first_seen.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::scenarios {
namespace {

using certs::TimeSource;
using certs::Verdict;
using certs::testing::ValueOf;
using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPublic[] = "public";

// A disk, and who works on it.
struct Place {
  certs::testing::Member member;
  const std::unique_ptr<storage::OrderedStore> store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> anchor = storage::MakeMemoryAnchor();
  std::unique_ptr<LoopbackNode> node;
  registry::v1::MemberEntry entry;

  record::ParticipantId id() const { return certs::testing::Participant(member.id); }
};

// The maker publishes. The recycler and the shop follow it from the beginning; the shop is a guest on the maker's node.
// The city comes when the maker's key has been revoked.
class ReceiptsTest : public ::testing::Test {
 protected:
  ReceiptsTest() {
    maker_.member.id = "9999:maker";
    recycler_.member.id = "9999:recycler";
    shop_.member.id = "9999:shop";
    city_.member.id = "9999:city";
    for (Place* place : {&maker_, &recycler_, &shop_, &city_}) {
      place->entry = place->member.Entry();
    }
    maker_.entry.mutable_keys(0)->set_revoked_ms(static_cast<uint64_t>(absl::ToUnixMillis(revoked_)));
    shop_.entry.mutable_hosting()->set_node_identity(certs::testing::NodeUri(maker_.member.id));
    const certs::TrustBundle bundle = operator_.Bundle();
    registry_ = std::make_unique<FixedRegistry>(
        bundle, ValueOf(certs::Registry::Make(bundle, {maker_.entry, recycler_.entry, shop_.entry, city_.entry})));
    for (Place* place : {&maker_, &recycler_, &shop_, &city_}) {
      place->node = std::make_unique<LoopbackNode>(
          place->member, *registry_, LoopbackNode::Disk{*place->store, *place->anchor}, peers_, clock_, ++seed_);
    }
    for (Place* place : {&recycler_, &shop_}) {
      const absl::Status followed = place->node->Follow(*maker_.node, {kPublic});
      Invariant(followed.ok(), followed.ToString());
    }
  }

  record::RecordId Publish() {
    const Draft draft{record::RecordId::Make(random_), absl::StrCat("Pack ", ++size_), {}};
    const absl::Status published =
        maker_.node->Publish(MakePublications({draft}, maker_.member, clock_.Now(), random_)).status();
    Invariant(published.ok(), published.ToString());
    for (Place* place : {&recycler_, &shop_}) {
      Invariant(place->node->CatchUp(*maker_.node, kPublic, size_), "it has what was published");
    }
    return draft.record_id;
  }
  // When the recycler had the newest head of the maker's feed first.
  absl::Time SeenByRecycler() const {
    const storage::FeedId id = ValueOf(storage::Feeds(*recycler_.store).Find(HeldBy(recycler_))).value();
    return storage::FirstSeen(*recycler_.store).Covering(id, size_ - 1)->time;
  }
  storage::HeldFeed HeldBy(const Place& place) const {
    return {place.id(), {maker_.id(), record::FeedName::Public(), 1}};
  }
  // Long after the revocation the city begins to follow the maker.
  void CityComes() {
    clock_.Advance(absl::Hours(3));
    MEGURI_ASSERT_OK(city_.node->Follow(*maker_.node, {kPublic}));
    ASSERT_TRUE(city_.node->CatchUp(*maker_.node, kPublic, size_));
  }
  // `one` tells `other` what it knows, which answers.
  void Exchange(Place& one, Place& other) {
    const auto told = one.node->exchange().Tell(other.id());
    one.node->exchange().TakeAnswer(other.id(), ValueOf(other.node->exchange().Answer(one.id(), told)));
    for (Place* place : {&one, &other}) {  // what was taken is written
      MEGURI_ASSERT_OK(place->node->committer().SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
    }
  }
  // What the client of a node is told of the record.
  certs::Judgement Judge(const Place& place, const record::RecordId& id, size_t receipts_needed = 1) {
    const node::RecordView view = ValueOf(place.node->query().Get(place.node->Client(), id, "", 0, {}));
    certs::SeenTimes seen = place.node->prover().SeenAt(place.node->Client(), view.header_hash);
    seen.receipts_needed = receipts_needed;
    const certs::RegisteredKey* key =
        registry_->Get()->FindKey(certs::testing::KeyIdOf(maker_.member.id, *maker_.member.record_key));
    return certs::JudgeSignature(*key, seen, clock_.Now());
  }
  // What somebody with the trust bundle alone makes of a file with the record from that node.
  absl::StatusOr<certs::VerificationReport> VerifyFile(const Place& place, const record::RecordId& id,
                                                       size_t receipts = 8) {
    certs::RecordFileParts parts;
    const node::RecordView view = ValueOf(place.node->query().Get(place.node->Client(), id, "", 0, {}));
    Invariant(parts.record.ParseFromString(view.envelope.SerializeAsString()), "the same bytes");
    node::ProvenRecord proven =
        ValueOf(place.node->prover().Prove(place.node->Client(), id, "", 0, 0, node::ProofHead::kDated, receipts));
    parts.record_proofs = std::move(proven.proofs);
    parts.receipts = std::move(proven.receipts);
    auto giver = proven.givers.begin();
    for (record::v1::ProofReceipts& of_proof : parts.receipts) {
      for (record::v1::ReceiptProof& receipt : *of_proof.mutable_receipts()) {
        const Place& by = *giver++ == recycler_.id() ? recycler_ : city_;
        AddEntry(by, *receipt.mutable_giver_entry(), *receipt.mutable_giver_entry_proof());
      }
    }
    AddEntry(maker_, parts.publisher_entry, parts.publisher_entry_proof);
    return certs::VerifyRecordFile(certs::MakeRecordFile(std::move(parts), registry_->bundle()), registry_->bundle(),
                                   clock_.Now());
  }
  void AddEntry(const Place& of, record::v1::Envelope& entry, record::v1::FeedProof& proof) {
    entry = certs::testing::MemberRecord(of.entry, *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(entry.header()));
    proof = certs::testing::ProofIn("registry", header, certs::testing::AllSlots(header), *operator_.feed_key);
  }
  // Whose receipts a node keeps of the record.
  std::vector<record::ParticipantId> Givers(const Place& place, const record::RecordId& id) {
    const node::RecordView view = ValueOf(place.node->query().Get(place.node->Client(), id, "", 0, {}));
    std::vector<record::ParticipantId> givers;
    for (const certs::SeenBy& seen : place.node->prover().SeenAt(place.node->Client(), view.header_hash).receipts) {
      givers.push_back(seen.member);
    }
    return givers;
  }

  testing::FakeClock clock_{certs::testing::Now()};
  testing::SeededRandom random_{51};
  const absl::Time revoked_ = certs::testing::Now() + absl::Hours(2);
  certs::testing::Operator operator_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  Place maker_;
  Place recycler_;
  Place shop_;
  Place city_;
  uint64_t seed_ = 0;
  uint64_t size_ = 0;
};

TEST_F(ReceiptsTest, ARecordStaysValidAtTheTimeAtWhichAnIndependentMemberSawIt) {
  const record::RecordId id = Publish();
  const absl::Time seen = SeenByRecycler();
  CityComes();
  EXPECT_EQ(Judge(city_, id).verdict, Verdict::kIndeterminate) << "the city itself saw it too late";
  EXPECT_EQ(ValueOf(VerifyFile(city_, id)).judgement.verdict, Verdict::kIndeterminate);
  Exchange(recycler_, city_);
  const certs::Judgement judged = Judge(city_, id);
  EXPECT_EQ(judged.verdict, Verdict::kValidAt);
  EXPECT_EQ(judged.at, seen);
  EXPECT_EQ(judged.source, TimeSource::kReceipts);
  EXPECT_THAT(judged.by, ElementsAre(recycler_.id()));
  EXPECT_EQ(Judge(city_, id, 2).verdict, Verdict::kIndeterminate) << "who wants two members has one";
  EXPECT_EQ(Judge(city_, id, 0).verdict, Verdict::kIndeterminate);
  const auto report = ValueOf(VerifyFile(city_, id));
  EXPECT_EQ(report.judgement.verdict, Verdict::kValidAt);
  EXPECT_EQ(report.judgement.at, seen);
  EXPECT_THAT(report.judgement.by, ElementsAre(recycler_.id()));
  EXPECT_EQ(ValueOf(VerifyFile(city_, id, 0)).judgement.verdict, Verdict::kIndeterminate)
      << "who wishes none gets none";
  // It saw it itself in time, and needs nobody.
  EXPECT_EQ(Judge(recycler_, id).source, TimeSource::kOwn);
  EXPECT_EQ(Judge(recycler_, id).at, seen);
  for (const Place* place : {&city_, &recycler_, &maker_}) {
    const storage::FsckReport fsck = ValueOf(storage::Fsck(*place->store, nullptr, {}));
    EXPECT_TRUE(fsck.problems.empty()) << fsck.problems.front();
  }
}

TEST_F(ReceiptsTest, ThePublisherGathersThemAndHandsThemOn) {
  const record::RecordId id = Publish();
  const absl::Time seen = SeenByRecycler();
  Exchange(recycler_, maker_);
  clock_.Advance(absl::Hours(3));
  EXPECT_THAT(Givers(maker_, id), ElementsAre(recycler_.id()));
  EXPECT_EQ(Judge(maker_, id).at, seen);
  EXPECT_EQ(Judge(maker_, id).source, TimeSource::kReceipts) << "its own memory counts for nothing";
  EXPECT_EQ(ValueOf(VerifyFile(maker_, id)).judgement.at, seen);
}

TEST_F(ReceiptsTest, WithThePublisherGoneWhoSawItIsASource) {
  const record::RecordId id = Publish();
  const absl::Time seen = SeenByRecycler();
  CityComes();
  maker_.node.reset();
  Exchange(city_, recycler_);  // the other way round: the recycler answers
  EXPECT_EQ(Judge(city_, id).at, seen);
}

TEST_F(ReceiptsTest, AGuestOfThePublishersNodeDoesNotCount) {
  const record::RecordId id = Publish();
  CityComes();
  Exchange(shop_, city_);
  Exchange(shop_, maker_);
  EXPECT_THAT(Givers(city_, id), IsEmpty());
  EXPECT_THAT(Givers(maker_, id), IsEmpty());
  EXPECT_EQ(Judge(city_, id).verdict, Verdict::kIndeterminate);
}

TEST_F(ReceiptsTest, WhatWasPublishedAfterTheRevocationStaysIndeterminate) {
  clock_.Advance(absl::Hours(2) - absl::Minutes(4));
  const record::RecordId late = Publish();
  CityComes();
  Exchange(recycler_, city_);
  EXPECT_THAT(Givers(city_, late), ElementsAre(recycler_.id()));
  EXPECT_EQ(Judge(city_, late).verdict, Verdict::kIndeterminate) << "within the margin";
}

TEST_F(ReceiptsTest, OlderHeadsAreToldToo) {
  const record::RecordId first = Publish();
  const absl::Time seen = SeenByRecycler();
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(absl::Minutes(20));
    Publish();
  }
  CityComes();
  Exchange(recycler_, city_);
  EXPECT_EQ(Judge(city_, first).at, seen);
  EXPECT_THAT(recycler_.node->exchange().Tell(city_.id()).receipts(), SizeIs(6));
}

TEST_F(ReceiptsTest, WhatAPeerSaysIsBoundedAndTakenOnlyIfItHolds) {
  const record::RecordId id = Publish();
  CityComes();
  const feed::v1::KnownCheckpoints sound = recycler_.node->exchange().Tell(city_.id());
  ASSERT_THAT(sound.receipts(), SizeIs(1));
  const auto answer = [&](const record::ParticipantId& from,
                          const std::function<void(feed::v1::ToldReceipt&)>& change) {
    feed::v1::KnownCheckpoints told = sound;
    change(*told.mutable_receipts(0));
    MEGURI_EXPECT_OK(city_.node->exchange().Answer(from, told));
    MEGURI_ASSERT_OK(city_.node->committer().SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
  };
  const record::ParticipantId recycler = recycler_.id();
  answer(recycler, [](auto& told) { (*told.mutable_receipt()->mutable_signature())[3] ^= 1; });
  answer(recycler, [](auto& told) { told.mutable_receipt()->set_time_ms(1); });
  answer(recycler, [](auto& told) { told.mutable_receipt()->set_size(uint64_t{1} << 60); });
  answer(recycler, [](auto& told) { told.mutable_feed()->set_name("members"); });
  answer(recycler, [](auto& told) { told.mutable_feed()->set_name("\xff"); });
  answer(recycler, [](auto& told) { told.mutable_feed()->set_publisher("9999:recycler"); });
  answer(recycler, [](auto& told) { told.mutable_feed()->set_epoch(2); });
  answer(recycler, [](auto& told) { told.clear_receipt(); });
  answer(shop_.id(), [](auto&) {});  // somebody else's word
  // One from the future, as its clock has it.
  answer(recycler, [&](auto& told) {
    const record::Hash key_id = certs::testing::KeyIdOf(recycler_.member.id, *recycler_.member.feed_key);
    const storage::Feeds feeds(*city_.store);
    const storage::FeedHead head = ValueOf(feeds.ReadHead(ValueOf(feeds.Find(HeldBy(city_))).value()));
    *told.mutable_receipt() = ValueOf(record::SignReceipt(
        key_id, *recycler_.member.feed_key, static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())) + 1,
        {record::FeedOrigin(certs::testing::kFederation, HeldBy(city_).key), head.size(), head.frontier.Root()}));
  });
  EXPECT_THAT(Givers(city_, id), IsEmpty());
  feed::v1::KnownCheckpoints many = sound;
  while (many.receipts_size() <= node::kExchangedReceiptsMax) {
    *many.add_receipts() = sound.receipts(0);
  }
  EXPECT_THAT(city_.node->exchange().Answer(recycler, many), HasReason("EXCHANGE_COUNT"));
  many.mutable_receipts()->RemoveLast();
  MEGURI_EXPECT_OK(city_.node->exchange().Answer(recycler, many));
  MEGURI_ASSERT_OK(city_.node->committer().SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
  EXPECT_THAT(Givers(city_, id), ElementsAre(recycler));
}

}  // namespace
}  // namespace meguri::scenarios
