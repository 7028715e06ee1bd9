// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/ordered_store.h"
#include "storage/usage.h"

namespace meguri::storage {

// Counts everything anew from what is stored, as storage/usage.h says: what the counts of a sound store are. Reads all
// of it; memory grows with the number of feeds. DATA_LOSS if something cannot be read.
absl::StatusOr<std::map<UsageAccount, Usage>> CountUsage(const StoreReader& store);

// Store format 1 counted nothing: leads to format 2.
absl::Status AddUsage(OrderedStore& store);

}  // namespace meguri::storage
