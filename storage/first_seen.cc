// SPDX-License-Identifier: Apache-2.0
#include "storage/first_seen.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr absl::string_view kSeen =
    "seen/";  // u32 feed -> u64 size | u64 ms, the newest; u32 feed | u64 size -> u64 ms
constexpr size_t kNewestSize = 2 * sizeof(uint64_t);

std::string NewestKey(FeedId feed) {
  std::string key = absl::StrCat(KindPrefix(KeyKind::kSetting), kSeen);
  AppendU32(feed, key);
  return key;
}

std::string KeptKey(FeedId feed, uint64_t size) {
  std::string key = NewestKey(feed);
  AppendU64(size, key);
  return key;
}

absl::Time TimeOf(uint64_t time_ms) { return absl::FromUnixMillis(static_cast<int64_t>(time_ms)); }
uint64_t MsOf(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixMillis(time)); }
int64_t SpanOf(absl::Time time) { return (time - absl::UnixEpoch()) / kFirstSeenSpan; }

absl::StatusOr<SeenHead> ParseNewest(absl::string_view stored) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view value, UnwrapValue(stored));
  if (value.size() != kNewestSize) {
    return ValueDamaged("time of the newest head");
  }
  return SeenHead{ReadU64(value), TimeOf(ReadU64(value.substr(sizeof(uint64_t))))};
}

std::string WrapNewest(const SeenHead& head) {
  std::string value;
  AppendU64(head.size, value);
  AppendU64(MsOf(head.time), value);
  return WrapValue(value);
}

// A kept head at which the cursor stands; nullopt at what is none.
absl::optional<SeenHead> KeptAt(const Cursor& cursor, size_t prefix) {
  const absl::StatusOr<uint64_t> time_ms = UnwrapU64(cursor.value(), "time of a head");
  if (!time_ms.ok() || cursor.key().size() != prefix + sizeof(uint64_t)) {
    return absl::nullopt;
  }
  return SeenHead{ReadU64(cursor.key().substr(prefix)), TimeOf(*time_ms)};
}

}  // namespace

absl::Status FirstSeen::Note(Transaction& transaction, FeedId feed, uint64_t size, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, NewestKey(feed)));
  SeenHead head{size, now};
  if (stored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const SeenHead newest, ParseNewest(*stored));
    if (size <= newest.size) {
      return absl::OkStatus();
    }
    head.time = std::max(now, newest.time);
    if (SpanOf(newest.time) < SpanOf(head.time)) {
      transaction.Put(Family::kLookup, KeptKey(feed, newest.size), WrapU64(MsOf(newest.time)));
    }
  }
  if (size > 0) {
    transaction.Put(Family::kLookup, NewestKey(feed), WrapNewest(head));
  }
  return absl::OkStatus();
}

absl::Status FirstSeen::Forget(Transaction& transaction, FeedId feed) const {
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, NewestKey(feed));
  for (; cursor->Valid(); cursor->Next()) {
    transaction.Delete(Family::kLookup, std::string(cursor->key()));
  }
  return cursor->status();
}

absl::optional<SeenHead> FirstSeen::Newest(FeedId feed) const {
  const auto stored = store_.Get(Family::kLookup, NewestKey(feed));
  if (!stored.ok() || !stored->has_value()) {
    return absl::nullopt;
  }
  const absl::StatusOr<SeenHead> newest = ParseNewest(**stored);
  return newest.ok() ? absl::make_optional(*newest) : absl::nullopt;
}

absl::optional<SeenHead> FirstSeen::Covering(FeedId feed, uint64_t index) const {
  const std::string prefix = NewestKey(feed);
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, prefix);
  cursor->Seek(KeptKey(feed, index + 1));
  if (cursor->Valid()) {
    return KeptAt(*cursor, prefix.size());
  }
  const absl::optional<SeenHead> newest = Newest(feed);
  return newest.has_value() && newest->size > index ? newest : absl::nullopt;
}

std::vector<SeenHead> FirstSeen::Some(FeedId feed, uint64_t from, size_t count) const {
  std::vector<SeenHead> heads;
  const absl::optional<SeenHead> newest = Newest(feed);
  if (!newest.has_value() || count == 0) {
    return heads;
  }
  heads.push_back(*newest);
  const std::string prefix = NewestKey(feed);
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, prefix);
  const auto take = [&](uint64_t begin, uint64_t end) {
    for (cursor->Seek(KeptKey(feed, begin)); cursor->Valid() && heads.size() < count; cursor->Next()) {
      const absl::optional<SeenHead> head = KeptAt(*cursor, prefix.size());
      if (!head.has_value() || head->size >= end) {
        return;
      }
      heads.push_back(*head);
    }
  };
  take(from, newest->size);
  take(1, std::min(from, newest->size));
  return heads;
}

bool IsFirstSeenKey(absl::string_view key) {
  const size_t prefix = NewestKey(0).size();
  return absl::StartsWith(key, absl::StrCat(KindPrefix(KeyKind::kSetting), kSeen)) &&
         (key.size() == prefix || key.size() == prefix + sizeof(uint64_t));
}

absl::Status CheckFirstSeen(const StoreReader& store, absl::string_view key, absl::string_view stored) {
  const size_t prefix = NewestKey(0).size();
  const FeedId feed = ReadU32(key.substr(prefix - sizeof(FeedId)));
  uint64_t size = 0;
  if (key.size() == prefix) {
    MEGURI_ASSIGN_OR_RETURN(const SeenHead newest, ParseNewest(stored));
    size = newest.size;
  } else {
    MEGURI_RETURN_IF_ERROR(UnwrapU64(stored, "time of a head").status());
    size = ReadU64(key.substr(prefix));
  }
  const Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const HeldFeed held, feeds.Describe(feed));
  MEGURI_ASSIGN_OR_RETURN(const FeedHead head, feeds.ReadHead(feed));
  return held.is_own() || size == 0 || size > head.size()
             ? ValueDamaged("head that was seen, of entries that are not here,")
             : absl::OkStatus();
}

}  // namespace meguri::storage
