// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

inline constexpr uint32_t kStoreFormat = 6;
inline constexpr uint32_t kFormatWithUsage = 2;   // from here on replicas are counted (storage/usage.h)
inline constexpr uint32_t kFormatWithNewest = 3;  // from here on a record ID leads to its newest version
inline constexpr uint32_t kFormatWithIndex = 4;   // from here on a membership says where the entry stands
inline constexpr uint32_t kFormatSealed = 6;      // from here on sections are encrypted (storage/sealed)
// Format 5 may hold audit rows; what an older program would make of them is that the store is damaged.

// Turns a store of one format into the next. It may be interrupted, and is then run again from its beginning.
using MigrationStep = std::function<absl::Status(OrderedStore&)>;

// Marks an empty store with the current format, migrates an older one step by step, and refuses a newer one:
// FAILED_PRECONDITION with reason STORE_FORMAT_NEWER. DATA_LOSS with reason STORE_DAMAGED if a store that is not empty
// has no format.
absl::Status PrepareFormat(OrderedStore& store);
// The same; `seal_sections` leads to kFormatSealed.
absl::Status PrepareFormat(OrderedStore& store, const MigrationStep& seal_sections);
// The same for the format steps.size() + 1; steps[n - 1] leads from format n to n + 1.
absl::Status PrepareFormat(OrderedStore& store, absl::Span<const MigrationStep> steps);

}  // namespace meguri::storage
