// SPDX-License-Identifier: Apache-2.0
#include "node/query/copies.h"

#include "gmock/gmock.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/merkle.h"
#include "tests/testing/status.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using testing::kGtin;
using testing::kMaker;
using testing::kOther;
using testing::Participant;
using testing::PublishingNode;
using testing::ValueOf;

class VerifyCopiesTest : public ::testing::Test {
 protected:
  // A lot of the maker as a relay hands it on: the only entry of its feed.
  RecordCopy Lot(const std::string& lot = "L1", const record::FeedName& feed = record::FeedName::Public()) {
    RecordCopy copy;
    copy.envelope = node_.Sign(node_.Lot(lot)).envelope();
    const record::Header header = ValueOf(record::Header::Parse(copy.envelope.header()));
    uint64_t slots = 0;
    for (const record::v1::Section& section : copy.envelope.sections()) {
      slots |= uint64_t{1} << section.slot();
    }
    Prove(header.hash(), slots, feed, copy);
    return copy;
  }
  void Prove(const record::Hash& header_hash, uint64_t slots, const record::FeedName& feed, RecordCopy& copy) {
    const record::FeedKey key{Participant(kMaker), feed, 1};
    const std::string entry = record::FeedEntry{header_hash, slots}.Encode();
    const std::string origin = record::FeedOrigin(certs::testing::kFederation, key);
    const record::Checkpoint checkpoint{origin, 1, record::LeafHash(entry)};
    copy.proof.set_feed(feed.text());
    copy.proof.set_epoch(1);
    copy.proof.set_index(0);
    copy.proof.set_entry(entry);
    copy.proof.set_checkpoint(ValueOf(record::SignCheckpoint(checkpoint, *node_.maker.feed_key)));
    registry::v1::Heartbeat body;
    body.set_origin(origin);
    body.set_size(checkpoint.size);
    body.set_root(checkpoint.root.ToString());
    body.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(said_)));
    body.set_next_update_ms(body.time_ms() + 1);
    copy.heartbeat = ValueOf(
        certs::SignFeedHeartbeat(body, certs::testing::kFederation, Participant(kMaker), *node_.maker.feed_key));
  }
  absl::StatusOr<VerifiedCopies> Verify(CopyPeer::Answer answer, const char* publisher = kMaker) {
    const CopyQuestion question{Participant(kOther), Participant(kOther), "", {}, "", Participant(publisher)};
    Identifier identifier;
    identifier.gtin = kGtin;
    identifier.lot = "L1";
    return VerifyCopies(question, identifier, std::move(answer), *node_.Get(), node_.clock.Now());
  }

  PublishingNode node_;
  const absl::Time said_ = node_.clock.Now() - absl::Hours(5);
};

TEST_F(VerifyCopiesTest, TakesWhatItsPublisherSignedAndSaysAsOfWhen) {
  const absl::StatusOr<VerifiedCopies> copies = Verify({Lot()});
  MEGURI_ASSERT_OK(copies);
  ASSERT_EQ(copies->records.size(), 1U);
  EXPECT_EQ(copies->records.front().source, RecordSource::kCopy);
  EXPECT_EQ(copies->as_of, said_);
  MEGURI_EXPECT_OK(Verify({}));
}

TEST_F(VerifyCopiesTest, WithoutAWordOfThePublisherTheTimeIsNotKnown) {
  RecordCopy copy = Lot();
  copy.heartbeat.reset();
  EXPECT_EQ(ValueOf(Verify({copy})).as_of, absl::InfinitePast());
}

TEST_F(VerifyCopiesTest, AWordAboutAnotherHeadOrOfAnotherKeyIsRefused) {
  RecordCopy copy = Lot();
  copy.heartbeat = Lot("L2").heartbeat;
  EXPECT_THAT(Verify({copy}), HasReason("HEARTBEAT_MISMATCH"));
  copy = Lot();
  copy.heartbeat->mutable_signatures(0)->mutable_signature()->front() ^= 1;
  EXPECT_THAT(Verify({copy}), HasReason("BAD_SIGNATURE"));
}

TEST_F(VerifyCopiesTest, NoFeedOfThePublisherNoRecord) {
  RecordCopy copy = Lot();
  copy.proof.mutable_checkpoint()->back() ^= 1;
  EXPECT_FALSE(Verify({copy}).ok());
  copy = Lot();
  copy.proof = Lot("L2").proof;
  EXPECT_FALSE(Verify({copy}).ok());
  EXPECT_THAT(Verify({Lot("L1", record::FeedName::Members())}), HasReason("FEED_PROOF"));
  copy = Lot();
  const record::Header header = ValueOf(record::Header::Parse(copy.envelope.header()));
  Prove(header.hash(), 0, record::FeedName::Public(), copy);
  EXPECT_THAT(Verify({copy}), HasReason("SLOT_NOT_PROVEN"));
}

TEST_F(VerifyCopiesTest, RefusesWhatWasChangedOrNotAskedFor) {
  RecordCopy copy = Lot();
  copy.envelope.mutable_sections(0)->mutable_payload()->back() ^= 1;
  EXPECT_THAT(Verify({copy}), HasReason("SECTION_DIGEST"));
  copy = Lot();
  copy.envelope.mutable_signature()->mutable_signature()->front() ^= 1;
  EXPECT_THAT(Verify({copy}), HasReason("BAD_SIGNATURE"));
  EXPECT_THAT(Verify({Lot("L2")}), HasReason("IDENTIFIER_MISMATCH"));
  EXPECT_THAT(Verify({Lot()}, kOther), HasReason("PUBLISHER_MISMATCH"));
  copy = Lot();
  EXPECT_THAT(Verify({copy, copy}), HasReason("RECORD_TWICE"));
  EXPECT_THAT(Verify(CopyPeer::Answer(kAskRecordsMax + 1, copy)), HasReason("ANSWER_SIZE"));
}

TEST_F(VerifyCopiesTest, KeysThatHaveEndedProveWhatIsOldAndSuspendedMembersNothing) {
  const RecordCopy copy = Lot();
  registry::v1::MemberEntry entry = node_.maker.Entry();
  for (registry::v1::MemberKey& key : *entry.mutable_keys()) {
    key.set_not_after_ms(static_cast<uint64_t>(absl::ToUnixMillis(node_.clock.Now() - absl::Hours(1))));
  }
  entry.set_status(registry::v1::MEMBER_STATUS_LEFT);
  node_.Register({entry});
  MEGURI_EXPECT_OK(Verify({copy}));
  entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
  node_.Register({entry});
  EXPECT_THAT(Verify({copy}), HasReason("PUBLISHER_SUSPENDED"));
  node_.Register({node_.other.Entry()});
  EXPECT_THAT(Verify({copy}), HasReason("UNKNOWN_KEY"));
  // Nobody knows what a revoked feed key was used for.
  entry = node_.maker.Entry();
  for (registry::v1::MemberKey& key : *entry.mutable_keys()) {
    if (key.purpose() == registry::v1::KEY_PURPOSE_FEED) {
      key.set_revoked_ms(1);
    }
  }
  node_.Register({entry});
  EXPECT_FALSE(Verify({copy}).ok());
}

TEST_F(VerifyCopiesTest, ANewerVersionCountsMoreThanANewerWord) {
  VerifiedCopies old = ValueOf(Verify({Lot()}));
  VerifiedCopies newer = old;
  EXPECT_FALSE(IsNewer(newer, old));
  newer.as_of += absl::Hours(1);
  EXPECT_TRUE(IsNewer(newer, old));
  old.records.front().latest_version = 2;
  EXPECT_TRUE(IsNewer(old, newer));
}

}  // namespace
}  // namespace meguri::node
