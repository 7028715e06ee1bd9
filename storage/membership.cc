// SPDX-License-Identifier: Apache-2.0
#include "storage/membership.h"

#include <memory>
#include <utility>

#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "record/feed.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr size_t kKeysAtOnce = 4096;

// Gives each membership of one feed the index of an entry that names its version. Those that have one stay.
class FeedMigration {
 public:
  FeedMigration(OrderedStore& store, FeedId feed) : store_(store), feed_(feed) {}

  absl::Status Run() {
    const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, EntryPrefix(feed_));
    for (; cursor->Valid(); cursor->Next()) {
      const auto key = ParseEntryKey(cursor->key());
      if (!key.has_value()) {
        return ValueDamaged("key of a feed entry");
      }
      MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(cursor->value()));
      MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(bytes));
      MEGURI_RETURN_IF_ERROR(Take(entry, key->index));
    }
    MEGURI_RETURN_IF_ERROR(cursor->status());
    return Flush();
  }

 private:
  absl::Status Take(const record::FeedEntry& entry, uint64_t index) {
    MEGURI_ASSIGN_OR_RETURN(const auto arrival, store_.Get(Family::kLookup, HeaderKey(entry.header_hash)));
    if (!arrival.has_value()) {
      return absl::OkStatus();  // the header is in conflict with one that is stored
    }
    MEGURI_ASSIGN_OR_RETURN(const uint64_t number, UnwrapU64(*arrival, "arrival"));
    std::string key = MembershipKey(number, feed_);
    MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, key));
    if (!stored.has_value()) {
      return ValueMissing("a membership");
    }
    MEGURI_ASSIGN_OR_RETURN(FeedMembership membership, ParseMembership(feed_, *stored));
    if (membership.index.has_value()) {
      return absl::OkStatus();
    }
    membership.index = index;
    batch_.writes.push_back(Write{Family::kLookup, std::move(key), WrapMembership(membership)});
    return batch_.writes.size() < kKeysAtOnce ? absl::OkStatus() : Flush();
  }
  absl::Status Flush() {
    const absl::Status applied = batch_.writes.empty() ? absl::OkStatus() : store_.Apply(batch_);
    batch_.writes.clear();
    return applied;
  }

  OrderedStore& store_;
  const FeedId feed_;
  WriteBatch batch_;
};

}  // namespace

FeedMembership Joined(const FeedMembership& known, const FeedMembership& added) {
  const uint64_t slots = known.slots | added.slots;
  return {known.feed, slots, slots == known.slots ? known.index : added.index};
}

std::string WrapMembership(const FeedMembership& membership) {
  std::string bytes;
  AppendU64(membership.slots, bytes);
  if (membership.index.has_value()) {
    AppendU64(*membership.index, bytes);
  }
  return WrapValue(bytes);
}

absl::StatusOr<FeedMembership> ParseMembership(FeedId feed, absl::string_view stored) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  if (bytes.size() == sizeof(uint64_t)) {
    return FeedMembership{feed, ReadU64(bytes), absl::nullopt};
  }
  if (bytes.size() != 2 * sizeof(uint64_t)) {
    return ValueDamaged("membership");
  }
  return FeedMembership{feed, ReadU64(bytes), ReadU64(bytes.substr(sizeof(uint64_t)))};
}

absl::Status AddEntryIndices(OrderedStore& store) {
  const std::unique_ptr<Cursor> heads = store.NewCursor(Family::kLookup, KindPrefix(KeyKind::kHead));
  for (; heads->Valid(); heads->Next()) {
    const absl::optional<FeedId> feed = ParseFeedIdKey(heads->key());
    if (!feed.has_value()) {
      return ValueDamaged("key of a feed head");
    }
    MEGURI_RETURN_IF_ERROR(FeedMigration(store, *feed).Run());
  }
  return heads->status();
}

}  // namespace meguri::storage
