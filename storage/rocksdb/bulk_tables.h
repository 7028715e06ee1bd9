// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/status.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// Of each storage::Family, by its number.
using FamilyHandles = std::array<rocksdb::ColumnFamilyHandle*, 2>;
using FamilyOptionsOf = std::array<rocksdb::Options, 2>;

// Takes large batches into a database as whole sorted tables. They are built and synced in a folder beside it, where
// nobody sees them, and then join it together in one step: a log and a buffer in memory are not needed.
// Thread-compatible; `db` and its handles outlive it.
class BulkTables {
 public:
  // `folder` lies on the disk of the database and is this object's own.
  BulkTables(rocksdb::DB& db, const FamilyHandles& families, FamilyOptionsOf options, std::string folder);

  // Makes the folder anew: what a crash left in it never was part of the database.
  rocksdb::Status Prepare();
  // All of `writes` or none; durable once it returns OK. A later write to the same key wins.
  rocksdb::Status Apply(const std::vector<Write>& writes);

 private:
  // Builds the table of one family and adds it to `tables`; none if nothing is to be written.
  rocksdb::Status Build(Family family, const std::vector<Write>& writes,
                        std::vector<rocksdb::IngestExternalFileArg>& tables);

  rocksdb::DB& db_;
  const FamilyHandles families_;
  const FamilyOptionsOf options_;
  const std::string folder_;
  uint64_t built_ = 0;  // a name is never used twice: the table under it may be part of the database already
};

}  // namespace meguri::storage
