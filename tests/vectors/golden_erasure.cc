// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "record/dsse.h"
#include "record/erasure.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using erasure::v1::ErasureAccount;
using erasure::v1::ErasureAck;
using erasure::v1::ErasureRequest;

constexpr char kHolder[] = "9999:recycler";
constexpr uint64_t kTimeMs = 1'790'000'000'000;
constexpr uint64_t kMinuteMs = 60'000;

template <typename Message>
Message About(const Golden& golden) {
  Message message;
  message.set_format_version(1);
  message.set_federation(kFederation);
  message.set_publisher(golden.publisher.text());
  message.set_record_id("ABCDEFGHIJKLMNOP");
  message.set_tombstone_hash(record::Sha256("tombstone").ToString());
  return message;
}

// Those of docs/format/erasure.md §1 and §2.
ErasureRequest RequestOf(const Golden& golden) {
  auto request = About<ErasureRequest>(golden);
  request.set_basis(erasure::v1::ERASURE_BASIS_CONTRACT_ENDED);
  request.set_time_ms(kTimeMs);
  request.set_deadline_ms(1'792'592'000'000);
  return request;
}

ErasureAck AckOf(const Golden& golden) {
  auto ack = About<ErasureAck>(golden);
  ack.set_holder(kHolder);
  ack.set_versions(2);
  ack.set_newest_version(3);
  ack.set_time_ms(kTimeMs + kMinuteMs);
  return ack;
}

// One who has acknowledged, one who has left without doing so, and one who has not answered.
ErasureAccount AccountOf(const Golden& golden, const std::string& request, const std::string& ack) {
  auto account = About<ErasureAccount>(golden);
  account.set_request_hash(record::Sha256(request).ToString());
  account.set_time_ms(kTimeMs + 2 * kMinuteMs);
  for (const char* id : {"9999:city", kHolder, "9999:smelter"}) {
    erasure::v1::AskedHolder& holder = *account.add_holders();
    holder.set_participant_id(id);
    holder.set_found_ms(kTimeMs);
  }
  account.mutable_holders(0)->set_has_left(true);
  account.mutable_holders(1)->set_acknowledgement_hash(record::Sha256(ack).ToString());
  account.set_asks_everyone(true);
  return account;
}

std::string SignedBodyOf(const char* type, const std::string& body, const char* owner,
                         const record::RawSigner& signer) {
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(type);
  signed_body.set_body(body);
  const record::Hash key_id =
      record::KeyId(kFederation, record::ParticipantId::Parse(owner).value(), signer.public_key().spki());
  Invariant(record::AddSignature(key_id, signer, signed_body).ok(), "a key in memory signs");
  return signed_body.SerializeAsString();
}

Json RefusedAccounts(const ErasureAccount& sound) {
  const std::vector<std::pair<const char*, std::pair<const char*, std::function<void(ErasureAccount&)>>>> changes = {
      {"holders in another order", {"ERASURE_FORM", [](auto& a) { a.mutable_holders()->SwapElements(0, 1); }}},
      {"a holder twice", {"ERASURE_FORM", [](auto& a) { *a.add_holders() = a.holders(2); }}},
      {"the publisher as holder",
       {"ERASURE_FORM", [](auto& a) { a.mutable_holders(0)->set_participant_id(kPublisher); }}},
      {"a holder that is none", {"ERASURE_FORM", [](auto& a) { a.mutable_holders(0)->set_participant_id("city"); }}},
      {"acknowledged, and left without", {"ERASURE_FORM", [](auto& a) { a.mutable_holders(1)->set_has_left(true); }}},
      {"no time", {"WIRE_GRAMMAR", [](auto& a) { a.clear_time_ms(); }}},
      {"no request", {"WIRE_GRAMMAR", [](auto& a) { a.clear_request_hash(); }}},
      {"a hash that is short",
       {"WIRE_GRAMMAR", [](auto& a) { a.mutable_holders(1)->mutable_acknowledgement_hash()->pop_back(); }}},
      {"a newer format", {"NEWER_FORMAT", [](auto& a) { a.set_format_version(2); }}},
  };
  std::vector<Json> refused;
  refused.reserve(changes.size());
  for (const auto& [name, change] : changes) {
    ErasureAccount changed = sound;
    change.second(changed);
    refused.push_back(Json::Object(
        {{"name", name}, {"reason", change.first}, {"account_hex", Json::Hex(changed.SerializeAsString())}}));
  }
  return Json(std::move(refused));
}

}  // namespace

Json ErasureVectors(const Golden& golden) {
  const std::unique_ptr<record::RawSigner> holder = record::RawSigner::Ed25519(std::string(32, 'h'));
  const std::string request = record::EncodeErasureRequest(RequestOf(golden)).value();
  const std::string ack = record::EncodeErasureAck(AckOf(golden)).value();
  const ErasureAccount account = AccountOf(golden, request, ack);
  const std::string body = record::EncodeErasureAccount(account).value();
  const record::RawSigner& publisher = *golden.record_signer;
  return Json::Object(
      {{"about", "Golden bytes of docs/format/erasure.md: what was asked, acknowledged, and accounted for."},
       {"federation", kFederation},
       {"publisher", kPublisher},
       {"publisher_record_spki_hex", Json::Hex(publisher.public_key().spki())},
       {"holder", kHolder},
       {"holder_feed_spki_hex", Json::Hex(holder->public_key().spki())},
       {"request_hex", Json::Hex(SignedBodyOf(record::kErasureRequestPayloadType, request, kPublisher, publisher))},
       {"acknowledgement_hex", Json::Hex(SignedBodyOf(record::kErasureAckPayloadType, ack, kHolder, *holder))},
       {"account_hex", Json::Hex(SignedBodyOf(record::kErasureAccountPayloadType, body, kPublisher, publisher))},
       {"account_body_hex", Json::Hex(body)},
       {"refused", RefusedAccounts(account)}});
}

}  // namespace meguri::vectors
