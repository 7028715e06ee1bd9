// SPDX-License-Identifier: Apache-2.0
#include "certs/registry.h"

#include <algorithm>
#include <string>
#include <vector>

#include "certs/limits.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasCode;
using meguri::testing::HasReason;
using registry::v1::MemberEntry;
using testing::KeyIdOf;
using testing::KeyMessage;
using testing::kOperator;
using testing::Member;
using testing::NewKey;
using testing::NodeUri;
using testing::Now;
using testing::NowMs;
using testing::Operator;
using testing::Participant;
using testing::RoleMessage;
using testing::ValueOf;

class RegistryTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Registry> Make(const std::vector<MemberEntry>& entries) const {
    return ValueOf(Registry::Make(bundle_, entries));
  }

  const Operator operator_;
  const TrustBundle bundle_ = operator_.Bundle();
  const Member a_{.id = "0199:a"};
  const Member b_{.id = "0199:b"};
};

TEST_F(RegistryTest, FindsMembersByTheirId) {
  const auto registry = Make({b_.Entry(), a_.Entry()});
  EXPECT_EQ(registry->federation(), testing::kFederation);
  EXPECT_EQ(registry->operator_id().text(), kOperator);
  ASSERT_NE(registry->Find(Participant("0199:a")), nullptr);
  EXPECT_EQ(registry->Find(Participant("0199:a"))->participant_id(), "0199:a");
  EXPECT_EQ(registry->Find(Participant("0199:c")), nullptr);
  ASSERT_EQ(registry->Members().size(), 2u);
  EXPECT_EQ(registry->Members()[0]->participant_id(), "0199:a");
}

TEST_F(RegistryTest, MayBeEmpty) {
  const auto registry = Make({});
  EXPECT_TRUE(registry->Members().empty());
  EXPECT_NE(registry->FindKey(KeyIdOf(kOperator, *operator_.feed_key)), nullptr);
  EXPECT_FALSE(registry->IsActive(Participant(kOperator)));
}

TEST_F(RegistryTest, NamesTheEntryThatIsMalformed) {
  MemberEntry bad = b_.Entry();
  bad.clear_kind();
  const absl::Status status = Registry::Make(bundle_, {a_.Entry(), bad}).status();
  EXPECT_THAT(status, HasReason("MEMBER_ENTRY"));
  EXPECT_THAT(status.message(), ::testing::HasSubstr("0199:b"));
  EXPECT_THAT(Registry::Make(bundle_, {a_.Entry(), a_.Entry()}), HasReason("MEMBER_ENTRY"));
}

TEST_F(RegistryTest, FindsTheKeysOfMembersAndOfTheBundle) {
  const auto registry = Make({a_.Entry()});
  const RegisteredKey* record_key = registry->FindKey(KeyIdOf("0199:a", *a_.record_key));
  ASSERT_NE(record_key, nullptr);
  EXPECT_EQ(record_key->owner.text(), "0199:a");
  EXPECT_EQ(record_key->purpose, registry::v1::KEY_PURPOSE_RECORD);
  EXPECT_EQ(record_key->key.spki(), a_.record_key->public_key().spki());
  EXPECT_EQ(registry->FindKey(KeyIdOf("0199:a", *a_.feed_key))->purpose, registry::v1::KEY_PURPOSE_FEED);
  const RegisteredKey* pinned = registry->FindKey(KeyIdOf(kOperator, *operator_.record_key));
  ASSERT_NE(pinned, nullptr);
  EXPECT_EQ(pinned->owner.text(), kOperator);
  EXPECT_EQ(pinned->purpose, registry::v1::KEY_PURPOSE_RECORD);
  EXPECT_EQ(registry->FindKey(KeyIdOf(kOperator, *operator_.feed_key))->purpose, registry::v1::KEY_PURPOSE_FEED);
  EXPECT_EQ(registry->FindKey(KeyIdOf("0199:b", *a_.record_key)), nullptr);
  EXPECT_EQ(registry->FindKey(record::Hash()), nullptr);
}

TEST_F(RegistryTest, NeverMovesAKeyToAnotherMember) {
  MemberEntry thief = b_.Entry();
  *thief.add_keys() = KeyMessage(*a_.record_key, registry::v1::KEY_PURPOSE_RECORD);
  *thief.add_keys() = KeyMessage(*operator_.record_key, registry::v1::KEY_PURPOSE_RECORD);
  *thief.add_keys() = KeyMessage(*operator_.bundle_keys[0], registry::v1::KEY_PURPOSE_RECORD);
  for (const std::vector<MemberEntry>& entries :
       {std::vector<MemberEntry>{a_.Entry(), thief}, std::vector<MemberEntry>{thief, a_.Entry()}}) {
    const auto registry = Make(entries);
    EXPECT_NE(registry->FindKey(KeyIdOf("0199:a", *a_.record_key)), nullptr);
    EXPECT_NE(registry->FindKey(KeyIdOf("0199:b", *b_.record_key)), nullptr);
    EXPECT_EQ(registry->FindKey(KeyIdOf("0199:b", *a_.record_key)), nullptr);
    EXPECT_EQ(registry->FindKey(KeyIdOf("0199:b", *operator_.record_key)), nullptr);
    EXPECT_EQ(registry->FindKey(KeyIdOf("0199:b", *operator_.bundle_keys[0])), nullptr);
  }
}

TEST_F(RegistryTest, CannotChangeWhatTheBundlePins) {
  MemberEntry entry = Member{.id = kOperator}.Entry();
  entry.clear_keys();
  *entry.add_keys() = KeyMessage(*operator_.feed_key, registry::v1::KEY_PURPOSE_FEED);
  entry.mutable_keys(0)->set_revoked_ms(1);
  const auto registry = Make({entry});
  MEGURI_EXPECT_OK(registry->FindKey(KeyIdOf(kOperator, *operator_.feed_key))->CheckUsable(Now()));
  EXPECT_EQ(ValueOf(registry->FeedKeyOf(Participant(kOperator), Now()))->key.spki(),
            operator_.feed_key->public_key().spki());
}

TEST_F(RegistryTest, FindsTheKeysOfSuspendedMembersToo) {
  for (const registry::v1::MemberStatus status :
       {registry::v1::MEMBER_STATUS_SUSPENDED, registry::v1::MEMBER_STATUS_LEFT}) {
    MemberEntry entry = a_.Entry();
    entry.set_status(status);
    *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"battery"});
    const auto registry = Make({entry});
    const record::ParticipantId a = Participant("0199:a");
    EXPECT_NE(registry->Find(a), nullptr);
    EXPECT_FALSE(registry->IsActive(a));
    EXPECT_FALSE(registry->HasRole(a, registry::v1::ROLE_KIND_RECYCLER, "battery"));
    EXPECT_TRUE(registry->ScopesOf(a, registry::v1::ROLE_KIND_RECYCLER).empty());
    EXPECT_FALSE(registry->IsHostedBy(a, NodeUri("0199:a")));
    const RegisteredKey* key = registry->FindKey(KeyIdOf("0199:a", *a_.record_key));
    ASSERT_NE(key, nullptr);
    MEGURI_EXPECT_OK(key->CheckUsable(Now()));
  }
}

TEST_F(RegistryTest, KnowsWhichNodeSpeaksForAMember) {
  MemberEntry guest = b_.Entry();
  guest.mutable_hosting()->set_node_identity(NodeUri("0199:a"));
  const auto registry = Make({a_.Entry(), guest});
  EXPECT_TRUE(registry->IsHostedBy(Participant("0199:a"), NodeUri("0199:a")));
  EXPECT_TRUE(registry->IsHostedBy(Participant("0199:b"), NodeUri("0199:a")));
  EXPECT_FALSE(registry->IsHostedBy(Participant("0199:b"), NodeUri("0199:b")));
  EXPECT_FALSE(registry->IsHostedBy(Participant("0199:a"), ""));
  EXPECT_FALSE(registry->IsHostedBy(Participant("0199:c"), NodeUri("0199:a")));
}

TEST_F(RegistryTest, LetsNoNodeOfASuspendedMemberSpeakForItsGuests) {
  MemberEntry guest = b_.Entry();
  guest.mutable_hosting()->set_node_identity(NodeUri("0199:a"));
  MemberEntry host = a_.Entry();
  host.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
  const auto registry = Make({host, guest});
  EXPECT_TRUE(registry->IsActive(Participant("0199:b")));
  EXPECT_FALSE(registry->IsHostedBy(Participant("0199:b"), NodeUri("0199:a")));
}

TEST_F(RegistryTest, KnowsRolesAndTheirScopes) {
  MemberEntry entry = a_.Entry();
  *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"battery"});
  *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"appliance", "battery"});
  *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_AUTHORITY, {"13"});
  const auto registry = Make({entry, b_.Entry()});
  const record::ParticipantId a = Participant("0199:a");
  using registry::v1::ROLE_KIND_AUTHORITY;
  using registry::v1::ROLE_KIND_RECYCLER;
  EXPECT_TRUE(registry->HasRole(a, ROLE_KIND_RECYCLER, ""));
  EXPECT_TRUE(registry->HasRole(a, ROLE_KIND_RECYCLER, "battery"));
  EXPECT_TRUE(registry->HasRole(a, ROLE_KIND_RECYCLER, "appliance"));
  EXPECT_FALSE(registry->HasRole(a, ROLE_KIND_RECYCLER, "plastic-packaging"));
  EXPECT_FALSE(registry->HasRole(a, registry::v1::ROLE_KIND_MANUFACTURER, ""));
  EXPECT_FALSE(registry->HasRole(Participant("0199:b"), ROLE_KIND_RECYCLER, ""));
  EXPECT_FALSE(registry->HasRole(Participant("0199:c"), ROLE_KIND_RECYCLER, ""));
  EXPECT_TRUE(registry->HasRole(a, ROLE_KIND_AUTHORITY, "13"));
  EXPECT_FALSE(registry->HasRole(a, ROLE_KIND_AUTHORITY, "JP"));
  EXPECT_FALSE(registry->HasRole(a, ROLE_KIND_AUTHORITY, "14"));
  EXPECT_EQ(registry->ScopesOf(a, ROLE_KIND_RECYCLER), (std::vector<std::string>{"appliance", "battery"}));
}

TEST_F(RegistryTest, LetsTheNationalAuthorityActInEveryPrefecture) {
  MemberEntry entry = a_.Entry();
  *entry.add_roles() = RoleMessage(registry::v1::ROLE_KIND_AUTHORITY, {"JP"});
  const auto registry = Make({entry});
  const auto has = [&](absl::string_view scope) {
    return registry->HasRole(Participant("0199:a"), registry::v1::ROLE_KIND_AUTHORITY, scope);
  };
  EXPECT_TRUE(has("JP") && has("01") && has("47"));
  EXPECT_FALSE(has("48") || has("battery"));
}

TEST_F(RegistryTest, LetsNobodyRegisterAsTheOperator) {
  MemberEntry claimant = a_.Entry();
  *claimant.add_roles() = RoleMessage(registry::v1::ROLE_KIND_OPERATOR, {});
  MemberEntry real = Member{.id = kOperator}.Entry();
  *real.add_roles() = RoleMessage(registry::v1::ROLE_KIND_OPERATOR, {});
  const auto registry = Make({claimant, real});
  EXPECT_FALSE(registry->HasRole(Participant("0199:a"), registry::v1::ROLE_KIND_OPERATOR, ""));
  EXPECT_TRUE(registry->HasRole(Participant(kOperator), registry::v1::ROLE_KIND_OPERATOR, ""));
}

TEST_F(RegistryTest, GivesTheNewestUsableFeedKey) {
  const auto second = NewKey();
  const auto third = NewKey();
  MemberEntry entry = a_.Entry();
  *entry.add_keys() = KeyMessage(*second, registry::v1::KEY_PURPOSE_FEED);
  entry.mutable_keys(2)->set_not_before_ms(NowMs());
  *entry.add_keys() = KeyMessage(*third, registry::v1::KEY_PURPOSE_FEED);
  entry.mutable_keys(3)->set_not_before_ms(NowMs() + 1000);
  entry.mutable_keys(3)->set_revoked_ms(NowMs() + 2000);
  const auto registry = Make({entry});
  const auto key_at = [&](absl::Time now) {
    return ValueOf(registry->FeedKeyOf(Participant("0199:a"), now))->key.spki();
  };
  EXPECT_EQ(key_at(Now() - absl::Milliseconds(1)), a_.feed_key->public_key().spki());
  EXPECT_EQ(key_at(Now()), second->public_key().spki());
  EXPECT_EQ(key_at(Now() + absl::Seconds(1)), third->public_key().spki());
  EXPECT_EQ(key_at(Now() + absl::Seconds(2)), second->public_key().spki());
}

TEST_F(RegistryTest, SaysWhenAMemberHasNoFeedKey) {
  MemberEntry entry = a_.Entry();
  entry.mutable_keys(1)->set_revoked_ms(NowMs());
  MemberEntry without = b_.Entry();
  without.mutable_keys()->RemoveLast();
  const auto registry = Make({entry, without});
  for (const char* participant : {"0199:a", "0199:b", "0199:c"}) {
    EXPECT_THAT(registry->FeedKeyOf(Participant(participant), Now()), HasReason("NO_FEED_KEY"));
    EXPECT_THAT(registry->FeedKeyOf(Participant(participant), Now()), HasCode(absl::StatusCode::kNotFound));
  }
}

TEST_F(RegistryTest, GivesTheOperatorsOwnFeedKeyWhereItHasOne) {
  const Member op{.id = kOperator};
  const record::ParticipantId id = Participant(kOperator);
  EXPECT_EQ(ValueOf(Make({})->FeedKeyOf(id, Now()))->key.spki(), operator_.feed_key->public_key().spki());
  EXPECT_EQ(ValueOf(Make({op.Entry()})->FeedKeyOf(id, Now()))->key.spki(), op.feed_key->public_key().spki());
}

TEST(RegisteredKey, IsUsableBetweenItsTimes) {
  const RegisteredKey key{.owner = Participant("0199:a"),
                          .purpose = registry::v1::KEY_PURPOSE_RECORD,
                          .key = NewKey()->public_key(),
                          .not_before = Now(),
                          .not_after = Now() + absl::Hours(2),
                          .revoked = Now() + absl::Hours(1)};
  EXPECT_THAT(key.CheckUsable(Now() - absl::Nanoseconds(1)), HasReason("KEY_NOT_YET_VALID"));
  MEGURI_EXPECT_OK(key.CheckUsable(Now()));
  MEGURI_EXPECT_OK(key.CheckUsable(key.revoked - absl::Nanoseconds(1)));
  EXPECT_THAT(key.CheckUsable(key.revoked), HasReason("KEY_REVOKED"));
  RegisteredKey unrevoked = key;
  unrevoked.revoked = absl::InfiniteFuture();
  MEGURI_EXPECT_OK(unrevoked.CheckUsable(key.not_after - absl::Nanoseconds(1)));
  EXPECT_THAT(unrevoked.CheckUsable(key.not_after), HasReason("KEY_EXPIRED"));
  EXPECT_THAT(unrevoked.CheckUsable(key.not_after), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(RegistryTest, FindsByTheLongestCompanyPrefixAfterTheIndicator) {
  MemberEntry a = a_.Entry();
  a.add_gs1_company_prefixes("4912345");
  a.add_gs1_company_prefixes("1491");
  MemberEntry b = b_.Entry();
  b.add_gs1_company_prefixes("491234567");
  b.add_gs1_company_prefixes("453456789012");
  const auto registry = Make({a, b});
  const auto holder = [&](absl::string_view gtin) {
    const MemberEntry* entry = registry->FindByGtin(gtin);
    return entry == nullptr ? std::string() : entry->participant_id();
  };
  EXPECT_EQ(holder("04912345000015"), "0199:a");
  EXPECT_EQ(holder("04912345678904"), "0199:b");
  EXPECT_EQ(holder("94912345000018"), "0199:a");  // any indicator digit
  EXPECT_EQ(holder("04534567890120"), "0199:b");
  EXPECT_EQ(holder("14910000000000"), "");  // 1491 stands behind the indicator only in the next one
  EXPECT_EQ(holder("01491000000000"), "0199:a");
  EXPECT_EQ(holder("04900000000000"), "");
  for (const char* gtin : {"", "4912345678904", "049123456789040", "0491234567890x"}) {
    EXPECT_EQ(holder(gtin), "") << gtin;
  }
}

TEST_F(RegistryTest, FindsByLinkDomainExactly) {
  MemberEntry entry = a_.Entry();
  entry.add_link_domains("id.a.example");
  const auto registry = Make({entry});
  ASSERT_NE(registry->FindByLinkDomain("id.a.example"), nullptr);
  EXPECT_NE(registry->FindByLinkDomain("ID.A.example"), nullptr);
  for (const char* host : {"", "a.example", "x.id.a.example", "id.a.example.", "id.a.examples"}) {
    EXPECT_EQ(registry->FindByLinkDomain(host), nullptr) << host;
  }
}

TEST_F(RegistryTest, FindsByTheLongestNameSpace) {
  MemberEntry a = a_.Entry();
  a.add_id_name_spaces("https://id.example/");
  MemberEntry b = b_.Entry();
  b.add_id_name_spaces("https://id.example/b/");
  b.add_id_name_spaces("urn:example:b:");
  const auto registry = Make({a, b});
  const auto holder = [&](absl::string_view uri) {
    const MemberEntry* entry = registry->FindByUri(uri);
    return entry == nullptr ? std::string() : entry->participant_id();
  };
  EXPECT_EQ(holder("https://id.example/x"), "0199:a");
  EXPECT_EQ(holder("HTTPS://ID.EXAMPLE/x"), "0199:a");
  EXPECT_EQ(holder("https://id.example/b/1"), "0199:b");
  EXPECT_EQ(holder("https://id.example/b/"), "0199:b");
  EXPECT_EQ(holder("https://id.example/b"), "0199:a");
  EXPECT_EQ(holder("https://id.example/B/1"), "0199:a");
  EXPECT_EQ(holder("urn:example:b:1"), "0199:b");
  for (const char* uri : {"", "https://id.example", "https://id.example.org/", "https://id.example:8443/", "urn:"}) {
    EXPECT_EQ(holder(uri), "") << uri;
  }
  const std::string stem = "https://id.example/";
  EXPECT_EQ(holder(stem + std::string(kResolvedUriBytesMax - stem.size(), 'x')), "0199:a");
  EXPECT_EQ(holder(stem + std::string(kResolvedUriBytesMax - stem.size() + 1, 'x')), "");
}

TEST_F(RegistryTest, GivesADisputedClaimToTheActiveThenToTheFirstById) {
  MemberEntry a = a_.Entry();
  MemberEntry b = b_.Entry();
  for (MemberEntry* entry : {&a, &b}) {
    entry->add_gs1_company_prefixes("4912345");
    entry->add_link_domains("id.example");
    entry->add_id_name_spaces("urn:example:");
  }
  const auto holders = [&](const std::vector<MemberEntry>& entries) {
    const auto registry = Make(entries);
    return std::vector<std::string>{registry->FindByGtin("04912345000015")->participant_id(),
                                    registry->FindByLinkDomain("id.example")->participant_id(),
                                    registry->FindByUri("urn:example:1")->participant_id()};
  };
  const std::vector<std::string> all_a(3, "0199:a");
  EXPECT_EQ(holders({a, b}), all_a);
  EXPECT_EQ(holders({b, a}), all_a);
  a.set_status(registry::v1::MEMBER_STATUS_LEFT);
  EXPECT_EQ(holders({a, b}), std::vector<std::string>(3, "0199:b"));
  b.set_status(registry::v1::MEMBER_STATUS_LEFT);
  EXPECT_EQ(holders({b, a}), all_a);
}

}  // namespace
}  // namespace meguri::certs
