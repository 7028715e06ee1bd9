// SPDX-License-Identifier: Apache-2.0
#include "record/erasure.h"

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "gmock/gmock.h"
#include "record/hash.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using meguri::testing::HasReason;

erasure::v1::ErasureRequest Request() {
  erasure::v1::ErasureRequest request;
  request.set_format_version(1);
  request.set_federation("ce.example");
  request.set_publisher("0188:7123456789012");
  request.set_record_id("ABCDEFGHIJKLMNOP");
  request.set_tombstone_hash(Sha256("tombstone").ToString());
  request.set_basis(erasure::v1::ERASURE_BASIS_CONTRACT_ENDED);
  request.set_time_ms(1'790'000'000'000);
  request.set_deadline_ms(1'792'592'000'000);
  return request;
}

erasure::v1::ErasureAck Ack() {
  erasure::v1::ErasureAck ack;
  ack.set_format_version(1);
  ack.set_federation("ce.example");
  ack.set_publisher("0188:7123456789012");
  ack.set_record_id("ABCDEFGHIJKLMNOP");
  ack.set_tombstone_hash(Sha256("tombstone").ToString());
  ack.set_holder("9999:recycler");
  ack.set_versions(2);
  ack.set_newest_version(3);
  ack.set_time_ms(1'790'000'060'000);
  return ack;
}

void ExpectRefused(const std::function<void(erasure::v1::ErasureRequest&)>& change, const char* reason) {
  erasure::v1::ErasureRequest request = Request();
  change(request);
  EXPECT_THAT(EncodeErasureRequest(request), HasReason(reason)) << request.ShortDebugString();
}

void ExpectRefused(const std::function<void(erasure::v1::ErasureAck&)>& change, const char* reason) {
  erasure::v1::ErasureAck ack = Ack();
  change(ack);
  EXPECT_THAT(EncodeErasureAck(ack), HasReason(reason)) << ack.ShortDebugString();
}

// docs/format/erasure.md has these examples; whoever changes them changes what others have signed.
TEST(Erasure, KeepsItsBytesForEver) {
  const auto request = EncodeErasureRequest(Request());
  MEGURI_ASSERT_OK(request);
  EXPECT_EQ(ToHex(*request),
            "0801120a63652e6578616d706c651a12303138383a3731323334353637383930313222104142434445464748"
            "494a4b4c4d4e4f502a209be4d820aca910ba177fcfeeab2762afefa4b7888e4a92f25fec0032a56880783003"
            "3880d8c1a28c344080e8bcf69534");
  const auto ack = EncodeErasureAck(Ack());
  MEGURI_ASSERT_OK(ack);
  EXPECT_EQ(ToHex(*ack),
            "0801120a63652e6578616d706c651a12303138383a3731323334353637383930313222104142434445464748"
            "494a4b4c4d4e4f502a209be4d820aca910ba177fcfeeab2762afefa4b7888e4a92f25fec0032a5688078320d"
            "393939393a72656379636c65723802400348e0acc5a28c34");
  EXPECT_EQ(ParseErasureRequest(*request)->SerializeAsString(), *request);
  EXPECT_EQ(ParseErasureAck(*ack)->SerializeAsString(), *ack);
}

TEST(ErasureRequest, IsRefusedUnlessEveryFieldIsAsItMustBe) {
  using Message = erasure::v1::ErasureRequest;
  ExpectRefused([](Message& request) { request.clear_federation(); }, "WIRE_GRAMMAR");
  ExpectRefused([](Message& request) { request.set_record_id("short"); }, "WIRE_GRAMMAR");
  ExpectRefused([](Message& request) { request.set_tombstone_hash("short"); }, "WIRE_GRAMMAR");
  ExpectRefused([](Message& request) { request.clear_basis(); }, "WIRE_GRAMMAR");
  ExpectRefused([](Message& request) { request.set_basis(static_cast<erasure::v1::ErasureBasis>(9)); }, "WIRE_GRAMMAR");
  ExpectRefused([](Message& request) { request.set_publisher("0188:7123456789013"); }, "ERASURE_FORM");
  ExpectRefused([](Message& request) { request.set_deadline_ms(request.time_ms()); }, "ERASURE_FORM");
  ExpectRefused([](Message& request) { request.set_deadline_ms(request.time_ms() + kErasureDeadlineMsMax + 1); },
                "ERASURE_FORM");
  ExpectRefused([](Message& request) { request.set_format_version(2); }, "NEWER_FORMAT");
}

TEST(ErasureAck, IsRefusedUnlessEveryFieldIsAsItMustBe) {
  using Message = erasure::v1::ErasureAck;
  ExpectRefused([](Message& ack) { ack.clear_holder(); }, "WIRE_GRAMMAR");
  ExpectRefused([](Message& ack) { ack.clear_time_ms(); }, "WIRE_GRAMMAR");
  ExpectRefused([](Message& ack) { ack.set_holder(ack.publisher()); }, "ERASURE_FORM");
  ExpectRefused([](Message& ack) { ack.clear_versions(); }, "ERASURE_FORM");
  ExpectRefused([](Message& ack) { ack.clear_newest_version(); }, "ERASURE_FORM");
  ExpectRefused([](Message& ack) { ack.set_versions(4); }, "ERASURE_FORM");
  ExpectRefused([](Message& ack) { ack.set_format_version(3); }, "NEWER_FORMAT");
  erasure::v1::ErasureAck nothing = Ack();
  nothing.clear_versions();
  nothing.clear_newest_version();
  MEGURI_EXPECT_OK(EncodeErasureAck(nothing));
}

TEST(ErasureAck, NamesThoseToWhomItWasHandedOn) {
  using Message = erasure::v1::ErasureAck;
  erasure::v1::ErasureAck named = Ack();
  named.set_format_version(2);
  named.add_onward_recipients("9999:city");
  named.add_onward_recipients("9999:smelter");
  const auto body = EncodeErasureAck(named);
  MEGURI_ASSERT_OK(body);
  EXPECT_EQ(ToHex(*body),
            "0802120a63652e6578616d706c651a12303138383a3731323334353637383930313222104142434445464748"
            "494a4b4c4d4e4f502a209be4d820aca910ba177fcfeeab2762afefa4b7888e4a92f25fec0032a5688078320d"
            "393939393a72656379636c65723802400348e0acc5a28c345209393939393a63697479520c393939393a736d656c746572");
  ExpectRefused([](Message& ack) { ack.set_format_version(2); }, "ERASURE_FORM");
  ExpectRefused([](Message& ack) { ack.add_onward_recipients("9999:city"); }, "ERASURE_FORM");
  const auto refused = [&named](const std::function<void(Message&)>& change, const char* reason) {
    Message ack = named;
    change(ack);
    EXPECT_THAT(EncodeErasureAck(ack), HasReason(reason)) << ack.ShortDebugString();
  };
  refused([](Message& ack) { ack.add_onward_recipients("9999:city"); }, "ERASURE_FORM");
  refused([](Message& ack) { ack.set_onward_recipients(0, "nobody"); }, "ERASURE_FORM");
  refused([](Message& ack) { ack.set_onward_recipients(0, ack.holder()); }, "ERASURE_FORM");
  refused([](Message& ack) { ack.set_onward_recipients(0, ack.publisher()); }, "ERASURE_FORM");
  refused([](Message& ack) { ack.set_has_more_recipients(true); }, "ERASURE_FORM");
  named.clear_onward_recipients();
  for (size_t i = 0; i < kErasureRecipientsMax; ++i) {
    named.add_onward_recipients(absl::StrCat("9999:", 1000 + i));
  }
  MEGURI_EXPECT_OK(EncodeErasureAck(named));
  named.set_has_more_recipients(true);
  MEGURI_EXPECT_OK(EncodeErasureAck(named));
  named.add_onward_recipients("9999:9");
  EXPECT_THAT(EncodeErasureAck(named), HasReason("WIRE_GRAMMAR"));
}

TEST(Erasure, HasOneEncoding) {
  const std::string ack = *EncodeErasureAck(Ack());
  EXPECT_THAT(ParseErasureAck(absl::StrCat(ack, "\x50\x01")), HasReason("WIRE_GRAMMAR")) << "an unknown field";
  EXPECT_THAT(ParseErasureAck(absl::StrCat(ack, ack)), HasReason("WIRE_GRAMMAR")) << "twice";
  EXPECT_THAT(ParseErasureAck(ack.substr(0, ack.size() - 1)), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(ParseErasureAck(std::string(kErasureAckBytesMax + 1, '\x08')), HasReason("ERASURE_FORM"));
  EXPECT_THAT(ParseErasureRequest(ack), HasReason("WIRE_GRAMMAR")) << "the other message";
  for (size_t i = 0; i < ack.size(); ++i) {
    std::string changed = ack;
    changed[i] = static_cast<char>(changed[i] ^ 0x80);
    const auto parsed = ParseErasureAck(changed);
    EXPECT_TRUE(!parsed.ok() || parsed->SerializeAsString() == changed) << i;
  }
}

erasure::v1::ErasureAccount Account() {
  erasure::v1::ErasureAccount account;
  account.set_format_version(1);
  account.set_federation("ce.example");
  account.set_publisher("0188:7123456789012");
  account.set_record_id("ABCDEFGHIJKLMNOP");
  account.set_tombstone_hash(Sha256("tombstone").ToString());
  account.set_request_hash(Sha256("request").ToString());
  account.set_time_ms(1'790'000'120'000);
  for (const char* id : {"9999:city", "9999:recycler"}) {
    account.add_holders()->set_participant_id(id);
    account.mutable_holders()->rbegin()->set_found_ms(1'790'000'000'000);
  }
  account.mutable_holders(1)->set_acknowledgement_hash(Sha256("acknowledgement").ToString());
  return account;
}

TEST(Erasure, AnAccountSaysWhoWasAskedOnceEach) {
  MEGURI_EXPECT_OK(EncodeErasureAccount(Account()));
  const auto refused = [](const std::function<void(erasure::v1::ErasureAccount&)>& change, const char* reason) {
    erasure::v1::ErasureAccount account = Account();
    change(account);
    EXPECT_THAT(EncodeErasureAccount(account), HasReason(reason)) << account.ShortDebugString();
  };
  refused([](auto& a) { a.mutable_holders()->SwapElements(0, 1); }, "ERASURE_FORM");
  refused([](auto& a) { *a.mutable_holders(0) = a.holders(1); }, "ERASURE_FORM");
  refused([](auto& a) { a.mutable_holders(0)->set_participant_id("city"); }, "ERASURE_FORM");
  refused([](auto& a) { a.mutable_holders(0)->set_participant_id(a.publisher()); }, "ERASURE_FORM");
  refused([](auto& a) { a.mutable_holders(1)->set_has_left(true); }, "ERASURE_FORM");
  refused([](auto& a) { a.set_publisher("maker"); }, "ERASURE_FORM");
  refused([](auto& a) { a.mutable_holders(1)->set_acknowledgement_hash("short"); }, "WIRE_GRAMMAR");
  refused([](auto& a) { a.mutable_holders(0)->clear_found_ms(); }, "WIRE_GRAMMAR");
  refused([](auto& a) { a.clear_request_hash(); }, "WIRE_GRAMMAR");
  refused([](auto& a) { a.clear_time_ms(); }, "WIRE_GRAMMAR");
  refused([](auto& a) { a.set_format_version(2); }, "NEWER_FORMAT");
}

TEST(Erasure, AnAccountNamesSoManyHoldersAndNoMore) {
  erasure::v1::ErasureAccount account = Account();
  account.clear_holders();
  for (size_t i = 0; i < kErasureAccountHoldersMax; ++i) {
    erasure::v1::AskedHolder& holder = *account.add_holders();
    holder.set_participant_id(absl::StrCat("9999:", 100'000 + i));
    holder.set_found_ms(1'790'000'000'000);
    holder.set_acknowledgement_hash(Sha256("acknowledgement").ToString());
  }
  MEGURI_EXPECT_OK(EncodeErasureAccount(account));
  account.add_holders()->set_participant_id("9999:z");
  account.mutable_holders()->rbegin()->set_found_ms(1);
  EXPECT_THAT(EncodeErasureAccount(account), HasReason("WIRE_GRAMMAR"));
}

}  // namespace
}  // namespace meguri::record
