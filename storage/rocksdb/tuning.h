// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rocksdb/options.h"
#include "storage/rocksdb/rocksdb_store.h"

// How RocksDB is set up. Nothing here changes what is stored, only how fast and how carefully.
namespace meguri::storage {

inline constexpr size_t kProtectionBytesPerKey = 8;  // of a write, from the batch to the table

rocksdb::DBOptions DatabaseOptions(const RocksdbOptions& options);

struct FamilyTuning {
  explicit FamilyTuning(const RocksdbOptions& options);
  rocksdb::ColumnFamilyOptions arrival;
  rocksdb::ColumnFamilyOptions lookup;
};

}  // namespace meguri::storage
