// SPDX-License-Identifier: Apache-2.0
#include "node/policy/onward.h"

#include <functional>
#include <random>

#include "gtest/gtest.h"
#include "tests/unit/node/policy/naive_evaluator.h"

namespace meguri::node {
namespace {

using passport::v1::ACCESS_PURPOSE_RECYCLING;
using passport::v1::ACCESS_PURPOSE_REPAIR;
using passport::v1::ACCESS_PURPOSE_UNSPECIFIED;

const char kOwner[] = "9999:owner";
const char kHolder[] = "9999:holder";
const char kReader[] = "9999:reader";
const absl::Time kNow = absl::FromUnixSeconds(5);

record::ParticipantId Id(absl::string_view text) { return *record::ParticipantId::Parse(text); }

Reader Asking(passport::v1::AccessPurpose purpose = ACCESS_PURPOSE_UNSPECIFIED) {
  Reader reader;
  reader.participant = Id(kReader);
  reader.registered = true;
  reader.active = true;
  reader.asker.purpose = purpose;
  return reader;
}

OnwardHolder Holder() { return {Id(kHolder), true, true, {}, kNow}; }

GrantTerms Grant() {
  GrantTerms grant{"a grant", "an offer", Id(kOwner)};
  grant.purpose = ACCESS_PURPOSE_RECYCLING;
  grant.state = passport::v1::GRANT_STATE_ACTIVE;
  grant.agreed = true;
  grant.not_before = kNow - absl::Seconds(1);
  grant.expires = kNow + absl::Seconds(1);
  return grant;
}

OnwardTerms Listing() {
  return {
      Id(kOwner), passport::v1::ONWARD_RULE_LISTED_MEMBERS, {"9999:other", kReader}, {ACCESS_PURPOSE_RECYCLING}, false,
      {Grant()}};
}

OnwardTerms SamePurpose() {
  return {Id(kOwner), passport::v1::ONWARD_RULE_SAME_PURPOSE,
          {},         {ACCESS_PURPOSE_REPAIR, ACCESS_PURPOSE_RECYCLING},
          true,       {Grant()}};
}

TEST(JudgeOnward, LetsThoseWhomTheOfferLists) {
  const OnwardTerms terms = Listing();
  const OnwardVerdict verdict = JudgeOnward(terms, Holder(), Asking());
  EXPECT_TRUE(verdict.allowed);
  EXPECT_EQ(verdict.rule, "allow-onward-listed");
  EXPECT_EQ(verdict.grant, &terms.grants.front());
  OnwardTerms of_others = Listing();
  of_others.listed = {"9999:other"};
  EXPECT_EQ(JudgeOnward(of_others, Holder(), Asking()).rule, "deny-onward-not-listed");
  EXPECT_EQ(JudgeOnward(terms, Holder(), Asking(ACCESS_PURPOSE_REPAIR)).rule, "deny-onward-grant");
}

TEST(JudgeOnward, LetsThoseWhoStateThePurposeOfTheGrant) {
  EXPECT_EQ(JudgeOnward(SamePurpose(), Holder(), Asking(ACCESS_PURPOSE_RECYCLING)).rule, "allow-onward-purpose");
  EXPECT_EQ(JudgeOnward(SamePurpose(), Holder(), Asking()).rule, "deny-onward-purpose");
  EXPECT_EQ(JudgeOnward(SamePurpose(), Holder(), Asking(passport::v1::ACCESS_PURPOSE_AUDIT)).rule,
            "deny-onward-purpose");
  // One of the offer's, and not the one that the holder was granted it for.
  EXPECT_EQ(JudgeOnward(SamePurpose(), Holder(), Asking(ACCESS_PURPOSE_REPAIR)).rule, "deny-onward-grant");
  OnwardTerms hidden = SamePurpose();
  hidden.every_member_sees_it = false;
  EXPECT_EQ(JudgeOnward(hidden, Holder(), Asking(ACCESS_PURPOSE_RECYCLING)).rule, "deny-onward-terms-unknown");
  OnwardTerms without = SamePurpose();
  without.purposes = {ACCESS_PURPOSE_UNSPECIFIED};
  EXPECT_FALSE(JudgeOnward(without, Holder(), Asking()).allowed);
}

TEST(JudgeOnward, DeniesWhateverTheOfferDoesNotSay) {
  for (const auto rule : {passport::v1::ONWARD_RULE_UNSPECIFIED, passport::v1::ONWARD_RULE_NONE,
                          static_cast<passport::v1::OnwardRule>(17)}) {
    OnwardTerms terms = Listing();
    terms.rule = rule;
    EXPECT_EQ(JudgeOnward(terms, Holder(), Asking()).rule, "deny-onward-none");
  }
}

TEST(JudgeOnward, EndsWithTheStandingOfAnyOfTheThree) {
  Reader suspended = Asking();
  suspended.active = false;
  EXPECT_FALSE(JudgeOnward(Listing(), Holder(), suspended).allowed);
  OnwardHolder holder = Holder();
  holder.is_active = false;
  EXPECT_EQ(JudgeOnward(Listing(), holder, Asking()).rule, "deny-onward-standing");
  holder = Holder();
  holder.is_owner_active = false;
  EXPECT_EQ(JudgeOnward(Listing(), holder, Asking()).rule, "deny-onward-standing");
  Reader owner = Asking();
  owner.participant = Id(kOwner);
  EXPECT_EQ(JudgeOnward(Listing(), Holder(), owner).rule, "deny-onward-own");
  EXPECT_FALSE(JudgeOnward(Listing(), Holder(), Reader()).allowed);
}

TEST(JudgeOnward, EndsWithTheGrantOfTheHolder) {
  const auto with = [](const std::function<void(GrantTerms&)>& change) {
    OnwardTerms terms = Listing();
    change(terms.grants.front());
    return JudgeOnward(terms, Holder(), Asking()).rule;
  };
  EXPECT_EQ(with([](GrantTerms&) {}), "allow-onward-listed");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.state = passport::v1::GRANT_STATE_REVOKED; }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.state = passport::v1::GRANT_STATE_SUSPENDED; }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.agreed = false; }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.offer_ended = true; }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.expires = kNow; }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.not_before = kNow + absl::Seconds(1); }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.deliveries_max = 1000; }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.owner = Id("9999:other"); }), "deny-onward-grant");
  EXPECT_EQ(with([](GrantTerms& grant) { grant.role = RoleInScope{registry::v1::ROLE_KIND_CONVERTER, ""}; }),
            "deny-onward-grant");
  OnwardTerms none = Listing();
  none.grants.clear();
  EXPECT_EQ(JudgeOnward(none, Holder(), Asking()).rule, "deny-onward-grant");
}

TEST(JudgeOnward, AgreesWithTheNaiveEvaluatorOnAMillionCases) {
  constexpr int kCases = 1'000'000;
  std::mt19937_64 engine(20'271);
  const auto one_in = [&engine](uint64_t n) { return engine() % n == 0; };
  const std::vector<std::string> members = {kOwner, kHolder, kReader, "9999:other"};
  uint64_t allowed = 0;
  for (int i = 0; i < kCases; ++i) {
    OnwardTerms terms{Id(one_in(8) ? kReader : kOwner)};
    terms.rule = static_cast<passport::v1::OnwardRule>(one_in(8) ? engine() % 5 : 2 + engine() % 2);
    for (const std::string& member : members) {
      if (!one_in(3)) {
        terms.listed.push_back(member);
      }
    }
    for (int purpose = 0; purpose <= 3; ++purpose) {
      if (!one_in(3)) {
        terms.purposes.push_back(static_cast<passport::v1::AccessPurpose>(purpose));
      }
    }
    terms.every_member_sees_it = !one_in(4);
    for (uint64_t left = engine() % 3; left > 0; --left) {
      GrantTerms grant = Grant();
      grant.owner = Id(one_in(8) ? "9999:other" : kOwner);
      grant.state = static_cast<passport::v1::GrantState>(one_in(4) ? engine() % 5 : 1);
      grant.agreed = !one_in(8);
      grant.offer_ended = one_in(8);
      grant.purpose = static_cast<passport::v1::AccessPurpose>(1 + engine() % 3);
      grant.deliveries_max = one_in(8) ? 5 : 0;
      grant.not_before = absl::FromUnixSeconds(static_cast<int64_t>(engine() % 7));
      grant.expires = absl::FromUnixSeconds(static_cast<int64_t>(4 + engine() % 9));
      if (one_in(6)) {
        grant.role = RoleInScope{registry::v1::ROLE_KIND_RECYCLER, one_in(2) ? "battery" : ""};
      }
      terms.grants.push_back(grant);
    }
    OnwardHolder holder = Holder();
    holder.is_active = !one_in(16);
    holder.is_owner_active = !one_in(16);
    if (one_in(2)) {
      holder.roles = {{registry::v1::ROLE_KIND_RECYCLER, ""}, {registry::v1::ROLE_KIND_RECYCLER, "battery"}};
    }
    Reader reader = Asking(static_cast<passport::v1::AccessPurpose>(engine() % 4));
    reader.participant = Id(members[engine() % members.size()]);
    reader.active = !one_in(8);
    const bool expected = testing::NaivelyMayBeHandedOn(terms, holder, reader);
    const OnwardVerdict verdict = JudgeOnward(terms, holder, reader);
    ASSERT_EQ(verdict.allowed, expected) << "case " << i << " " << verdict.rule;
    ASSERT_EQ(verdict.rule.substr(0, 5) == "allow", verdict.allowed);
    ASSERT_EQ(verdict.grant != nullptr, verdict.allowed);
    allowed += verdict.allowed ? 1 : 0;
  }
  EXPECT_GT(allowed, uint64_t{kCases} / 100);
  EXPECT_LT(allowed, uint64_t{kCases} / 2);
}

}  // namespace
}  // namespace meguri::node
