// SPDX-License-Identifier: Apache-2.0
#include "node/access/grants.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri::node {
namespace {

namespace v1 = passport::v1;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::SizeIs;

const record::ParticipantId kOwner = *record::ParticipantId::Parse("9999:owner");
const record::ParticipantId kReader = *record::ParticipantId::Parse("9999:reader");
const record::ParticipantId kOther = *record::ParticipantId::Parse("9999:other");
const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 11, 27), absl::UTCTimeZone());
constexpr char kOffer[] = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
constexpr char kGrant[] = "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a";

v1::Offer Offer() {
  v1::Offer offer;
  offer.mutable_selector()->set_all(true);
  offer.add_section_types(record::v1::SECTION_TYPE_COMPOSITION);
  offer.set_not_before("2026-11-01T00:00:00Z");
  offer.set_expires("2026-12-31T00:00:00Z");
  return offer;
}

v1::Grant GrantTo(const record::ParticipantId& reader) {
  v1::Grant grant;
  grant.mutable_offer()->set_record_id(kOffer);
  grant.set_grantee_id(reader.text());
  grant.set_not_before("2026-11-10T00:00:00Z");
  grant.set_expires("2027-01-31T00:00:00Z");
  grant.set_state(v1::GRANT_STATE_ACTIVE);
  return grant;
}

class GrantsTest : public ::testing::Test {
 protected:
  GrantsTest() {
    const v1::Offer offer = Offer();
    grants_.SetOffer(kOffer, &offer);
    Grant(kGrant, GrantTo(kReader));
  }
  void Grant(const std::string& id, const v1::Grant& grant) { grants_.SetGrant(id, &grant); }
  // By which rule the reader's grants decide about the offer.
  std::string Rule(const record::ParticipantId& reader = kReader) {
    const std::shared_ptr<const ReaderGrants> made = grants_.Of(reader);
    if (made == nullptr) {
      return "";
    }
    return std::string(JudgeOffer(*made, kOwner, kOffer, {{}, kNow}).rule);
  }
  Grants grants_{kOwner};
};

TEST_F(GrantsTest, OpensWithTheAgreementAndClosesWithoutIt) {
  EXPECT_EQ(Rule(), "deny-grant-not-agreed");
  grants_.SetAgreement(kReader, "first", kGrant);
  grants_.SetAgreement(kReader, "second", kGrant);
  EXPECT_EQ(Rule(), "allow-grant");
  grants_.SetAgreement(kReader, "first", "");
  EXPECT_EQ(Rule(), "allow-grant");
  grants_.SetAgreement(kReader, "second", "");
  EXPECT_EQ(Rule(), "deny-grant-not-agreed");
}

TEST_F(GrantsTest, SaysNothingOfWhomNothingWasGranted) {
  EXPECT_THAT(grants_.Of(kOther), IsNull());
  // An agreement to what is somebody else's, or nobody's, is none.
  grants_.SetAgreement(kOther, "agreement", kGrant);
  grants_.SetAgreement(kOther, "another", "2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b");
  EXPECT_EQ(Rule(kOther), "");
}

TEST_F(GrantsTest, TakesTheTimeThatGrantAndOfferHaveInCommon) {
  const GrantTerms terms = grants_.Of(kReader)->by_offer.at(kOffer).front();
  EXPECT_EQ(terms.not_before, absl::FromCivil(absl::CivilDay(2026, 11, 10), absl::UTCTimeZone()));
  EXPECT_EQ(terms.expires, absl::FromCivil(absl::CivilDay(2026, 12, 31), absl::UTCTimeZone()));
}

TEST_F(GrantsTest, ClosesWithItsGrantAndWithItsOffer) {
  grants_.SetAgreement(kReader, "agreement", kGrant);
  v1::Grant suspended = GrantTo(kReader);
  suspended.set_state(v1::GRANT_STATE_SUSPENDED);
  Grant(kGrant, suspended);
  EXPECT_EQ(Rule(), "deny-grant-suspended");
  Grant(kGrant, GrantTo(kReader));
  EXPECT_EQ(Rule(), "allow-grant");
  grants_.SetGrant(kGrant, nullptr);
  EXPECT_EQ(Rule(), "deny-grant-revoked");
  EXPECT_THAT(grants_.FindGrant(kGrant), IsNull());
  Grant(kGrant, GrantTo(kReader));
  grants_.SetOffer(kOffer, nullptr);
  EXPECT_EQ(Rule(), "deny-offer-ended");
  EXPECT_THAT(grants_.FindOffer(kOffer), IsNull());
  EXPECT_TRUE(grants_.table().empty());
}

TEST_F(GrantsTest, IsSpentByWhatWasDelivered) {
  grants_.SetAgreement(kReader, "agreement", kGrant);
  EXPECT_FALSE(grants_.SetDeliveries(kGrant, 7));  // no limit
  EXPECT_EQ(Rule(), "allow-grant");
  v1::Grant limited = GrantTo(kReader);
  limited.set_deliveries_max(9);
  Grant(kGrant, limited);
  EXPECT_EQ(grants_.Of(kReader)->by_offer.at(kOffer).front().deliveries_left(), uint64_t{2});
  EXPECT_FALSE(grants_.SetDeliveries(kGrant, 8));
  EXPECT_EQ(Rule(), "allow-grant");
  EXPECT_TRUE(grants_.SetDeliveries(kGrant, 9));
  EXPECT_EQ(Rule(), "deny-grant-spent");
  EXPECT_FALSE(grants_.SetDeliveries("3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c", 9));  // of nobody's
}

TEST_F(GrantsTest, AGrantOfAnOfferThatIsNotThereOpensNothing) {
  Grants orphaned(kOwner);
  const v1::Grant grant = GrantTo(kReader);
  orphaned.SetGrant(kGrant, &grant);
  orphaned.SetAgreement(kReader, "agreement", kGrant);
  EXPECT_EQ(JudgeOffer(*orphaned.Of(kReader), kOwner, kOffer, {{}, kNow}).rule, "deny-offer-ended");
}

TEST_F(GrantsTest, ShowsWhatRolesWereGrantedOnlyToWhomAgreesAndToWhoeverExplains) {
  v1::Grant grant = GrantTo(kReader);
  grant.clear_grantee_id();
  grant.mutable_grantee_role()->set_kind(registry::v1::ROLE_KIND_RECYCLER);
  const std::string id = "3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c";
  Grant(id, grant);
  EXPECT_THAT(grants_.Of(kOther), IsNull());
  EXPECT_THAT(grants_.AllFor(kOther).by_offer, SizeIs(1));
  grants_.SetAgreement(kOther, "agreement", id);
  ASSERT_THAT(grants_.Of(kOther), NotNull());
  EXPECT_TRUE(grants_.Of(kOther)->has_roles);
  EXPECT_EQ(Rule(kOther), "deny-grant-role");
}

// What a read needs is made once, and not again because somebody else was granted something.
TEST_F(GrantsTest, KeepsWhatItMadeUntilThatReaderIsConcerned) {
  const std::shared_ptr<const ReaderGrants> before = grants_.Of(kReader);
  for (int i = 0; i < 1000; ++i) {
    Grant(absl::StrCat(absl::Hex(i, absl::kZeroPad16), std::string(16, '0')), GrantTo(kOther));
  }
  EXPECT_EQ(grants_.Of(kReader), before);
  EXPECT_THAT(grants_.Of(kOther)->by_offer.at(kOffer), SizeIs(1000));
  grants_.SetAgreement(kReader, "agreement", kGrant);
  EXPECT_NE(grants_.Of(kReader), before);
}

TEST_F(GrantsTest, TellsOfEachTurnOnce) {
  EXPECT_TRUE(grants_.TakeTurns(kNow));
  EXPECT_FALSE(grants_.TakeTurns(kNow));
  EXPECT_FALSE(grants_.TakeTurns(kNow + absl::Hours(24)));
  EXPECT_TRUE(grants_.TakeTurns(kNow + absl::Hours(24 * 60)));
}

}  // namespace
}  // namespace meguri::node
