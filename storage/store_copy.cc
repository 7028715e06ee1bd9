// SPDX-License-Identifier: Apache-2.0
#include "storage/store_copy.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "storage/key_layout.h"

namespace meguri::storage {

bool IsCopied(Family family, absl::string_view key) {
  return family == Family::kArrival || !absl::StartsWith(key, KindPrefix(KeyKind::kReserved));
}

absl::StatusOr<uint64_t> CopyOut(
    const StoreReader& store,
    absl::FunctionRef<absl::Status(Family family, absl::string_view key, absl::string_view value)> take) {
  uint64_t count = 0;
  const std::string feeds = KindPrefix(KeyKind::kFeed);
  const auto walk = [&](Family family, absl::string_view prefix, bool skips_feeds) -> absl::Status {
    const std::unique_ptr<Cursor> cursor = store.NewCursor(family, prefix);
    for (; cursor->Valid(); cursor->Next()) {
      if (!IsCopied(family, cursor->key()) || (skips_feeds && absl::StartsWith(cursor->key(), feeds))) {
        continue;
      }
      MEGURI_RETURN_IF_ERROR(take(family, cursor->key(), cursor->value()));
      ++count;
    }
    return cursor->status();
  };
  // Whoever writes heads must know of which feeds.
  MEGURI_RETURN_IF_ERROR(walk(Family::kLookup, feeds, false));
  MEGURI_RETURN_IF_ERROR(walk(Family::kArrival, "", false));
  MEGURI_RETURN_IF_ERROR(walk(Family::kLookup, "", true));
  return count;
}

absl::StatusOr<std::vector<uint64_t>> ErasedArrivals(const StoreReader& store) {
  std::vector<uint64_t> arrivals;
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, KindPrefix(KeyKind::kErased));
  for (; cursor->Valid(); cursor->Next()) {
    const absl::optional<uint64_t> arrival = ParseErasureKey(cursor->key());
    if (arrival.has_value()) {
      arrivals.push_back(*arrival);
    }
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return arrivals;
}

}  // namespace meguri::storage
