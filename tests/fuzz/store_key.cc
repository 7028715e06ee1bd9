// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "storage/key_layout.h"
#include "storage/membership.h"
#include "storage/tile.h"
#include "storage/value.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void TryRecordKeys(absl::string_view key) {
  if (const auto parts = storage::ParseArrivalKey(key); parts.has_value()) {
    Invariant((parts->slot.has_value() ? storage::SectionKey(parts->arrival, *parts->slot)
                                       : storage::RecordKey(parts->arrival)) == key,
              "an arrival key is its parts");
  }
  if (const auto parts = storage::ParseVersionKey(key); parts.has_value()) {
    Invariant(storage::VersionKey(parts->record_id, parts->publisher, parts->version) == key,
              "a version key is its parts");
  }
  if (const auto parts = storage::ParseMembershipKey(key); parts.has_value()) {
    Invariant(storage::MembershipKey(parts->arrival, parts->feed) == key, "a membership key is its parts");
  }
  if (const auto arrival = storage::ParseErasureKey(key); arrival.has_value()) {
    Invariant(storage::ErasedKey(*arrival) == key || storage::ErasingKey(*arrival) == key,
              "a key of what is erased is its number");
  }
  if (const auto parts = storage::ParseFrozenKey(key); parts.has_value()) {
    Invariant(storage::FrozenKey(parts->record_id, parts->publisher) == key, "a frozen key is its parts");
  }
  storage::ParsePostingSuffix(key);
  if (const auto parts = storage::ParseTermsKey(key); parts.has_value()) {
    Invariant(storage::TermsKey(parts->feed, parts->name.record_id, parts->name.publisher) == key,
              "a terms key is its parts");
  }
}

void TryFeedKeys(absl::string_view key) {
  if (const auto feed = storage::ParseFeedNameKey(key); feed.has_value()) {
    Invariant(storage::FeedNameKey(*feed) == key, "a feed name key is its parts");
  }
  if (const auto id = storage::ParseFeedIdKey(key); id.has_value()) {
    Invariant(storage::FeedIdKey(*id) == key || storage::HeadKey(*id) == key, "a feed key is its number");
  }
  if (const auto parts = storage::ParseEntryKey(key); parts.has_value()) {
    Invariant(storage::EntryKey(parts->feed, parts->index) == key, "an entry key is its parts");
  }
  if (const auto parts = storage::ParseTileKey(key); parts.has_value()) {
    Invariant(storage::TileKey(parts->feed, parts->level, parts->index) == key, "a tile key is its parts");
  }
  if (const auto parts = storage::ParseRequestTimeKey(key); parts.has_value()) {
    Invariant(storage::RequestTimeKey(parts->time_ms, parts->request_key) == key, "a time key is its parts");
  }
  if (const auto parts = storage::ParseAuditRowKey(key); parts.has_value()) {
    Invariant(storage::AuditRowKey(parts->feed, parts->index) == key, "the key of an audit row is its parts");
  }
  if (const auto parts = storage::ParseAuditPartyKey(key); parts.has_value()) {
    Invariant(storage::AuditPartyKey(parts->feed, parts->party, parts->index) == key,
              "the key of whom a row concerns is its parts");
  }
  if (const auto parts = storage::ParseFollowKey(key); parts.has_value()) {
    Invariant(storage::FollowKey(parts->member, parts->feed) == key, "a follow key is its parts");
  }
}

void TryValue(absl::string_view value) {
  storage::UnwrapValue(value).status().IgnoreError();
  if (const auto number = storage::UnwrapU64(value, "number"); number.ok()) {
    Invariant(storage::WrapU64(*number) == value, "one number has one form");
  }
  if (const auto membership = storage::ParseMembership(1, value); membership.ok()) {
    Invariant(storage::WrapMembership(*membership) == value, "a membership has one form");
  }
  if (const auto tile = storage::ParseTile(value); tile.ok()) {
    Invariant(storage::WrapTile(*tile) == value, "one tile has one form");
  }
}

}  // namespace
}  // namespace meguri::fuzz

// An input is tried as a key and as a value.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::TryRecordKeys(input);
  meguri::fuzz::TryFeedKeys(input);
  meguri::fuzz::TryValue(input);
  return 0;
}
