// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/ordered_store.h"

// The few numbers that tell about the store itself, in Family::kLookup under KeyKind::kReserved.
namespace meguri::storage {

inline constexpr char kFormatKey[] = "m/format";    // number of the store format
inline constexpr char kCommitKey[] = "m/commit";    // number of the last commit
inline constexpr char kDataKeysKey[] = "m/keys";    // 16 bytes: which data keys seal the sections
inline constexpr char kFencingKey[] = "m/fencing";  // number of the start that wrote it

// The number at `key`, or nullopt if there is none. DATA_LOSS if what is there is not a number.
absl::StatusOr<absl::optional<uint64_t>> ReadNumber(const StoreReader& store, absl::string_view key);

// Whether nothing lies in the store but what tells about the store itself.
absl::StatusOr<bool> IsEmpty(const StoreReader& store);

}  // namespace meguri::storage
