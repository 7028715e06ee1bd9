// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

struct RocksdbOptions {
  size_t block_cache_bytes = size_t{16} << 20;
  size_t write_buffer_bytes = size_t{16} << 20;
};

// Opens or creates a RocksDB store in the folder `path`. UNAVAILABLE (reason STORE_LOCKED) if another process has it
// open; DATA_LOSS (reason STORE_DAMAGED) if RocksDB finds damage.
absl::StatusOr<std::unique_ptr<OrderedStore>> OpenRocksdbStore(const std::string& path,
                                                               const RocksdbOptions& options = {});

}  // namespace meguri::storage
