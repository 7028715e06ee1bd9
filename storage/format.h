// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

inline constexpr uint32_t kStoreFormat = 1;

// Marks an empty store with the current format, migrates an older one step by step, and refuses a newer one:
// FAILED_PRECONDITION with reason STORE_FORMAT_NEWER.
absl::Status PrepareFormat(OrderedStore& store);

}  // namespace meguri::storage
