// SPDX-License-Identifier: Apache-2.0
#include "certs/receipts.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/receipt.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Member;
using testing::Now;
using testing::NowMs;
using testing::Participant;
using testing::ValueOf;

constexpr char kMaker[] = "9999:maker";
constexpr char kCity[] = "9999:city";
constexpr char kHost[] = "9999:host";

class ReceiptRuleTest : public ::testing::Test {
 protected:
  ReceiptRuleTest() {
    for (Member* member : {&maker_, &city_, &host_}) {
      entries_.push_back(member->Entry());
    }
  }
  registry::v1::MemberEntry& maker() { return entries_[0]; }
  registry::v1::MemberEntry& city() { return entries_[1]; }
  registry::v1::MemberKey& city_feed_key() { return *city().mutable_keys(1); }

  record::FeedKey Feed(const char* name = "public") const {
    return {Participant(kMaker), ValueOf(record::FeedName::Parse(name)), 1};
  }
  // Of the city, unless said otherwise: that it had seen the head a minute before Now().
  record::v1::Receipt Receipt(const record::FeedKey& feed, const Member& giver, const SigningKey& key,
                              uint64_t time_ms) const {
    return ValueOf(record::SignReceipt(testing::KeyIdOf(giver.id, key), key, time_ms,
                                       {record::FeedOrigin(testing::kFederation, feed), 5, root_}));
  }
  record::v1::Receipt Receipt(uint64_t time_ms = NowMs() - 60'000) const {
    return Receipt(Feed(), city_, *city_.feed_key, time_ms);
  }
  absl::StatusOr<SeenBy> Count(const record::v1::Receipt& receipt, const record::FeedKey& feed) const {
    const TrustBundle bundle = operator_.Bundle();
    return CountReceipt(receipt, feed, root_, *ValueOf(Registry::Make(bundle, entries_)), Now());
  }
  absl::StatusOr<SeenBy> Count(const record::v1::Receipt& receipt) const { return Count(receipt, Feed()); }

  const testing::Operator operator_;
  Member maker_{kMaker};
  Member city_{kCity};
  Member host_{kHost};
  std::vector<registry::v1::MemberEntry> entries_;
  const record::Hash root_ = record::Sha256("root");
};

TEST_F(ReceiptRuleTest, TheWordOfAnIndependentMemberCounts) {
  const SeenBy seen = ValueOf(Count(Receipt()));
  EXPECT_EQ(seen.member.text(), kCity);
  EXPECT_EQ(seen.host.text(), kCity);
  EXPECT_EQ(seen.time, Now() - absl::Minutes(1));
  MEGURI_EXPECT_OK(Count(Receipt(Feed("members"), city_, *city_.feed_key, NowMs()), Feed("members")));
}

TEST_F(ReceiptRuleTest, NobodyVouchesForItself) {
  EXPECT_THAT(Count(Receipt(Feed(), maker_, *maker_.feed_key, NowMs())), HasReason("RECEIPT_NOT_INDEPENDENT"));
}

TEST_F(ReceiptRuleTest, NorDoesAGuestForItsHostOrAHostForItsGuest) {
  city().mutable_hosting()->set_node_identity(testing::NodeUri(kMaker));
  EXPECT_THAT(Count(Receipt()), HasReason("RECEIPT_NOT_INDEPENDENT")) << "at the publisher's node";
  city().mutable_hosting()->set_node_identity(testing::NodeUri(kHost));
  MEGURI_EXPECT_OK(Count(Receipt()));
  maker().mutable_hosting()->set_node_identity(testing::NodeUri(kHost));
  EXPECT_THAT(Count(Receipt()), HasReason("RECEIPT_NOT_INDEPENDENT")) << "two guests of one host";
  EXPECT_THAT(Count(Receipt(Feed(), host_, *host_.feed_key, NowMs())), HasReason("RECEIPT_NOT_INDEPENDENT"));
  maker().mutable_hosting()->set_node_identity(testing::NodeUri(kCity));
  EXPECT_THAT(Count(Receipt()), HasReason("RECEIPT_NOT_INDEPENDENT")) << "the host, wherever its own node is";
}

TEST_F(ReceiptRuleTest, OfAPublisherThatHasLeftAndIsAtNoNodeTheyCount) {
  maker().set_status(registry::v1::MEMBER_STATUS_LEFT);
  maker().clear_hosting();
  MEGURI_EXPECT_OK(Count(Receipt()));
}

TEST_F(ReceiptRuleTest, WhoIsSuspendedOrHasLeftDoesNotCount) {
  for (const auto status : {registry::v1::MEMBER_STATUS_SUSPENDED, registry::v1::MEMBER_STATUS_LEFT}) {
    city().set_status(status);
    EXPECT_THAT(Count(Receipt()), HasReason("RECEIPT_NOT_ACTIVE"));
  }
}

// Whoever has a key can write any time.
TEST_F(ReceiptRuleTest, ARevokedKeyNeverCounts) {
  city_feed_key().set_revoked_ms(NowMs() + 60'000);
  EXPECT_THAT(Count(Receipt()), HasReason("RECEIPT_KEY_REVOKED"));
}

TEST_F(ReceiptRuleTest, AKeyCountsForTheTimesAtWhichItWasInForce) {
  city_feed_key().set_not_before_ms(NowMs() - 60'000);
  city_feed_key().set_not_after_ms(NowMs() - 30'000);
  MEGURI_EXPECT_OK(Count(Receipt(NowMs() - 60'000)));
  MEGURI_EXPECT_OK(Count(Receipt(NowMs() - 30'001)));
  EXPECT_THAT(Count(Receipt(NowMs() - 60'001)), HasReason("RECEIPT_KEY_TIME"));
  EXPECT_THAT(Count(Receipt(NowMs() - 30'000)), HasReason("RECEIPT_KEY_TIME"));
}

TEST_F(ReceiptRuleTest, NobodyHasSeenTheFuture) {
  MEGURI_EXPECT_OK(Count(Receipt(NowMs())));
  EXPECT_THAT(Count(Receipt(NowMs() + 1)), HasReason("RECEIPT_FUTURE"));
}

TEST_F(ReceiptRuleTest, OnlyFeedKeysOfMembersGiveReceipts) {
  EXPECT_THAT(Count(Receipt(Feed(), city_, *city_.record_key, NowMs())), HasReason("RECEIPT_KEY"));
  const Member stranger{"9999:stranger"};
  EXPECT_THAT(Count(Receipt(Feed(), stranger, *stranger.feed_key, NowMs())), HasReason("RECEIPT_KEY"));
  // The key of one member in the name of another.
  EXPECT_THAT(Count(Receipt(Feed(), city_, *host_.feed_key, NowMs())), HasReason("RECEIPT_KEY"));
}

TEST_F(ReceiptRuleTest, AReceiptIsOfNoOtherFeed) {
  EXPECT_THAT(Count(Receipt(), Feed("members")), HasReason("RECEIPT_SIGNATURE"));
  record::v1::Receipt forged = Receipt();
  forged.set_time_ms(forged.time_ms() - 1);
  EXPECT_THAT(Count(forged), HasReason("RECEIPT_SIGNATURE"));
  // Of a feed that not everybody may read it would tell who reads it.
  const record::FeedKey narrow = Feed("to/9999:city");
  EXPECT_THAT(Count(Receipt(narrow, city_, *city_.feed_key, NowMs()), narrow), HasReason("RECEIPT_FEED"));
}

// ---- What several of them prove.

SeenBy Said(const char* member, const char* host, int minutes) {
  return {Participant(member), Participant(host), Now() + absl::Minutes(minutes)};
}

RegisteredKey KeyRevokedAfter(int minutes) {
  return {Participant(kMaker),  registry::v1::KEY_PURPOSE_RECORD, testing::NewKey()->public_key(),
          absl::InfinitePast(), absl::InfiniteFuture(),           Now() + absl::Minutes(minutes)};
}

TEST(Receipts, CountOncePerMemberAndNode) {
  const std::vector<SeenBy> said = {Said("9999:c", "9999:c", 30), Said("9999:b", "9999:h", 20),
                                    Said("9999:a", "9999:h", 10), Said("9999:a", "9999:h", 5)};
  EXPECT_THAT(EarliestReceipts(said, 1), ElementsAre(Said("9999:a", "9999:h", 5)));
  EXPECT_THAT(EarliestReceipts(said, 2), ElementsAre(Said("9999:a", "9999:h", 5), Said("9999:c", "9999:c", 30)));
  EXPECT_THAT(EarliestReceipts(said, 3), IsEmpty());
  EXPECT_THAT(EarliestReceipts(said, 0), IsEmpty());
  EXPECT_THAT(EarliestReceipts({}, 1), IsEmpty());
}

TEST(Receipts, MakeASignatureValidAtTheTimeByWhichSoManyHadSeenIt) {
  const RegisteredKey key = KeyRevokedAfter(60);
  const absl::Time now = Now() + absl::Hours(9);
  SeenTimes seen;
  EXPECT_EQ(JudgeSignature(key, seen, now).verdict, Verdict::kIndeterminate);
  seen.receipts = {Said("9999:a", "9999:a", 10), Said("9999:b", "9999:b", 20), Said("9999:c", "9999:c", 70)};
  const Judgement one = JudgeSignature(key, seen, now);
  EXPECT_EQ(one.verdict, Verdict::kValidAt);
  EXPECT_EQ(one.at, Now() + absl::Minutes(10));
  EXPECT_EQ(one.source, TimeSource::kReceipts);
  EXPECT_THAT(one.by, ElementsAre(Participant("9999:a")));
  EXPECT_THAT(one.why, HasReason("KEY_REVOKED"));
  seen.receipts_needed = 2;
  EXPECT_EQ(JudgeSignature(key, seen, now).at, Now() + absl::Minutes(20)) << "the first of two may have lied";
  seen.receipts_needed = 3;
  EXPECT_EQ(JudgeSignature(key, seen, now).verdict, Verdict::kIndeterminate) << "the third came after the key's end";
  seen.receipts_needed = 0;
  EXPECT_EQ(JudgeSignature(key, seen, now).verdict, Verdict::kIndeterminate);
}

TEST(Receipts, GiveWayToWitnessesAndToOnesOwnMemory) {
  const RegisteredKey key = KeyRevokedAfter(60);
  const absl::Time now = Now() + absl::Hours(9);
  SeenTimes seen;
  seen.receipts = {Said("9999:a", "9999:a", 10)};
  seen.own = Now() + absl::Minutes(30);
  EXPECT_EQ(JudgeSignature(key, seen, now).source, TimeSource::kOwn);
  EXPECT_EQ(JudgeSignature(key, seen, now).at, Now() + absl::Minutes(30));
  seen.witnesses = Now() + absl::Minutes(40);
  EXPECT_EQ(JudgeSignature(key, seen, now).source, TimeSource::kWitnesses);
  EXPECT_THAT(JudgeSignature(key, seen, now).by, IsEmpty());
  // What came too late proves nothing, and what is in time does all the same.
  seen.witnesses = Now() + absl::Minutes(56);
  seen.own = Now() + absl::Minutes(61);
  EXPECT_EQ(JudgeSignature(key, seen, now).source, TimeSource::kReceipts);
  EXPECT_EQ(JudgeSignature(KeyRevokedAfter(600), seen, now).verdict, Verdict::kValid);
}

TEST(Receipts, WhatRestsOnTwoSignaturesRestsOnTheWordOfBoth) {
  const absl::Time now = Now() + absl::Hours(9);
  const auto judge = [&](const char* member, int minutes) {
    SeenTimes seen;
    seen.receipts = {Said(member, member, minutes)};
    return JudgeSignature(KeyRevokedAfter(60), seen, now);
  };
  const Judgement cosigned = JudgeSignature(KeyRevokedAfter(60), absl::make_optional(Now() + absl::Minutes(50)), now);
  const Judgement both = Both(cosigned, Both(judge("9999:a", 10), judge("9999:b", 20)));
  EXPECT_EQ(both.source, TimeSource::kReceipts);
  EXPECT_EQ(both.at, Now() + absl::Minutes(50));
  EXPECT_THAT(both.by, ElementsAre(Participant("9999:a"), Participant("9999:b")));
  EXPECT_THAT(Both(judge("9999:a", 10), judge("9999:a", 30)).by, ElementsAre(Participant("9999:a")));
}

}  // namespace
}  // namespace meguri::certs
