// SPDX-License-Identifier: Apache-2.0
#include "certs/witnesses.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "record/checkpoint.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::KeyMessage;
using testing::NewKey;
using testing::Now;
using testing::Operator;
using testing::Participant;
using testing::ValueOf;

uint64_t Seconds(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixSeconds(time)); }

class Witnesses : public ::testing::Test {
 protected:
  registry::v1::MemberKey& Pin(const std::string& member, const SigningKey& key) {
    message_.add_witnesses(member);
    registry::v1::MemberKey& pinned = *message_.add_witness_keys();
    pinned = KeyMessage(key, registry::v1::KEY_PURPOSE_FEED);
    message_.set_witness_quorum(1);
    return pinned;
  }
  void Cosign(const std::string& member, const SigningKey& key, absl::Time time) {
    const std::string name = record::WitnessName(testing::kFederation, Participant(member));
    note_ += ValueOf(record::Cosign(note_, name, key, Seconds(time)));
  }
  absl::StatusOr<Cosigners> Count() const {
    return CosignersOf(note_, ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(message_, op_.Signers())), Now())));
  }

  const Operator op_;
  const std::unique_ptr<SigningKey> a_ = NewKey();
  const std::unique_ptr<SigningKey> b_ = NewKey();
  registry::v1::TrustBundle message_ = op_.BundleMessage();
  std::string note_ = ValueOf(record::SignCheckpoint({"origin", 5, record::Sha256("root")}, *NewKey()));
};

TEST_F(Witnesses, AreCountedAgainstTheQuorumOfTheBundle) {
  Pin("0199:a", *a_);
  Pin("0199:b", *b_);
  message_.set_witness_quorum(2);
  Cosign("0199:b", *b_, Now());
  const Cosigners one = ValueOf(Count());
  ASSERT_EQ(one.cosigned.size(), 1U);
  EXPECT_EQ(one.cosigned[0].witness.text(), "0199:b");
  EXPECT_EQ(one.cosigned[0].time, Now());
  EXPECT_EQ(one.quorum, 2U);
  EXPECT_EQ(one.witnesses, 2U);
  EXPECT_FALSE(one.HasQuorum());
  Cosign("0199:a", *a_, Now() - absl::Hours(1));
  const Cosigners two = ValueOf(Count());
  ASSERT_EQ(two.cosigned.size(), 2U);
  EXPECT_EQ(two.cosigned[0].witness.text(), "0199:a");
  EXPECT_TRUE(two.HasQuorum());
}

TEST_F(Witnesses, CountOnceEvenWithTwoKeys) {
  Pin("0199:a", *a_);
  Pin("0199:a", *b_);
  Cosign("0199:a", *a_, Now());
  Cosign("0199:a", *b_, Now() - absl::Hours(1));
  const Cosigners cosigners = ValueOf(Count());
  ASSERT_EQ(cosigners.cosigned.size(), 1U);
  EXPECT_EQ(cosigners.cosigned[0].time, Now() - absl::Hours(1));
  EXPECT_EQ(cosigners.witnesses, 1U);
}

TEST_F(Witnesses, CountWithinTheTimesOfTheirKeysAndNeverOnceRevoked) {
  registry::v1::MemberKey& key = Pin("0199:a", *a_);
  Pin("0199:b", *b_);
  Cosign("0199:a", *a_, Now());
  key.set_not_after_ms(testing::NowMs());
  EXPECT_EQ(ValueOf(Count()).cosigned.size(), 0U);
  key.set_not_after_ms(testing::NowMs() + 1);
  EXPECT_EQ(ValueOf(Count()).cosigned.size(), 1U);
  key.set_not_before_ms(testing::NowMs() + 1);
  key.set_not_after_ms(0);
  EXPECT_EQ(ValueOf(Count()).cosigned.size(), 0U);
  key.set_not_before_ms(testing::NowMs());
  EXPECT_EQ(ValueOf(Count()).cosigned.size(), 1U);
  key.set_revoked_ms(testing::NowMs() + 1'000'000);
  EXPECT_EQ(ValueOf(Count()).cosigned.size(), 0U);
  EXPECT_EQ(ValueOf(Count()).witnesses, 1U);
}

TEST_F(Witnesses, ThatSignBothOfTwoHeadsAreNamed) {
  Pin("0199:a", *a_);
  Pin("0199:b", *b_);
  Cosign("0199:a", *a_, Now());
  Cosign("0199:b", *b_, Now());
  const std::string one = note_;
  note_ = ValueOf(record::SignCheckpoint({"origin", 5, record::Sha256("other root")}, *NewKey()));
  Cosign("0199:b", *b_, Now() + absl::Hours(1));
  const TrustBundle bundle = ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(message_, op_.Signers())), Now()));
  const std::vector<record::ParticipantId> liars = CosignersOfBoth(one, note_, bundle);
  ASSERT_EQ(liars.size(), 1U);
  EXPECT_EQ(liars[0].text(), "0199:b");
  EXPECT_TRUE(CosignersOfBoth(one, "no note", bundle).empty());
}

TEST_F(Witnesses, OfABundleWithoutAnyNeverMakeAQuorum) {
  const Cosigners none = ValueOf(Count());
  EXPECT_EQ(none.quorum, 0U);
  EXPECT_FALSE(none.HasQuorum());
}

TEST_F(Witnesses, WhoSignedForAnotherNameIsPassedOverAndAForgeryIsAnError) {
  Pin("0199:a", *a_);
  Cosign("0199:b", *a_, Now());  // the key is pinned, the name is not
  EXPECT_EQ(ValueOf(Count()).cosigned.size(), 0U);
  const std::string other = ValueOf(record::SignCheckpoint({"origin", 6, record::Sha256("root")}, *NewKey()));
  note_ += ValueOf(
      record::Cosign(other, record::WitnessName(testing::kFederation, Participant("0199:a")), *a_, Seconds(Now())));
  EXPECT_THAT(Count(), HasReason("COSIGNATURE"));
}

}  // namespace
}  // namespace meguri::certs
