// SPDX-License-Identifier: Apache-2.0
#include "certs/key_history.h"

#include <memory>
#include <string>
#include <vector>

#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using registry::v1::KeyOrigin;
using registry::v1::MemberEntry;
using registry::v1::MemberKey;
using ::testing::ElementsAre;
using testing::KeyMessage;
using testing::kFederation;
using testing::Member;
using testing::NewKey;
using testing::NowMs;
using testing::Participant;
using testing::ValueOf;

constexpr auto kFirst = registry::v1::KEY_ORIGIN_FIRST;
constexpr auto kEndorsed = registry::v1::KEY_ORIGIN_ENDORSED;
constexpr auto kRecovery = registry::v1::KEY_ORIGIN_RECOVERY;
constexpr auto kRefused = registry::v1::KEY_ORIGIN_REFUSED;
constexpr auto kUnspecified = registry::v1::KEY_ORIGIN_UNSPECIFIED;
constexpr auto kRecord = registry::v1::KEY_PURPOSE_RECORD;

constexpr uint64_t kLater = 1'000'000;

std::vector<KeyOrigin> OriginsOf(const std::vector<KeyJudgement>& judged) {
  std::vector<KeyOrigin> origins;
  origins.reserve(judged.size());
  for (const KeyJudgement& one : judged) {
    origins.push_back(one.origin);
  }
  return origins;
}

class KeyHistoryTest : public ::testing::Test {
 protected:
  // The first entry as an operator of today publishes it.
  MemberEntry First() const {
    MemberEntry entry = member_.Entry();
    StateOrigins(kFederation, nullptr, testing::Now(), entry);
    return entry;
  }

  // `entry` with one more record key, from NowMs() + `after_ms` on.
  static MemberEntry With(MemberEntry entry, const SigningKey& key, KeyOrigin origin, uint64_t after_ms = 0,
                          registry::v1::KeyPurpose purpose = kRecord) {
    MemberKey& added = *entry.add_keys();
    added = KeyMessage(key, purpose);
    added.set_not_before_ms(NowMs() + after_ms);
    added.set_origin(origin);
    return entry;
  }

  // The same, signed by `before`.
  static MemberEntry WithEndorsed(MemberEntry entry, const SigningKey& key, const SigningKey& before,
                                  uint64_t after_ms = 0, registry::v1::KeyPurpose purpose = kRecord) {
    entry = With(std::move(entry), key, kEndorsed, after_ms, purpose);
    MemberKey& added = *entry.mutable_keys(entry.keys_size() - 1);
    *added.mutable_endorsement() = ValueOf(EndorseKey(kFederation, Participant(entry.participant_id()), before, added));
    return entry;
  }

  static MemberKey& Last(MemberEntry& entry) { return *entry.mutable_keys(entry.keys_size() - 1); }

  std::vector<KeyOrigin> Added(const MemberEntry& entry) {
    history_.Add(entry);
    return OriginsOf(history_.Judge(entry));
  }

  KeyHistory history_{kFederation};
  const Member member_{.id = "0199:member"};
  const std::unique_ptr<SigningKey> second_ = NewKey();
  const std::unique_ptr<SigningKey> third_ = NewKey(record::KeyAlgorithm::kEcdsaP256);
};

TEST_F(KeyHistoryTest, TakesTheFirstKeysOfAMember) {
  EXPECT_THAT(Added(First()), ElementsAre(kFirst, kFirst));
  EXPECT_THAT(Added(Member{.id = "0199:other"}.Entry()), ElementsAre(kFirst, kFirst)) << "an older program wrote it";
}

TEST_F(KeyHistoryTest, TakesAKeyThatTheOneBeforeSigned) {
  EXPECT_THAT(Added(First()), ElementsAre(kFirst, kFirst));
  MemberEntry entry = WithEndorsed(First(), *second_, *member_.record_key);
  EXPECT_THAT(Added(entry), ElementsAre(kFirst, kFirst, kEndorsed));
  entry = WithEndorsed(entry, *third_, *second_, kLater);
  EXPECT_THAT(Added(entry), ElementsAre(kFirst, kFirst, kEndorsed, kEndorsed));
  EXPECT_EQ(history_.Judge(entry).back().recovered_ms, 0U);
}

TEST_F(KeyHistoryTest, RefusesANewKeyThatIsNeitherEndorsedNorARecovery) {
  EXPECT_THAT(Added(First()), ElementsAre(kFirst, kFirst));
  EXPECT_THAT(Added(With(First(), *second_, kUnspecified)), ElementsAre(kFirst, kFirst, kRefused));
  EXPECT_THAT(Added(With(First(), *second_, kFirst)), ElementsAre(kFirst, kFirst, kRefused));
  // The operator has mended it: nothing is lost for good.
  EXPECT_THAT(Added(With(First(), *second_, kRecovery)), ElementsAre(kFirst, kFirst, kRecovery));
  // Nor does the mark go away by leaving it out.
  EXPECT_THAT(Added(With(First(), *second_, kFirst)), ElementsAre(kFirst, kFirst, kRecovery));
}

TEST_F(KeyHistoryTest, RefusesASignatureThatIsNotOverThisKey) {
  EXPECT_THAT(Added(First()), ElementsAre(kFirst, kFirst));
  const MemberEntry good = WithEndorsed(First(), *second_, *member_.record_key);
  const auto refused_if = [&](const char* what, auto change) {
    MemberEntry entry = good;
    change(Last(entry));
    KeyHistory history(kFederation);
    history.Add(First());
    history.Add(entry);
    EXPECT_THAT(OriginsOf(history.Judge(entry)), ElementsAre(kFirst, kFirst, kRefused)) << what;
  };
  refused_if("another beginning", [](MemberKey& key) { key.set_not_before_ms(key.not_before_ms() + 1); });
  refused_if("another key", [&](MemberKey& key) { key.set_public_key(NewKey()->public_key().spki()); });
  refused_if("another purpose", [](MemberKey& key) { key.set_purpose(registry::v1::KEY_PURPOSE_FEED); });
  refused_if("one bit of the signature",
             [](MemberKey& key) { (*key.mutable_endorsement()->mutable_signature())[9] ^= 1; });
  refused_if("the key signs for itself", [&](MemberKey& key) {
    *key.mutable_endorsement() = ValueOf(EndorseKey(kFederation, Participant(member_.id), *second_, key));
  });
  refused_if("for another federation", [&](MemberKey& key) {
    const auto other = ValueOf(EndorseKey("other.example", Participant(member_.id), *member_.record_key, key));
    key.mutable_endorsement()->set_signature(other.signature());
  });
  refused_if("for another member", [&](MemberKey& key) {
    const auto other = ValueOf(EndorseKey(kFederation, Participant("0199:other"), *member_.record_key, key));
    key.mutable_endorsement()->set_signature(other.signature());
  });
  refused_if("by the member's key of another purpose", [&](MemberKey& key) {
    *key.mutable_endorsement() = ValueOf(EndorseKey(kFederation, Participant(member_.id), *member_.feed_key, key));
  });
}

// The operator leaves the old key out, so that the new one looks like a first.
TEST_F(KeyHistoryTest, RemembersKeysThatAnEntryLeavesOut) {
  EXPECT_THAT(Added(First()), ElementsAre(kFirst, kFirst));
  MemberEntry swapped = First();
  swapped.mutable_keys(0)->set_public_key(second_->public_key().spki());
  EXPECT_THAT(Added(swapped), ElementsAre(kRefused, kFirst));
}

TEST_F(KeyHistoryTest, ARecoveryShowsInEveryKeyThatGoesBackToIt) {
  EXPECT_THAT(Added(First()), ElementsAre(kFirst, kFirst));
  MemberEntry entry = With(First(), *second_, kRecovery);
  entry = WithEndorsed(entry, *third_, *second_, kLater);
  EXPECT_THAT(Added(entry), ElementsAre(kFirst, kFirst, kRecovery, kEndorsed));
  EXPECT_EQ(history_.Judge(entry)[0].recovered_ms, 0U);
  EXPECT_EQ(history_.Judge(entry)[2].recovered_ms, NowMs());
  EXPECT_EQ(history_.Judge(entry)[3].recovered_ms, NowMs());
}

TEST_F(KeyHistoryTest, ARevokedKeyVouchesForNothing) {
  MemberEntry revoked = First();
  revoked.mutable_keys(0)->set_revoked_ms(NowMs());
  EXPECT_THAT(Added(revoked), ElementsAre(kFirst, kFirst));
  // Whoever has the key dates the new one back.
  MemberEntry entry = revoked;
  entry = WithEndorsed(entry, *second_, *member_.record_key);
  Last(entry).set_not_before_ms(NowMs() - kLater);
  *Last(entry).mutable_endorsement() =
      ValueOf(EndorseKey(kFederation, Participant(member_.id), *member_.record_key, Last(entry)));
  EXPECT_THAT(Added(entry), ElementsAre(kFirst, kFirst, kRecovery));
  EXPECT_EQ(history_.Judge(entry).back().recovered_ms, NowMs() - kLater);
}

TEST_F(KeyHistoryTest, ARevocationThatIsDatedBackTakesTheEndorsementWithIt) {
  EXPECT_THAT(Added(First()), ElementsAre(kFirst, kFirst));
  MemberEntry entry = WithEndorsed(First(), *second_, *member_.record_key);
  EXPECT_THAT(Added(entry), ElementsAre(kFirst, kFirst, kEndorsed));
  entry.mutable_keys(0)->set_revoked_ms(NowMs() + 1);
  EXPECT_THAT(Added(entry), ElementsAre(kFirst, kFirst, kEndorsed)) << "it was good when the next one began";
  entry.mutable_keys(0)->set_revoked_ms(NowMs());
  EXPECT_THAT(Added(entry), ElementsAre(kFirst, kFirst, kRecovery));
}

TEST_F(KeyHistoryTest, TakesWhatWasRegisteredBeforeEntriesSaidHow) {
  const MemberEntry old = member_.Entry();
  EXPECT_THAT(Added(old), ElementsAre(kFirst, kFirst));
  const MemberEntry rotated = With(old, *second_, kUnspecified);
  EXPECT_THAT(Added(rotated), ElementsAre(kFirst, kFirst, kUnspecified));
  EXPECT_EQ(history_.Judge(rotated).back().recovered_ms, 0U);
  // From the first entry on that says how, of whatever member, all must.
  MemberEntry other = Member{.id = "0199:other"}.Entry();
  StateOrigins(kFederation, nullptr, testing::Now(), other);
  EXPECT_THAT(Added(other), ElementsAre(kFirst, kFirst));
  EXPECT_THAT(Added(With(rotated, *third_, kUnspecified)), ElementsAre(kFirst, kFirst, kUnspecified, kRefused));
  EXPECT_THAT(Added(WithEndorsed(rotated, *third_, *second_)), ElementsAre(kFirst, kFirst, kUnspecified, kEndorsed));
}

TEST_F(KeyHistoryTest, AnEntryAloneTellsWhatItCan) {
  EXPECT_THAT(OriginsOf(JudgeAlone(kFederation, First())), ElementsAre(kFirst, kFirst));
  EXPECT_THAT(OriginsOf(JudgeAlone(kFederation, WithEndorsed(First(), *second_, *member_.record_key))),
              ElementsAre(kFirst, kFirst, kEndorsed));
  EXPECT_THAT(OriginsOf(JudgeAlone(kFederation, WithEndorsed(First(), *second_, *third_))),
              ElementsAre(kFirst, kFirst, kRefused));
  EXPECT_THAT(OriginsOf(JudgeAlone(kFederation, With(First(), *second_, kRecovery))),
              ElementsAre(kFirst, kFirst, kRecovery));
  // It may have been registered before entries said how: shown, not refused.
  EXPECT_THAT(OriginsOf(JudgeAlone(kFederation, With(First(), *second_, kUnspecified))),
              ElementsAre(kFirst, kFirst, kUnspecified));
  EXPECT_THAT(OriginsOf(JudgeAlone(kFederation, With(First(), *second_, kFirst))),
              ElementsAre(kFirst, kFirst, kUnspecified));
}

TEST_F(KeyHistoryTest, TheOperatorsCommandChecksAndSaysHowKeysComeIn) {
  const MemberEntry before = First();
  EXPECT_THAT(CheckNewKeys(kFederation, &before, With(before, *second_, kUnspecified)), HasReason("KEY_NOT_ENDORSED"));
  EXPECT_FALSE(ValueOf(CheckNewKeys(kFederation, &before, WithEndorsed(before, *second_, *member_.record_key))));
  EXPECT_TRUE(ValueOf(CheckNewKeys(kFederation, &before, With(before, *second_, kRecovery))));
  MemberEntry enrolled_again = With(before, *second_, kUnspecified);
  EXPECT_TRUE(StateOrigins(kFederation, &before, testing::Now(), enrolled_again));
  EXPECT_EQ(Last(enrolled_again).origin(), kRecovery);
  MemberEntry signed_again = WithEndorsed(before, *second_, *member_.record_key);
  EXPECT_FALSE(StateOrigins(kFederation, &before, testing::Now(), signed_again));
  EXPECT_EQ(Last(signed_again).origin(), kEndorsed);
}

TEST_F(KeyHistoryTest, TheRegistryLeavesOutWhatIsRefusedAndNothingElse) {
  const testing::Operator registrar;
  const TrustBundle bundle = registrar.Bundle();
  const MemberEntry entry = With(First(), *second_, kUnspecified, kLater);
  history_.Add(First());
  history_.Add(entry);
  const auto registry = ValueOf(Registry::Make(bundle, {entry}, &history_));
  EXPECT_EQ(registry->FindKey(testing::KeyIdOf(member_.id, *second_)), nullptr);
  EXPECT_EQ(registry->WhyUnknown(testing::KeyIdOf(member_.id, *second_)), "KEY_NOT_ENDORSED");
  EXPECT_EQ(registry->WhyUnknown(testing::KeyIdOf(member_.id, *third_)), "UNKNOWN_KEY");
  EXPECT_NE(registry->FindKey(testing::KeyIdOf(member_.id, *member_.record_key)), nullptr);
  EXPECT_TRUE(registry->IsActive(Participant(member_.id)));
  ASSERT_EQ(registry->KeyNotices().size(), 1U);
  EXPECT_EQ(registry->KeyNotices()[0].origin(), kRefused);
  EXPECT_EQ(registry->KeyNotices()[0].not_before_ms(), NowMs() + kLater);
}

TEST_F(KeyHistoryTest, AnEntryHasTheFormOfWhatItSays) {
  MemberEntry entry = With(First(), *second_, kEndorsed);
  EXPECT_FALSE(CheckMemberEntry(kFederation, entry).ok()) << "endorsed by nobody";
  entry = WithEndorsed(First(), *second_, *member_.record_key);
  MEGURI_EXPECT_OK(CheckMemberEntry(kFederation, entry));
  Last(entry).set_origin(kRecovery);
  EXPECT_FALSE(CheckMemberEntry(kFederation, entry).ok()) << "a recovery that is endorsed";
  EXPECT_FALSE(CheckMemberEntry(kFederation, With(First(), *second_, kRefused)).ok());
  EXPECT_FALSE(CheckMemberEntry(kFederation, With(First(), *second_, static_cast<KeyOrigin>(5))).ok());
}

}  // namespace
}  // namespace meguri::certs
