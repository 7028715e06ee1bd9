// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/receipt.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using record::v1::Receipt;

constexpr char kGiver[] = "9999:recycler";
constexpr uint64_t kTimeMs = 1'790'000'123'456;
constexpr uint64_t kSize = 1234;

std::string OriginOf(const Golden& golden, const record::FeedName& feed) {
  return record::FeedOrigin(kFederation, {golden.publisher, feed, 1});
}

Json RefusedReceipts(const Golden& golden, const Receipt& sound) {
  const std::vector<std::pair<const char*, std::pair<const char*, std::function<void(Receipt&)>>>> changes = {
      {"an earlier time", {"RECEIPT_SIGNATURE", [](auto& r) { r.set_time_ms(kTimeMs - 1); }}},
      {"another size", {"RECEIPT_SIGNATURE", [](auto& r) { r.set_size(kSize - 1); }}},
      {"another key ID", {"RECEIPT_SIGNATURE", [](auto& r) { (*r.mutable_key_id())[0] ^= 1; }}},
      {"another signature", {"RECEIPT_SIGNATURE", [](auto& r) { (*r.mutable_signature())[63] ^= 1; }}},
      {"no time", {"RECEIPT_FORM", [](auto& r) { r.clear_time_ms(); }}},
      {"a time after the year 9999", {"RECEIPT_FORM", [](auto& r) { r.set_time_ms(253'402'300'800'000); }}},
      {"no size", {"RECEIPT_FORM", [](auto& r) { r.clear_size(); }}},
      {"a key ID that is short", {"RECEIPT_FORM", [](auto& r) { r.mutable_key_id()->pop_back(); }}},
      {"a signature that is long", {"RECEIPT_FORM", [](auto& r) { r.mutable_signature()->push_back('x'); }}},
  };
  std::vector<Json> refused;
  refused.reserve(changes.size() + 1);
  for (const auto& [name, change] : changes) {
    Receipt changed = sound;
    change.second(changed);
    refused.push_back(Json::Object(
        {{"name", name}, {"reason", change.first}, {"receipt_hex", Json::Hex(changed.SerializeAsString())}}));
  }
  refused.push_back(Json::Object({{"name", "of another feed"},
                                  {"reason", "RECEIPT_SIGNATURE"},
                                  {"origin", OriginOf(golden, record::FeedName::Members())},
                                  {"receipt_hex", Json::Hex(sound.SerializeAsString())}}));
  return Json(std::move(refused));
}

}  // namespace

Json ReceiptVectors(const Golden& golden) {
  const std::unique_ptr<record::RawSigner> giver = record::RawSigner::Ed25519(std::string(32, 'g'));
  const record::Checkpoint head{OriginOf(golden, record::FeedName::Public()), kSize, record::Sha256("root")};
  const record::Hash key_id =
      record::KeyId(kFederation, record::ParticipantId::Parse(kGiver).value(), giver->public_key().spki());
  const Receipt receipt = record::SignReceipt(key_id, *giver, kTimeMs, head).value();
  return Json::Object({{"about", "Golden bytes of docs/format/receipt.md: that a member had seen a head of a feed."},
                       {"federation", kFederation},
                       {"giver", kGiver},
                       {"giver_spki_hex", Json::Hex(giver->public_key().spki())},
                       {"origin", head.origin},
                       {"size", Json(head.size)},
                       {"root_hex", Json::Hex(head.root.view())},
                       {"time_ms", Json(kTimeMs)},
                       {"signed_bytes_hex", Json::Hex(record::ReceiptSignedBytes(key_id, kTimeMs, head))},
                       {"receipt_hex", Json::Hex(receipt.SerializeAsString())},
                       {"refused", RefusedReceipts(golden, receipt)}});
}

}  // namespace meguri::vectors
