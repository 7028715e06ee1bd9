// SPDX-License-Identifier: Apache-2.0
#include "storage/commit_keys.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {

absl::StatusOr<absl::optional<uint64_t>> ReadNumber(const StoreReader& store, absl::string_view key) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> value, store.Get(Family::kLookup, key));
  if (!value.has_value()) {
    return absl::optional<uint64_t>();
  }
  MEGURI_ASSIGN_OR_RETURN(const uint64_t number, UnwrapU64(*value, key));
  return absl::optional<uint64_t>(number);
}

absl::StatusOr<bool> IsEmpty(const StoreReader& store) {
  constexpr char kAfterReserved[] = {static_cast<char>(KeyKind::kReserved) + 1, '\0'};
  for (const Family family : {Family::kArrival, Family::kLookup}) {
    const std::unique_ptr<Cursor> cursor = store.NewCursor(family, "");
    if (family == Family::kLookup && cursor->Valid() &&
        absl::StartsWith(cursor->key(), KindPrefix(KeyKind::kReserved))) {
      cursor->Seek(kAfterReserved);
    }
    MEGURI_RETURN_IF_ERROR(cursor->status());
    if (cursor->Valid()) {
      return false;
    }
  }
  return true;
}

}  // namespace meguri::storage
