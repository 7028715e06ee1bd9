// SPDX-License-Identifier: Apache-2.0
#include "certs/addressed_member.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using testing::ValueOf;

TEST(AddressedMemberTest, EveryMemberHasAnAuthorityOfItsOwn) {
  for (const char* text : {"0188:7123456789012", "0199:a", "0199:a.b-c_D", "0199:x.member", "0199:..member"}) {
    const record::ParticipantId member = ValueOf(record::ParticipantId::Parse(text));
    EXPECT_EQ(MemberOfAuthority(AuthorityOf(member)), member) << text;
  }
  EXPECT_EQ(AuthorityOf(ValueOf(record::ParticipantId::Parse("0188:7123456789012"))), "0188.7123456789012.member");
}

TEST(AddressedMemberTest, AnAddressNamesNoMember) {
  for (const char* authority :
       {"", "127.0.0.1:7443", "node.example.jp:7443", "[::1]:7443", ".member", "0188.member", "0188..member",
        "0188.7123456789013.member", "188.7123456789012.member", "0188:7123456789012.member", "0188.7123456789012",
        "0188.7123456789012.member:7443", "0188.7123456789012.MEMBER", "0199.a b.member", "abcd.a.member"}) {
    EXPECT_EQ(MemberOfAuthority(authority), absl::nullopt) << authority;
  }
}

}  // namespace
}  // namespace meguri::certs
