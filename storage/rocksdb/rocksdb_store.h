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

// Whether there is a store in the folder `path`; otherwise OpenRocksdbStore would make one.
bool RocksdbStoreExists(const std::string& path);

// Opens the store in the folder `path` to look at it. Nothing is written: what a crash left in the log is replayed in
// memory alone. NOT_FOUND (reason STORE_MISSING) if there is none; otherwise as OpenRocksdbStore. While it lives, no
// node can open the store.
absl::StatusOr<std::unique_ptr<StoreReader>> OpenRocksdbStoreToRead(const std::string& path);

}  // namespace meguri::storage
