// SPDX-License-Identifier: Apache-2.0
#include "certs/signature_time.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "gtest/gtest.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using testing::Participant;

absl::Time At(int64_t minutes) { return testing::Now() + absl::Minutes(minutes); }

// Four witnesses of which three must cosign, so that one may lie, and when they did.
Cosigners CosignedAt(std::vector<int64_t> minutes, uint32_t quorum = 3, size_t witnesses = 4) {
  std::sort(minutes.begin(), minutes.end());
  Cosigners cosigners;
  cosigners.quorum = quorum;
  cosigners.witnesses = witnesses;
  for (size_t i = 0; i < minutes.size(); ++i) {
    cosigners.cosigned.push_back({Participant(absl::StrCat("0199:witness-", i)), At(minutes[i])});
  }
  return cosigners;
}

struct Ends {
  absl::Time not_before = absl::InfinitePast();
  absl::Time not_after = absl::InfiniteFuture();
  absl::Time revoked = absl::InfiniteFuture();
};

RegisteredKey Key(const Ends& ends) {
  static const std::unique_ptr<SigningKey> key = testing::NewKey();
  return {.owner = Participant("0199:member"),
          .purpose = registry::v1::KEY_PURPOSE_RECORD,
          .key = key->public_key(),
          .not_before = ends.not_before,
          .not_after = ends.not_after,
          .revoked = ends.revoked};
}

TEST(SignatureTime, KnowsHowManyWitnessesMayLie) {
  EXPECT_EQ(LyingWitnesses(3, 2), 0U);
  EXPECT_EQ(LyingWitnesses(4, 3), 1U);
  EXPECT_EQ(LyingWitnesses(7, 5), 2U);
  EXPECT_EQ(LyingWitnesses(1, 1), 0U);
  EXPECT_EQ(LyingWitnesses(4, 2), 0U) << "no majority: none";
  EXPECT_EQ(LyingWitnesses(0, 0), 0U);
}

TEST(SignatureTime, IsTheEarliestThatAnHonestWitnessVouchesFor) {
  EXPECT_EQ(ProvenTime(CosignedAt({10, 20, 30})), At(20));
  EXPECT_EQ(ProvenTime(CosignedAt({10, 20, 30, 40})), At(20));
  EXPECT_EQ(ProvenTime(CosignedAt({10, 20})), absl::nullopt) << "no quorum";
  EXPECT_EQ(ProvenTime(CosignedAt({10, 20}, 2, 3)), At(10));
  EXPECT_EQ(ProvenTime(CosignedAt({1, 2, 3, 4, 5}, 5, 7)), At(3));
  EXPECT_EQ(ProvenTime(CosignedAt({10}, 0, 0)), absl::nullopt) << "a bundle without witnesses";
  const std::vector<Cosigners> heads = {CosignedAt({50, 60, 70}), CosignedAt({10, 20}), CosignedAt({30, 40, 45})};
  EXPECT_EQ(EarliestTime(heads), At(40));
  EXPECT_EQ(EarliestTime({}), absl::nullopt);
}

struct Case {
  const char* what;
  Ends ends;
  absl::optional<absl::Time> proven;
  Verdict verdict;
  const char* reason;
};

TEST(SignatureTime, JudgesByTheWholeTable) {
  const absl::Time never = absl::InfiniteFuture();
  const absl::Time always = absl::InfinitePast();
  const absl::Time now = At(1000);
  const absl::Duration ms = absl::Milliseconds(1);
  const std::vector<Case> cases = {
      {"usable, no proof", {}, absl::nullopt, Verdict::kValid, ""},
      {"usable, proof", {}, At(0), Verdict::kValid, ""},
      {"usable, proof older than the key", {At(10), never, never}, At(0), Verdict::kValid, ""},
      {"ends later", {always, now + ms, never}, absl::nullopt, Verdict::kValid, ""},
      {"to be revoked later", {always, never, now + ms}, absl::nullopt, Verdict::kValid, ""},
      {"not in force yet", {now + ms, never, never}, absl::nullopt, Verdict::kInvalid, "KEY_NOT_YET_VALID"},
      {"not in force yet, proof", {now + ms, never, never}, At(0), Verdict::kInvalid, "KEY_NOT_YET_VALID"},
      {"expired, no proof", {always, At(100), never}, absl::nullopt, Verdict::kIndeterminate, "KEY_EXPIRED"},
      {"expired now", {always, now, never}, absl::nullopt, Verdict::kIndeterminate, "KEY_EXPIRED"},
      {"expired, there just before", {always, At(100), never}, At(100) - ms, Verdict::kValidAt, "KEY_EXPIRED"},
      {"expired, there at the end", {always, At(100), never}, At(100), Verdict::kIndeterminate, "KEY_EXPIRED"},
      {"revoked, no proof", {always, never, At(100)}, absl::nullopt, Verdict::kIndeterminate, "KEY_REVOKED"},
      {"revoked now", {always, never, now}, absl::nullopt, Verdict::kIndeterminate, "KEY_REVOKED"},
      {"revoked, there long before", {always, never, At(100)}, At(0), Verdict::kValidAt, "KEY_REVOKED"},
      {"revoked, before the margin", {always, never, At(100)}, At(95) - ms, Verdict::kValidAt, "KEY_REVOKED"},
      {"revoked, within the margin", {always, never, At(100)}, At(95), Verdict::kIndeterminate, "KEY_REVOKED"},
      {"revoked, there after", {always, never, At(100)}, At(200), Verdict::kIndeterminate, "KEY_REVOKED"},
      {"revoked from its beginning", {At(0), never, At(0)}, At(50), Verdict::kIndeterminate, "KEY_REVOKED"},
      {"expired, then revoked", {always, At(100), At(200)}, At(99), Verdict::kValidAt, "KEY_REVOKED"},
      {"there between both ends", {always, At(100), At(200)}, At(150), Verdict::kIndeterminate, "KEY_REVOKED"},
      {"revoked from before its end", {always, At(200), At(100)}, At(150), Verdict::kIndeterminate, "KEY_REVOKED"},
  };
  for (const Case& one : cases) {
    const Judgement judged = JudgeSignature(Key(one.ends), one.proven, now);
    EXPECT_EQ(judged.verdict, one.verdict) << one.what;
    EXPECT_EQ(judged.why.ok() ? "" : ReasonOf(judged.why), one.reason) << one.what;
    EXPECT_EQ(judged.at, one.verdict == Verdict::kValidAt ? *one.proven : absl::InfinitePast()) << one.what;
  }
}

TEST(SignatureTime, OfTwoTheWorseCounts) {
  const Judgement valid = JudgeSignature(Key({}), absl::nullopt, At(1000));
  const Ends ended{absl::InfinitePast(), At(100), absl::InfiniteFuture()};
  const Judgement at_10 = JudgeSignature(Key(ended), At(10), At(1000));
  const Judgement at_20 = JudgeSignature(Key(ended), At(20), At(1000));
  const Judgement unknown = JudgeSignature(Key(ended), absl::nullopt, At(1000));
  EXPECT_EQ(Both(valid, valid).verdict, Verdict::kValid);
  EXPECT_EQ(Both(valid, at_10).at, At(10));
  EXPECT_EQ(Both(at_20, at_10).at, At(20));
  EXPECT_EQ(Both(at_10, at_20).at, At(20));
  EXPECT_EQ(Both(at_10, unknown).verdict, Verdict::kIndeterminate);
  EXPECT_EQ(Both(unknown, valid).verdict, Verdict::kIndeterminate);
}

// Random histories: what must hold of every one of them.
class RandomTimes : public ::testing::Test {
 protected:
  int64_t Minute(int64_t most = 300) { return std::uniform_int_distribution<int64_t>(0, most)(random_); }
  absl::Time Maybe(absl::Time none) { return Minute(2) == 0 ? none : At(Minute()); }
  Ends AnyEnds() { return {Maybe(absl::InfinitePast()), Maybe(absl::InfiniteFuture()), Maybe(absl::InfiniteFuture())}; }
  std::vector<int64_t> AnyTimes(size_t most) {
    std::vector<int64_t> times(static_cast<size_t>(Minute(static_cast<int64_t>(most))));
    std::generate(times.begin(), times.end(), [this] { return Minute(); });
    return times;
  }

  std::mt19937_64 random_{7};
};

constexpr int kRounds = 20'000;

TEST_F(RandomTimes, AnotherProofNeverMakesItWorse) {
  for (int i = 0; i < kRounds; ++i) {
    const RegisteredKey key = Key(AnyEnds());
    const absl::Time now = At(Minute());
    std::vector<Cosigners> heads;
    for (int64_t count = Minute(3); count > 0; --count) {
      heads.push_back(CosignedAt(AnyTimes(4)));
    }
    const Judgement before = JudgeSignature(key, EarliestTime(heads), now);
    if (Minute(1) == 0 || heads.empty()) {
      heads.push_back(CosignedAt(AnyTimes(4)));
    } else if (heads.back().cosigned.size() < 4) {
      std::vector<int64_t> times;
      for (const Cosigners::One& one : heads.back().cosigned) {
        times.push_back((one.time - testing::Now()) / absl::Minutes(1));
      }
      times.push_back(Minute());
      heads.back() = CosignedAt(times);
    }
    const Judgement after = JudgeSignature(key, EarliestTime(heads), now);
    ASSERT_LE(after.verdict, before.verdict) << i;
  }
}

TEST_F(RandomTimes, OneLyingWitnessNeverHelpsAThiefToDateBack) {
  for (int i = 0; i < kRounds; ++i) {
    const int64_t stolen = Minute();
    const int64_t signed_at = stolen + Minute();
    const Ends ends{absl::InfinitePast(), absl::InfiniteFuture(), At(stolen)};
    std::vector<int64_t> times(3);
    std::generate(times.begin(), times.end(), [&] { return signed_at + Minute(); });  // the honest see it afterwards
    times[static_cast<size_t>(Minute(2))] = Minute() - 300;  // and one says what it is paid for
    const Judgement judged = JudgeSignature(Key(ends), EarliestTime({CosignedAt(times)}), At(1000));
    ASSERT_EQ(judged.verdict, Verdict::kIndeterminate) << i;
  }
}

TEST_F(RandomTimes, ALaterRevocationNeverMakesItWorse) {
  for (int i = 0; i < kRounds; ++i) {
    Ends ends = AnyEnds();
    ends.revoked = At(Minute());
    const absl::Time now = At(Minute());
    const absl::optional<absl::Time> proven = Minute(3) == 0 ? absl::nullopt : absl::make_optional(At(Minute()));
    const Judgement before = JudgeSignature(Key(ends), proven, now);
    ends.revoked += absl::Minutes(Minute());
    ASSERT_LE(JudgeSignature(Key(ends), proven, now).verdict, before.verdict) << i;
  }
}

TEST_F(RandomTimes, WhatWasThereBeforeStaysSoForEver) {
  for (int i = 0; i < kRounds; ++i) {
    const RegisteredKey key = Key(AnyEnds());
    const absl::Time now = At(Minute());
    const absl::Time proven = At(Minute());
    const Judgement judged = JudgeSignature(key, proven, now);
    if (judged.verdict == Verdict::kValidAt) {
      ASSERT_EQ(JudgeSignature(key, proven, now + absl::Hours(24 * 365)).at, judged.at) << i;
    }
  }
}

}  // namespace
}  // namespace meguri::certs
