// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using registry::v1::MemberEntry;
using testing::KeyMessage;
using testing::kFederation;
using testing::Member;
using testing::NewKey;
using testing::RoleMessage;
using testing::ValueOf;

MemberEntry FullEntry() {
  MemberEntry entry = Member{.id = "0188:7000012050002"}.Entry();
  entry.mutable_name()->set_kana("カブシキガイシャメグリ");
  *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_MANUFACTURER, {});
  *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"battery", "plastic-packaging"});
  *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_AUTHORITY, {"JP", "13"});
  entry.add_gs1_company_prefixes("4912345");
  entry.add_link_domains("id.meguri.example");
  entry.add_id_name_spaces("https://id.meguri.example/x/");
  return entry;
}

// The reasons of all problems that CheckMemberEntry finds.
std::vector<std::string> ReasonsOf(const MemberEntry& entry) {
  std::vector<std::string> reasons;
  for (const Violation& violation : ViolationsOf(CheckMemberEntry(kFederation, entry))) {
    EXPECT_FALSE(violation.found.empty() || violation.expected.empty() || violation.cure.empty() ||
                 violation.message_ja.empty())
        << violation.reason;
    reasons.push_back(violation.reason);
  }
  return reasons;
}

TEST(MemberEntry, IsAcceptedInFull) {
  MEGURI_EXPECT_OK(CheckMemberEntry(kFederation, FullEntry()));
  EXPECT_EQ(ValueOf(ParseMemberEntry(kFederation, FullEntry().SerializeAsString())).roles_size(), 3);
}

TEST(MemberEntry, MayBeHostedOnAnothersNode) {
  MemberEntry entry = FullEntry();
  entry.mutable_hosting()->set_node_identity(testing::NodeUri("0199:host"));
  MEGURI_EXPECT_OK(CheckMemberEntry(kFederation, entry));
}

TEST(MemberEntry, NeedsNoNodeOnceItIsNotActive) {
  MemberEntry entry = FullEntry();
  entry.clear_hosting();
  EXPECT_EQ(ReasonsOf(entry), std::vector<std::string>{"NODE_IDENTITY"});
  entry.set_status(registry::v1::MEMBER_STATUS_LEFT);
  MEGURI_EXPECT_OK(CheckMemberEntry(kFederation, entry));
}

struct EntryCase {
  const char* reason;
  std::function<void(MemberEntry&)> change;
};

const std::vector<EntryCase>& BadEntries() {
  using registry::v1::KEY_PURPOSE_FEED;
  using registry::v1::KEY_PURPOSE_RECORD;
  static const auto& cases = *new std::vector<EntryCase>{
      {"PARTICIPANT_ID", [](auto& e) { e.set_participant_id("0188:7000012050003"); }},
      {"NAME_MISSING", [](auto& e) { e.clear_name(); }},
      {"TEXT_SIZE", [](auto& e) { e.mutable_name()->set_ja(std::string(kNameBytesMax + 1, 'x')); }},
      {"TEXT_CONTROL", [](auto& e) { e.mutable_name()->set_en("Meguri\x1b[2J"); }},
      {"TEXT_CONTROL", [](auto& e) { e.mutable_name()->set_kana("a\nb"); }},
      {"MEMBER_KIND", [](auto& e) { e.clear_kind(); }},
      {"MEMBER_KIND", [](auto& e) { e.set_kind(static_cast<registry::v1::MemberKind>(99)); }},
      {"MEMBER_STATUS", [](auto& e) { e.set_status(static_cast<registry::v1::MemberStatus>(99)); }},
      {"ROLE_KIND", [](auto& e) { e.mutable_roles(0)->clear_kind(); }},
      {"ROLE_KIND", [](auto& e) { e.mutable_roles(0)->set_kind(static_cast<registry::v1::RoleKind>(99)); }},
      {"ROLE_SCOPE", [](auto& e) { e.mutable_roles(1)->clear_scopes(); }},
      {"ROLE_SCOPE", [](auto& e) { e.mutable_roles(2)->clear_scopes(); }},
      {"ROLE_SCOPE", [](auto& e) { e.mutable_roles(1)->set_scopes(0, "JP/Battery"); }},
      {"ROLE_SCOPE", [](auto& e) { e.mutable_roles(2)->set_scopes(0, "battery"); }},
      {"ROLE_SCOPE", [](auto& e) { e.mutable_roles(2)->set_scopes(0, "48"); }},
      {"DUPLICATE", [](auto& e) { e.mutable_roles(1)->add_scopes("battery"); }},
      {"ROLE_PERMIT", [](auto& e) { e.mutable_roles(1)->clear_permit(); }},
      {"ROLE_PERMIT", [](auto& e) { e.mutable_roles(0)->mutable_permit()->set_type("x"); }},
      {"TEXT_SIZE",
       [](auto& e) { e.mutable_roles(1)->mutable_permit()->set_number(std::string(kPermitTextBytesMax + 1, '1')); }},
      {"TIME_RANGE", [](auto& e) { e.mutable_roles(1)->mutable_permit()->set_not_after_ms(kTimeMsMax + 1); }},
      {"NODE_IDENTITY", [](auto& e) { e.mutable_hosting()->set_node_identity("node"); }},
      {"NODE_IDENTITY",
       [](auto& e) {
         e.mutable_hosting()->set_node_identity("spiffe://other.example/member/0188/7000012050002/node/main");
       }},
      {"NODE_IDENTITY",
       [](auto& e) {
         e.mutable_hosting()->set_node_identity("spiffe://meguri.example/member/0188/7000012050002/client/main");
       }},
      {"ADDRESS", [](auto& e) { e.mutable_hosting()->add_addresses("node.member.example"); }},
      {"DUPLICATE", [](auto& e) { e.mutable_hosting()->add_addresses(e.hosting().addresses(0)); }},
      {"KEY_PURPOSE", [](auto& e) { e.mutable_keys(0)->clear_purpose(); }},
      {"KEY_PURPOSE", [](auto& e) { e.mutable_keys(0)->set_purpose(registry::v1::KEY_PURPOSE_BUNDLE); }},
      {"KEY_ALGORITHM", [](auto& e) { e.mutable_keys(0)->set_algorithm(registry::v1::KEY_ALGORITHM_ECDSA_P256); }},
      {"KEY_ALGORITHM",
       [](auto& e) { *e.mutable_keys(1) = KeyMessage(*NewKey(record::KeyAlgorithm::kEcdsaP256), KEY_PURPOSE_FEED); }},
      {"BAD_KEY", [](auto& e) { e.mutable_keys(0)->set_public_key("key"); }},
      {"WEAK_KEY",
       [](auto& e) {
         std::string& spki = *e.mutable_keys(0)->mutable_public_key();
         spki.replace(spki.size() - 32, 32, absl::StrCat("\x01", std::string(31, '\0')));
       }},
      {"KEY_TWICE",
       [](auto& e) {
         *e.add_keys() = e.keys(0);
         e.mutable_keys(2)->set_purpose(KEY_PURPOSE_FEED);
       }},
      {"KEY_TIME",
       [](auto& e) {
         e.mutable_keys(0)->set_not_before_ms(2);
         e.mutable_keys(0)->set_not_after_ms(2);
       }},
      {"KEY_TIME", [](auto& e) { e.mutable_keys(0)->set_revoked_ms(UINT64_MAX); }},
      {"GS1_PREFIX", [](auto& e) { e.add_gs1_company_prefixes("491"); }},
      {"DUPLICATE", [](auto& e) { e.add_gs1_company_prefixes("4912345"); }},
      {"LINK_DOMAIN", [](auto& e) { e.add_link_domains("ID.meguri.example"); }},
      {"NAME_SPACE", [](auto& e) { e.add_id_name_spaces("https://id.meguri.example"); }},
      {"UNKNOWN_FIELD", [](auto& e) { e.GetReflection()->MutableUnknownFields(&e)->AddVarint(99, 1); }},
      {"UNKNOWN_FIELD",
       [](auto& e) {
         registry::v1::Permit& permit = *e.mutable_roles(1)->mutable_permit();
         permit.GetReflection()->MutableUnknownFields(&permit)->AddVarint(99, 1);
       }},
  };
  return cases;
}

TEST(MemberEntry, IsRefusedForEveryProblemByItsReason) {
  for (const EntryCase& bad : BadEntries()) {
    MemberEntry entry = FullEntry();
    bad.change(entry);
    EXPECT_EQ(ReasonsOf(entry), std::vector<std::string>{bad.reason});
    EXPECT_FALSE(ParseMemberEntry(kFederation, entry.SerializeAsString()).ok()) << bad.reason;
  }
}

TEST(MemberEntry, IsToldEveryProblemAtOnce) {
  MemberEntry entry = FullEntry();
  entry.clear_kind();
  entry.clear_status();
  entry.add_link_domains("A");
  EXPECT_EQ(ReasonsOf(entry), (std::vector<std::string>{"MEMBER_KIND", "MEMBER_STATUS", "LINK_DOMAIN"}));
}

TEST(MemberEntry, HoldsAsManyValuesAsItsLimitsAndNotOneMore) {
  struct Limit {
    int count_max;
    int count;
    std::function<void(MemberEntry&, int)> add;
  };
  const std::vector<Limit> limits = {
      {kRolesMax, 3,
       [](MemberEntry& e, int) { *e.add_roles() = RoleMessage(registry::v1::ROLE_KIND_MANUFACTURER, {}); }},
      {kScopesMax, 2, [](MemberEntry& e, int i) { e.mutable_roles(1)->add_scopes("group-" + std::to_string(i)); }},
      {kAddressesMax, 1,
       [](MemberEntry& e, int i) { e.mutable_hosting()->add_addresses("a.example:" + std::to_string(i)); }},
      {kKeysMax, 2,
       [](MemberEntry& e, int) { *e.add_keys() = KeyMessage(*NewKey(), registry::v1::KEY_PURPOSE_RECORD); }},
      {kCompanyPrefixesMax, 1, [](MemberEntry& e, int i) { e.add_gs1_company_prefixes(std::to_string(100'000 + i)); }},
      {kLinkDomainsMax, 1, [](MemberEntry& e, int i) { e.add_link_domains("d" + std::to_string(i) + ".example"); }},
      {kNameSpacesMax, 1,
       [](MemberEntry& e, int i) { e.add_id_name_spaces("https://d.example/" + std::to_string(i) + "/"); }},
  };
  for (const Limit& limit : limits) {
    MemberEntry entry = FullEntry();
    for (int i = limit.count; i < limit.count_max; ++i) {
      limit.add(entry, i);
    }
    EXPECT_EQ(ReasonsOf(entry), std::vector<std::string>{});
    limit.add(entry, limit.count_max);
    EXPECT_EQ(ReasonsOf(entry), std::vector<std::string>{"TOO_MANY"});
  }
}

TEST(MemberEntry, IsBoundedInSize) {
  MemberEntry entry = FullEntry();
  for (int i = 0; i < kRolesMax - 3; ++i) {
    registry::v1::Role role = RoleMessage(registry::v1::ROLE_KIND_MANUFACTURER, {});
    for (int j = 0; j < 20; ++j) {
      role.add_scopes(std::string(60, 'g') + std::to_string(j));
    }
    *entry.add_roles() = role;
  }
  ASSERT_GT(entry.ByteSizeLong(), kMemberEntryBytesMax);
  EXPECT_EQ(ReasonsOf(entry), std::vector<std::string>{"ENTRY_SIZE"});
  EXPECT_THAT(ParseMemberEntry(kFederation, entry.SerializeAsString()), HasReason("MEMBER_ENTRY"));
}

TEST(MemberEntry, ThatIsNoMessageIsRefused) {
  EXPECT_THAT(ParseMemberEntry(kFederation, "\xff\xff"), HasReason("MEMBER_ENTRY"));
  EXPECT_FALSE(ParseMemberEntry(kFederation, "").ok());
}

}  // namespace
}  // namespace meguri::certs
