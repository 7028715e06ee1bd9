// SPDX-License-Identifier: Apache-2.0
// The rules of offers, requests, grants and agreements: what is fine, and what is refused by which rule.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/access.pb.h"
#include "passport/section_table.h"
#include "passport/validate.h"
#include "record/header.h"
#include "tests/testing/fakes.h"

namespace meguri::passport {
namespace {

using record::AudienceSet;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace rv1 = record::v1;

constexpr char kOwner[] = "0188:5010001999902";
constexpr char kOffer[] = R"(
    title { ja: "電池の組成" en: "Composition of batteries" }
    selector { product_groups: "battery" }
    section_types: SECTION_TYPE_COMPOSITION
    purposes: ACCESS_PURPOSE_RECYCLING purposes: ACCESS_PURPOSE_AUDIT
    expires: "2027-11-26T00:00:00Z" retention_days: 30 onward: ONWARD_RULE_NONE auto_approval: AUTO_APPROVAL_OFF)";
constexpr char kVersion[] = R"({ record_id: "000102030405060708090a0b0c0d0e0f"
    header_hash: "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f" })";

std::string GrantText() {
  return absl::StrCat("offer ", kVersion, R"( grantee_id: "0188:7123456789012" purpose: ACCESS_PURPOSE_RECYCLING
      expires: "2027-01-01T00:00:00Z" state: GRANT_STATE_ACTIVE)");
}
std::string RequestText() {
  return absl::StrCat("owner_id: \"0188:7123456789012\" purpose: ACCESS_PURPOSE_RECYCLING offer ", kVersion);
}
std::string AgreementText() {
  return absl::StrCat("owner_id: \"0188:7123456789012\" offer ", kVersion, " grant ", kVersion);
}

template <typename M>
M Read(const std::string& text) {
  M message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

record::Header HeaderOf(uint32_t record_type, uint64_t version = 1) {
  rv1::Header header;
  header.set_format_version(1);
  header.set_record_id(std::string(16, 'r'));
  header.set_version(version);
  header.set_record_type(static_cast<rv1::RecordType>(record_type));
  header.set_publisher(kOwner);
  header.set_issue_time_ms(
      static_cast<uint64_t>(absl::ToUnixMillis(absl::FromCivil(absl::CivilSecond(2026, 11, 26), absl::UTCTimeZone()))));
  if (version > 1) {
    header.set_previous_header_hash(std::string(32, 'p'));
  }
  for (int slot = 0; slot < 8; ++slot) {
    header.add_section_digests(std::string(32, static_cast<char>('0' + slot)));
  }
  absl::StatusOr<record::Header> parsed = record::Header::Make(header);
  Invariant(parsed.ok(), parsed.status().ToString());
  return *std::move(parsed);
}

rv1::Section SectionOf(uint32_t type, AudienceSet audiences, const google::protobuf::Message& payload) {
  rv1::Section section;
  section.set_type(type);
  section.set_audiences(audiences.bits());
  section.set_payload(payload.SerializeAsString());
  return section;
}

std::vector<std::string> ReasonsOf(const std::vector<Violation>& found) {
  std::vector<std::string> reasons;
  for (const Violation& violation : found) {
    reasons.push_back(violation.reason);
  }
  return reasons;
}

std::vector<std::string> Judge(uint32_t type, rv1::Audience audience, const google::protobuf::Message& payload,
                               uint64_t version = 1) {
  const rv1::Section section = SectionOf(type, AudienceSet::Of({audience}), payload);
  return ReasonsOf(ValidateRecord(HeaderOf(type, version), {&section, 1}));
}
std::vector<std::string> JudgeOffer(const std::function<void(v1::Offer&)>& change) {
  auto offer = Read<v1::Offer>(kOffer);
  change(offer);
  return Judge(rv1::SECTION_TYPE_OFFER, rv1::AUDIENCE_MEMBERS, offer);
}
std::vector<std::string> JudgeGrant(const std::function<void(v1::Grant&)>& change, uint64_t version = 1) {
  auto grant = Read<v1::Grant>(GrantText());
  change(grant);
  return Judge(rv1::SECTION_TYPE_GRANT, rv1::AUDIENCE_ADDRESSEES, grant, version);
}

TEST(AccessRules, TakeWhatIsFine) {
  EXPECT_THAT(JudgeOffer([](v1::Offer&) {}), IsEmpty());
  EXPECT_THAT(JudgeGrant([](v1::Grant&) {}), IsEmpty());
  EXPECT_THAT(Judge(rv1::SECTION_TYPE_ACCESS_REQUEST, rv1::AUDIENCE_ADDRESSEES, Read<v1::AccessRequest>(RequestText())),
              IsEmpty());
  EXPECT_THAT(Judge(rv1::SECTION_TYPE_AGREEMENT, rv1::AUDIENCE_ADDRESSEES, Read<v1::Agreement>(AgreementText())),
              IsEmpty());
}

TEST(AccessRules, AnOfferSelectsInOneWay) {
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.mutable_selector()->set_all(true); }),
              ElementsAre("ACCESS_SELECTOR"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.mutable_selector()->clear_product_groups(); }),
              ElementsAre("ACCESS_SELECTOR"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) {
                offer.mutable_selector()->Clear();
                offer.mutable_selector()->set_all(true);
              }),
              IsEmpty());
}

TEST(AccessRules, AnOfferEndsWithinFiveYears) {
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.set_expires("2031-11-26T00:00:00Z"); }), IsEmpty());
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.set_expires("2031-12-31T00:00:00Z"); }),
              ElementsAre("ACCESS_PERIOD"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.set_expires("2026-11-26T00:00:00Z"); }),
              ElementsAre("ACCESS_PERIOD"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.set_not_before(offer.expires()); }),
              ElementsAre("ACCESS_PERIOD"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.clear_expires(); }), ElementsAre("FIELD_MISSING"));
}

TEST(AccessRules, AnOfferListsWhatItsRulesSpeakOf) {
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.add_onward_member_ids(kOwner); }), ElementsAre("ACCESS_LIST"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.set_onward(v1::ONWARD_RULE_LISTED_MEMBERS); }),
              ElementsAre("ACCESS_LIST"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.set_auto_approval(v1::AUTO_APPROVAL_ROLES); }),
              ElementsAre("ACCESS_LIST"));
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.set_retention_days(100'000); }), ElementsAre("ACCESS_RETENTION"));
}

TEST(AccessRules, RefuseTermsThatThisVersionDoesNotKnow) {
  EXPECT_THAT(JudgeOffer([](v1::Offer& offer) { offer.add_purposes(static_cast<v1::AccessPurpose>(99)); }),
              ElementsAre("ACCESS_NOT_UNDERSTOOD"));
  EXPECT_THAT(JudgeGrant([](v1::Grant& grant) { grant.set_state(static_cast<v1::GrantState>(99)); }),
              ElementsAre("ACCESS_NOT_UNDERSTOOD"));
  EXPECT_THAT(
      JudgeGrant([](v1::Grant& grant) { grant.GetReflection()->MutableUnknownFields(&grant)->AddVarint(100, 1); }),
      ElementsAre("ACCESS_NOT_UNDERSTOOD"));
}

TEST(AccessRules, AGrantIsForAMemberAloneOrForARoleInPublic) {
  EXPECT_THAT(JudgeGrant([](v1::Grant& grant) { grant.clear_grantee_id(); }), ElementsAre("ACCESS_GRANTEE"));
  const auto to_role = [](v1::Grant& grant) {
    grant.clear_grantee_id();
    grant.mutable_grantee_role()->set_kind(registry::v1::ROLE_KIND_RECYCLER);
  };
  EXPECT_THAT(JudgeGrant(to_role), ElementsAre("ACCESS_AUDIENCE"));
  auto grant = Read<v1::Grant>(GrantText());
  EXPECT_THAT(Judge(rv1::SECTION_TYPE_GRANT, rv1::AUDIENCE_MEMBERS, grant), ElementsAre("ACCESS_AUDIENCE"));
  to_role(grant);
  EXPECT_THAT(Judge(rv1::SECTION_TYPE_GRANT, rv1::AUDIENCE_MEMBERS, grant), IsEmpty());
}

TEST(AccessRules, NobodyGrantsItself) {
  EXPECT_THAT(JudgeGrant([](v1::Grant& grant) { grant.set_grantee_id(kOwner); }), ElementsAre("ACCESS_TO_ONESELF"));
}

TEST(AccessRules, WhatIsOverMayStillBeRevoked) {
  const auto over = [](v1::Grant& grant) { grant.set_expires("2026-11-01T00:00:00Z"); };
  EXPECT_THAT(JudgeGrant(over), ElementsAre("ACCESS_PERIOD"));
  EXPECT_THAT(JudgeGrant(over, 2), IsEmpty());
}

template <typename M>
std::vector<std::string> JudgeChange(uint32_t type, const M& before, const M& next) {
  const rv1::Section was = SectionOf(type, AudienceSet(), before);
  const rv1::Section is = SectionOf(type, AudienceSet(), next);
  return ReasonsOf(ValidateChange({&was, 1}, {&is, 1}));
}

TEST(AccessRules, TermsStayAsTheyWereSigned) {
  const auto offer = Read<v1::Offer>(kOffer);
  auto other = offer;
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_OFFER, offer, other), IsEmpty());
  other.set_retention_days(31);
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_OFFER, offer, other), ElementsAre("ACCESS_FIXED"));
  const auto agreement = Read<v1::Agreement>(AgreementText());
  auto of_another = agreement;
  of_another.mutable_grant()->set_record_id("ff0102030405060708090a0b0c0d0e0f");
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_AGREEMENT, agreement, of_another), ElementsAre("ACCESS_FIXED"));
}

TEST(AccessRules, OnlyTheStateOfAGrantChangesUntilItIsRevoked) {
  const auto grant = Read<v1::Grant>(GrantText());
  auto suspended = grant;
  suspended.set_state(v1::GRANT_STATE_SUSPENDED);
  auto revoked = grant;
  revoked.set_state(v1::GRANT_STATE_REVOKED);
  auto longer = suspended;
  longer.set_expires("2028-01-01T00:00:00Z");
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_GRANT, grant, suspended), IsEmpty());
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_GRANT, suspended, grant), IsEmpty());
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_GRANT, suspended, revoked), IsEmpty());
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_GRANT, grant, longer), ElementsAre("ACCESS_FIXED"));
  EXPECT_THAT(JudgeChange(rv1::SECTION_TYPE_GRANT, revoked, grant), ElementsAre("ACCESS_REVOKED"));
}

}  // namespace
}  // namespace meguri::passport
