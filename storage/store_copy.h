// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/ordered_store.h"

// What one member has in its store, taken from one store into another. Whoever takes it in checks it (storage/fsck.h,
// and the signatures): nothing is believed here.
namespace meguri::storage {

// Whether a copy carries this key: everything but what tells about the store itself.
bool IsCopied(Family family, absl::string_view key);

// Tells `take` everything that a copy carries, the descriptions of feeds first, each key with its value. Returns how
// much that was, and stops at the first error.
absl::StatusOr<uint64_t> CopyOut(
    const StoreReader& store,
    absl::FunctionRef<absl::Status(Family family, absl::string_view key, absl::string_view value)> take);

// The numbers of the records in `store` whose sections are erased, ascending.
absl::StatusOr<std::vector<uint64_t>> ErasedArrivals(const StoreReader& store);

}  // namespace meguri::storage
