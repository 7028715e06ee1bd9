// SPDX-License-Identifier: Apache-2.0
#include "node/policy/offer.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node/policy/grant.h"

namespace meguri::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'000);

std::string Id(int number) { return absl::StrCat(absl::Dec(number, absl::kZeroPad16), std::string(16, '0')); }

std::shared_ptr<const OfferTerms> Offer(int number, const passport::v1::Selector& selector,
                                        absl::Time expires = kNow + absl::Hours(1)) {
  return std::make_shared<OfferTerms>(OfferTerms{Id(number), selector, {3}, expires});
}

std::vector<std::string> IdsOf(const OfferRefs& offers) {
  std::vector<std::string> ids;
  for (const auto& offer : offers) {
    ids.push_back(offer->id);
  }
  return ids;
}

class OfferTableTest : public ::testing::Test {
 protected:
  OfferTableTest() {
    passport::v1::Selector selector;
    selector.set_all(true);
    table_.Add(Offer(1, selector));
    selector.Clear();
    selector.add_record_types(record::v1::RECORD_TYPE_MATERIAL_PASSPORT);
    table_.Add(Offer(2, selector));
    selector.Clear();
    selector.add_product_groups("battery");
    selector.add_product_groups("battery");
    table_.Add(Offer(3, selector));
    selector.Clear();
    selector.add_product_lines(Id(100));
    table_.Add(Offer(4, selector));
    selector.Clear();
    selector.add_record_ids(Id(200));
    table_.Add(Offer(5, selector));
  }
  OfferTable table_;
};

TEST_F(OfferTableTest, FindsWhatSelectsARecord) {
  EXPECT_THAT(IdsOf(table_.Matching({Id(7), 1, "", {}}, kNow)), ElementsAre(Id(1)));
  EXPECT_THAT(IdsOf(table_.Matching({Id(7), 2, "battery", {}}, kNow)), ElementsAre(Id(1), Id(2), Id(3)));
  EXPECT_THAT(IdsOf(table_.Matching({Id(7), 1, "", {Id(9), Id(100)}}, kNow)), ElementsAre(Id(1), Id(4)));
  EXPECT_THAT(IdsOf(table_.Matching({Id(100), 1, "", {}}, kNow)), ElementsAre(Id(1), Id(4)));
  EXPECT_THAT(IdsOf(table_.Matching({Id(200), 1, "", {}}, kNow)), ElementsAre(Id(1), Id(5)));
}

TEST_F(OfferTableTest, ForgetsWhatIsRemovedAndWhatHasExpired) {
  EXPECT_TRUE(table_.has_lines());
  table_.Remove(Id(4));
  table_.Remove(Id(4));
  EXPECT_FALSE(table_.has_lines());
  EXPECT_THAT(IdsOf(table_.Matching({Id(100), 1, "", {}}, kNow)), ElementsAre(Id(1)));
  EXPECT_THAT(IdsOf(table_.Matching({Id(100), 1, "", {}}, kNow + absl::Hours(1))), IsEmpty());
}

TEST_F(OfferTableTest, SelectsAloneWhatItFindsInTheTable) {
  passport::v1::Selector selector;
  selector.add_product_lines(Id(100));
  EXPECT_TRUE(Selects(selector, {Id(7), 1, "", {Id(100)}}));
  EXPECT_FALSE(Selects(selector, {Id(7), 1, "battery", {Id(101)}}));
  // The ID of a record is no name of a group, whatever it looks like.
  selector.Clear();
  selector.add_product_groups(Id(100));
  EXPECT_FALSE(Selects(selector, {Id(100), 1, "", {}}));
}

GrantTerms GoodGrant() {
  GrantTerms grant{Id(1), Id(2), *record::ParticipantId::Parse("9999:maker")};
  grant.state = passport::v1::GRANT_STATE_ACTIVE;
  grant.agreed = true;
  grant.not_before = kNow;
  grant.expires = kNow + absl::Hours(1);
  return grant;
}

TEST(JudgeGrant, SaysWhatIsMissing) {
  GrantTerms grant = GoodGrant();
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "allow-grant");
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow - absl::Nanoseconds(1)}), "deny-grant-not-yet");
  EXPECT_EQ(JudgeGrant(grant, {{}, grant.expires - absl::Nanoseconds(1)}), "allow-grant");
  EXPECT_EQ(JudgeGrant(grant, {{}, grant.expires}), "deny-grant-expired");
  grant.state = passport::v1::GRANT_STATE_SUSPENDED;
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "deny-grant-suspended");
  grant.state = static_cast<passport::v1::GrantState>(77);
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "deny-grant-suspended");
  grant.state = passport::v1::GRANT_STATE_REVOKED;
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "deny-grant-revoked");
  grant = GoodGrant();
  grant.agreed = false;
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "deny-grant-not-agreed");
  grant = GoodGrant();
  grant.offer_ended = true;
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "deny-offer-ended");
}

TEST(JudgeGrant, IsSpentOnceItHasMadeAllDeliveriesThatItAllows) {
  GrantTerms grant = GoodGrant();
  grant.deliveries = 1'000'000;
  EXPECT_EQ(grant.deliveries_left(), absl::nullopt);
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "allow-grant");
  grant.deliveries_max = 3;
  grant.deliveries = 2;
  EXPECT_EQ(grant.deliveries_left(), uint64_t{1});
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "allow-grant");
  for (const uint64_t made : {uint64_t{3}, uint64_t{4}}) {
    grant.deliveries = made;
    EXPECT_EQ(grant.deliveries_left(), uint64_t{0});
    EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "deny-grant-spent");
  }
}

TEST(JudgeGrant, IsForThePurposeThatIsStatedOrForAny) {
  GrantTerms grant = GoodGrant();
  grant.purpose = passport::v1::ACCESS_PURPOSE_RECYCLING;
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow, passport::v1::ACCESS_PURPOSE_RECYCLING}), "allow-grant");
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow, passport::v1::ACCESS_PURPOSE_AUDIT}), "deny-grant-purpose");
}

TEST(JudgeGrant, AsksForTheRole) {
  GrantTerms grant = GoodGrant();
  grant.role = RoleInScope{registry::v1::ROLE_KIND_RECYCLER, "battery"};
  EXPECT_EQ(JudgeGrant(grant, {{}, kNow}), "deny-grant-role");
  EXPECT_EQ(JudgeGrant(grant, {{{registry::v1::ROLE_KIND_RECYCLER, "tv"}}, kNow}), "deny-grant-role");
  EXPECT_EQ(JudgeGrant(grant, {{{registry::v1::ROLE_KIND_RECYCLER, "battery"}}, kNow}), "allow-grant");
  grant.role->scope = "";
  EXPECT_EQ(JudgeGrant(grant, {{{registry::v1::ROLE_KIND_RECYCLER, "tv"}}, kNow}), "allow-grant");
}

TEST(JudgeOffer, TakesTheGrantThatOpensOrThatComesClosest) {
  ReaderGrants grants;
  GrantTerms revoked = GoodGrant();
  revoked.id = Id(10);
  revoked.state = passport::v1::GRANT_STATE_REVOKED;
  GrantTerms unsigned_one = GoodGrant();
  unsigned_one.id = Id(11);
  unsigned_one.agreed = false;
  grants.by_offer[Id(2)] = {revoked, unsigned_one};
  const record::ParticipantId owner = GoodGrant().owner;
  GrantVerdict verdict = JudgeOffer(grants, owner, Id(2), {{}, kNow});
  EXPECT_EQ(verdict.rule, "deny-grant-not-agreed");
  EXPECT_EQ(verdict.grant->id, Id(11));
  EXPECT_FALSE(verdict.allowed);
  grants.by_offer[Id(2)].push_back(GoodGrant());
  verdict = JudgeOffer(grants, owner, Id(2), {{}, kNow});
  EXPECT_TRUE(verdict.allowed);
  EXPECT_EQ(verdict.rule, "allow-grant");
  // What somebody else grants is another offer, whatever its ID.
  EXPECT_EQ(JudgeOffer(grants, *record::ParticipantId::Parse("9999:other"), Id(2), {{}, kNow}).grant, nullptr);
  EXPECT_EQ(JudgeOffer(grants, owner, Id(3), {{}, kNow}).grant, nullptr);
}

}  // namespace
}  // namespace meguri::node
