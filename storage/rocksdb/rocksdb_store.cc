// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb/rocksdb_store.h"

#include <array>
#include <utility>
#include <vector>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_checksum.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/options.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"

namespace meguri::storage {
namespace {

constexpr size_t kFamilyCount = 2;
constexpr char kArrivalName[] = "arrival";
constexpr size_t kProtectionBytesPerKey = 8;
constexpr int kOpenFilesMax = 512;
constexpr int kCacheShardBits = 2;  // few shards, so that one can keep the block of a large section
constexpr double kBloomBitsPerKey = 10;
constexpr size_t kArrivalBlockBytes = 16 << 10;
constexpr size_t kLookupBlockBytes = 4 << 10;
constexpr size_t kInfoLogBytesMax = 1 << 20;
constexpr size_t kInfoLogFilesMax = 2;

rocksdb::Slice ToSlice(absl::string_view view) { return rocksdb::Slice(view.data(), view.size()); }
absl::string_view ToView(const rocksdb::Slice& slice) { return absl::string_view(slice.data(), slice.size()); }

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  if (status.IsCorruption()) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 absl::StrCat("the store is damaged (", status.ToString(),
                              "): run meguri-node fsck, then repair from peers or restore a backup"));
  }
  if (status.IsNoSpace()) {
    return Error(absl::StatusCode::kUnavailable, "STORE_FAILED",
                 absl::StrCat("the disk of the store is full (", status.ToString(),
                              "): free some space, then start the node again"));
  }
  return Error(
      absl::StatusCode::kUnavailable, "STORE_FAILED",
      absl::StrCat("the store cannot be used (", status.ToString(), "): check the disk, then start the node again"));
}

// The one way to write: through the log, and on the disk when it returns.
rocksdb::WriteOptions DurableWrite() {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.disableWAL = false;
  options.protection_bytes_per_key = kProtectionBytesPerKey;
  return options;
}

// The first key after all that begin with `prefix`; "" if there is none.
std::string EndOf(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) {
    end.pop_back();
  }
  if (!end.empty()) {
    end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  }
  return end;
}

class RocksdbCursor final : public Cursor {
 public:
  RocksdbCursor(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, absl::string_view prefix,
                const rocksdb::Snapshot* snapshot)
      : begin_(prefix), end_(EndOf(prefix)), begin_slice_(begin_), end_slice_(end_) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    options.iterate_lower_bound = begin_.empty() ? nullptr : &begin_slice_;
    options.iterate_upper_bound = end_.empty() ? nullptr : &end_slice_;
    iterator_.reset(db.NewIterator(options, family));
    iterator_->SeekToFirst();
  }
  RocksdbCursor(const RocksdbCursor&) = delete;
  RocksdbCursor& operator=(const RocksdbCursor&) = delete;

  void Seek(absl::string_view key) override { iterator_->Seek(ToSlice(key)); }
  void Next() override { iterator_->Next(); }
  bool Valid() const override { return iterator_->Valid(); }
  absl::string_view key() const override { return ToView(iterator_->key()); }
  absl::string_view value() const override { return ToView(iterator_->value()); }
  absl::Status status() const override { return ToStatus(iterator_->status()); }

 private:
  // The iterator keeps pointers to the bounds.
  const std::string begin_;
  const std::string end_;
  const rocksdb::Slice begin_slice_;
  const rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

using FamilyHandles = std::array<rocksdb::ColumnFamilyHandle*, kFamilyCount>;

absl::StatusOr<absl::optional<std::string>> ReadValue(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                                                      absl::string_view key, const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::string value;
  const rocksdb::Status status = db.Get(options, family, ToSlice(key), &value);
  if (status.IsNotFound()) {
    return absl::optional<std::string>();
  }
  MEGURI_RETURN_IF_ERROR(ToStatus(status));
  return absl::optional<std::string>(std::move(value));
}

class RocksdbSnapshot final : public StoreReader {
 public:
  RocksdbSnapshot(rocksdb::DB& db, const FamilyHandles& families)
      : db_(db), families_(families), snapshot_(db.GetSnapshot()) {}
  ~RocksdbSnapshot() override { db_.ReleaseSnapshot(snapshot_); }
  RocksdbSnapshot(const RocksdbSnapshot&) = delete;
  RocksdbSnapshot& operator=(const RocksdbSnapshot&) = delete;

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return ReadValue(db_, families_[static_cast<size_t>(family)], key, snapshot_);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return std::make_unique<RocksdbCursor>(db_, families_[static_cast<size_t>(family)], prefix, snapshot_);
  }

 private:
  rocksdb::DB& db_;
  const FamilyHandles families_;
  const rocksdb::Snapshot* const snapshot_;
};

class RocksdbStore final : public OrderedStore {
 public:
  RocksdbStore(std::unique_ptr<rocksdb::DB> db, const FamilyHandles& families)
      : families_(families), db_(std::move(db)) {}
  ~RocksdbStore() override {
    // The handles point into the database, so they go first; what was acknowledged is in the log already.
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
    db_->Close().PermitUncheckedError();
  }
  RocksdbStore(const RocksdbStore&) = delete;
  RocksdbStore& operator=(const RocksdbStore&) = delete;

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return ReadValue(*db_, HandleOf(family), key, nullptr);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return std::make_unique<RocksdbCursor>(*db_, HandleOf(family), prefix, nullptr);
  }
  std::unique_ptr<StoreReader> Snapshot() const override { return std::make_unique<RocksdbSnapshot>(*db_, families_); }
  absl::Status Apply(const WriteBatch& batch) override;

 private:
  rocksdb::ColumnFamilyHandle* HandleOf(Family family) const { return families_[static_cast<size_t>(family)]; }
  absl::Status CheckPreconditions(const WriteBatch& batch) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  rocksdb::Status ApplyWrites(const WriteBatch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  const FamilyHandles families_;
  const std::unique_ptr<rocksdb::DB> db_;

  Mutex write_mutex_;  // held from the check of the preconditions to the end of the write
  absl::Status failure_ ABSL_GUARDED_BY(write_mutex_);
};

absl::Status RocksdbStore::CheckPreconditions(const WriteBatch& batch) const {
  for (const Precondition& precondition : batch.preconditions) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> value, Get(precondition.family, precondition.key));
    if (value != precondition.expected) {
      return Error(absl::StatusCode::kAborted, "PRECONDITION", "a value that the batch relies on has changed");
    }
  }
  return absl::OkStatus();
}

rocksdb::Status RocksdbStore::ApplyWrites(const WriteBatch& batch) {
  size_t bytes = 0;
  for (const Write& write : batch.writes) {
    bytes += write.key.size() + (write.value.has_value() ? write.value->size() : 0);
  }
  rocksdb::WriteBatch writes(bytes, 0, kProtectionBytesPerKey, 0);
  for (const Write& write : batch.writes) {
    const rocksdb::Status status = write.value.has_value()
                                       ? writes.Put(HandleOf(write.family), ToSlice(write.key), ToSlice(*write.value))
                                       : writes.Delete(HandleOf(write.family), ToSlice(write.key));
    if (!status.ok()) {
      return status;
    }
  }
  return db_->Write(DurableWrite(), &writes);
}

absl::Status RocksdbStore::Apply(const WriteBatch& batch) {
  MutexLock lock(write_mutex_);
  MEGURI_RETURN_IF_ERROR(failure_);
  MEGURI_RETURN_IF_ERROR(CheckPreconditions(batch));
  failure_ = ToStatus(ApplyWrites(batch));
  return failure_;
}

rocksdb::ColumnFamilyOptions FamilyOptions(const RocksdbOptions& options,
                                           const rocksdb::BlockBasedTableOptions& table) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = options.write_buffer_bytes;
  family.memtable_protection_bytes_per_key = kProtectionBytesPerKey;
  family.level_compaction_dynamic_level_bytes = true;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

// Dense values, written once and in key order: compressing them costs a seventh of the throughput and saves nothing.
rocksdb::ColumnFamilyOptions ArrivalOptions(const RocksdbOptions& options, rocksdb::BlockBasedTableOptions table) {
  table.block_size = kArrivalBlockBytes;
  rocksdb::ColumnFamilyOptions family = FamilyOptions(options, table);
  family.compression = rocksdb::kNoCompression;
  return family;
}

rocksdb::ColumnFamilyOptions LookupOptions(const RocksdbOptions& options, rocksdb::BlockBasedTableOptions table) {
  table.block_size = kLookupBlockBytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  rocksdb::ColumnFamilyOptions family = FamilyOptions(options, table);
  family.compression = rocksdb::kLZ4Compression;
  return family;
}

rocksdb::BlockBasedTableOptions TableOptions(const RocksdbOptions& options) {
  // Not strict: a strict cache that is smaller than the blocks in use makes reads fail (seen with sections of 8 MiB).
  // It goes back to its size as soon as the readers let go.
  const rocksdb::LRUCacheOptions cache(options.block_cache_bytes, kCacheShardBits, false, 0.5);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(cache);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  return table;
}

rocksdb::DBOptions DatabaseOptions(const RocksdbOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  database.paranoid_checks = true;
  database.flush_verify_memtable_count = true;
  // This mode forbids to recycle logs: RocksDB 7.8 turns recycle_log_file_num off under it.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  database.track_and_verify_wals_in_manifest = true;
  database.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  database.max_bgerror_resume_count = 0;  // a disk that has failed once is not tried again
  // Bounds what is replayed at the start, and the memory of both families together.
  database.max_total_wal_size = 4 * options.write_buffer_bytes;
  database.db_write_buffer_size = 2 * options.write_buffer_bytes;
  database.max_open_files = kOpenFilesMax;
  database.max_background_jobs = 2;
  database.bytes_per_sync = 1 << 20;
  database.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  database.max_log_file_size = kInfoLogBytesMax;
  database.keep_log_file_num = kInfoLogFilesMax;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

// RocksDB reports a lock that is held as any other I/O error: only trying again tells them apart.
bool IsLocked(const std::string& path) {
  const std::string lock_path = path + "/LOCK";
  rocksdb::FileLock* lock = nullptr;
  if (::access(lock_path.c_str(), R_OK | W_OK) != 0) {
    return false;
  }
  if (!rocksdb::Env::Default()->LockFile(lock_path, &lock).ok()) {
    return true;
  }
  rocksdb::Env::Default()->UnlockFile(lock).PermitUncheckedError();
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OrderedStore>> OpenRocksdbStore(const std::string& path, const RocksdbOptions& options) {
  const rocksdb::BlockBasedTableOptions table = TableOptions(options);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, LookupOptions(options, table)},
      {kArrivalName, ArrivalOptions(options, table)},
  };
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(DatabaseOptions(options), path, families, &handles, &opened);
  if (status.IsIOError() && IsLocked(path)) {
    return Error(absl::StatusCode::kUnavailable, "STORE_LOCKED",
                 absl::StrCat("the store in ", path, " is open in another process: stop that one first"));
  }
  MEGURI_RETURN_IF_ERROR(ToStatus(status));
  std::unique_ptr<rocksdb::DB> db(opened);
  FamilyHandles by_family{};
  by_family[static_cast<size_t>(Family::kLookup)] = handles[0];
  by_family[static_cast<size_t>(Family::kArrival)] = handles[1];
  return std::unique_ptr<OrderedStore>(std::make_unique<RocksdbStore>(std::move(db), by_family));
}

}  // namespace meguri::storage
