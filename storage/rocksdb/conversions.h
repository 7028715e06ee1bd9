// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"

namespace meguri::storage {

inline rocksdb::Slice ToSlice(absl::string_view view) { return rocksdb::Slice(view.data(), view.size()); }
inline absl::string_view ToView(const rocksdb::Slice& slice) { return absl::string_view(slice.data(), slice.size()); }

// DATA_LOSS (reason STORE_DAMAGED) if RocksDB finds damage, UNAVAILABLE (reason STORE_FAILED) for any other error.
absl::Status ToStatus(const rocksdb::Status& status);

}  // namespace meguri::storage
