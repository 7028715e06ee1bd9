// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb/rocksdb_store.h"

#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"
#include "storage/rocksdb/bulk_tables.h"
#include "storage/rocksdb/conversions.h"
#include "storage/rocksdb/tuning.h"

namespace meguri::storage {
namespace {

constexpr char kArrivalName[] = "arrival";
constexpr char kBulkFolder[] = "/bulk";
constexpr char kLockFile[] = "/LOCK";        // of RocksDB, which locks it while a database is open for writing
constexpr char kCurrentFile[] = "/CURRENT";  // of RocksDB, the first that it looks for

// Through the log, and on the disk when it returns.
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
  RocksdbStore(std::unique_ptr<rocksdb::DB> db, const FamilyHandles& families, FamilyOptionsOf options,
               const std::string& bulk_folder)
      : families_(families), db_(std::move(db)), bulk_(*db_, families_, std::move(options), bulk_folder) {}
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
  // Call it once, before anything else.
  absl::Status Prepare() {
    MutexLock lock(write_mutex_);
    return ToStatus(bulk_.Prepare());
  }

  absl::Status Apply(const WriteBatch& batch) override;
  absl::Status ApplyBulk(const WriteBatch& batch) override;
  absl::StatusOr<bool> Purge(Family family, absl::string_view begin, absl::string_view end) override;

 private:
  rocksdb::ColumnFamilyHandle* HandleOf(Family family) const { return families_[static_cast<size_t>(family)]; }
  absl::Status CheckPreconditions(const WriteBatch& batch) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  rocksdb::Status ApplyWrites(const WriteBatch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  const FamilyHandles families_;
  const std::unique_ptr<rocksdb::DB> db_;

  Mutex write_mutex_;  // held from the check of the preconditions to the end of the write
  BulkTables bulk_ ABSL_GUARDED_BY(write_mutex_);
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

absl::Status RocksdbStore::ApplyBulk(const WriteBatch& batch) {
  MutexLock lock(write_mutex_);
  MEGURI_RETURN_IF_ERROR(failure_);
  MEGURI_RETURN_IF_ERROR(CheckPreconditions(batch));
  failure_ = ToStatus(bulk_.Apply(batch.writes));
  return failure_;
}

// Writes go on meanwhile: they may be in a log and in tables again, and nothing was deleted of them.
absl::StatusOr<bool> RocksdbStore::Purge(Family family, absl::string_view begin, absl::string_view end) {
  const uint64_t newest = db_->GetLatestSequenceNumber();
  rocksdb::FlushOptions flush;
  flush.allow_write_stall = true;
  // Both families: a log lives until none of them needs it.
  MEGURI_RETURN_IF_ERROR(ToStatus(db_->Flush(flush, {families_.begin(), families_.end()})));
  uint64_t oldest_seen = 0;  // by a snapshot; 0: there is none
  const bool is_known = db_->GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest_seen);
  rocksdb::CompactRangeOptions compaction;
  compaction.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  compaction.exclusive_manual_compaction = false;
  compaction.allow_write_stall = true;
  const rocksdb::Slice first = ToSlice(begin);
  const rocksdb::Slice last = ToSlice(end);
  MEGURI_RETURN_IF_ERROR(
      ToStatus(db_->CompactRange(compaction, HandleOf(family), &first, end.empty() ? nullptr : &last)));
  // Files that are not needed any more are removed in the background, unless one asks.
  MEGURI_RETURN_IF_ERROR(ToStatus(db_->DisableFileDeletions()));
  MEGURI_RETURN_IF_ERROR(ToStatus(db_->EnableFileDeletions(false)));
  return is_known && (oldest_seen == 0 || oldest_seen >= newest);
}

// RocksDB reports a lock that is held as any other I/O error: only trying again tells them apart.
bool IsLocked(const std::string& path) {
  const std::string lock_path = path + kLockFile;
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

absl::Status Locked(const std::string& path) {
  return Error(absl::StatusCode::kUnavailable, "STORE_LOCKED",
               absl::StrCat("the store in ", path, " is open in another process: stop that one first"));
}

// Keeps writers away from a store. RocksDB takes no lock for a database that it only reads, and its own way to lock
// would write; a shared lock on the same file needs no right to write, and conflicts with RocksDB's.
class ReadLock {
 public:
  static absl::StatusOr<std::unique_ptr<ReadLock>> Take(const std::string& path) {
    const int descriptor = ::open((path + kLockFile).c_str(), O_RDONLY | O_CLOEXEC);
    auto lock = absl::WrapUnique(new ReadLock(descriptor));
    if (descriptor < 0 && errno == ENOENT) {
      return lock;  // A copy without it: no process that has a database open is without.
    }
    struct flock range{};
    range.l_type = F_RDLCK;
    range.l_whence = SEEK_SET;
    if (descriptor < 0 || ::fcntl(descriptor, F_OFD_SETLK, &range) != 0) {
      return Locked(path);
    }
    return lock;
  }
  ~ReadLock() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  explicit ReadLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

class RocksdbReader final : public StoreReader {
 public:
  RocksdbReader(std::unique_ptr<ReadLock> lock, std::unique_ptr<rocksdb::DB> db, const FamilyHandles& families)
      : lock_(std::move(lock)), families_(families), db_(std::move(db)) {}
  ~RocksdbReader() override {
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
  }
  RocksdbReader(const RocksdbReader&) = delete;
  RocksdbReader& operator=(const RocksdbReader&) = delete;

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return ReadValue(*db_, families_[static_cast<size_t>(family)], key, nullptr);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return std::make_unique<RocksdbCursor>(*db_, families_[static_cast<size_t>(family)], prefix, nullptr);
  }

 private:
  const std::unique_ptr<ReadLock> lock_;
  const FamilyHandles families_;
  const std::unique_ptr<rocksdb::DB> db_;
};

std::vector<rocksdb::ColumnFamilyDescriptor> Families(const FamilyTuning& tuning) {
  return {{rocksdb::kDefaultColumnFamilyName, tuning.lookup}, {kArrivalName, tuning.arrival}};
}

FamilyHandles ByFamily(const std::vector<rocksdb::ColumnFamilyHandle*>& opened) {
  FamilyHandles handles{};
  handles[static_cast<size_t>(Family::kLookup)] = opened[0];
  handles[static_cast<size_t>(Family::kArrival)] = opened[1];
  return handles;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoreReader>> OpenRocksdbStoreToRead(const std::string& path) {
  if (!RocksdbStoreExists(path)) {
    return Error(absl::StatusCode::kNotFound, "STORE_MISSING", absl::StrCat("there is no store in ", path));
  }
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<ReadLock> lock, ReadLock::Take(path));
  const RocksdbOptions options;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  MEGURI_RETURN_IF_ERROR(ToStatus(rocksdb::DB::OpenForReadOnly(DatabaseOptions(options), path,
                                                               Families(FamilyTuning(options)), &handles, &opened)));
  return std::make_unique<RocksdbReader>(std::move(lock), std::unique_ptr<rocksdb::DB>(opened), ByFamily(handles));
}

bool RocksdbStoreExists(const std::string& path) { return ::access((path + kCurrentFile).c_str(), F_OK) == 0; }

absl::StatusOr<std::unique_ptr<OrderedStore>> OpenRocksdbStore(const std::string& path, const RocksdbOptions& options) {
  const rocksdb::DBOptions database = DatabaseOptions(options);
  const FamilyTuning tuning(options);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(database, path, Families(tuning), &handles, &opened);
  if (status.IsIOError() && IsLocked(path)) {
    return Locked(path);
  }
  MEGURI_RETURN_IF_ERROR(ToStatus(status));
  std::unique_ptr<rocksdb::DB> db(opened);
  const FamilyHandles by_family = ByFamily(handles);
  FamilyOptionsOf options_of;
  options_of[static_cast<size_t>(Family::kLookup)] = rocksdb::Options(database, tuning.lookup);
  options_of[static_cast<size_t>(Family::kArrival)] = rocksdb::Options(database, tuning.arrival);
  auto store =
      std::make_unique<RocksdbStore>(std::move(db), by_family, std::move(options_of), absl::StrCat(path, kBulkFolder));
  MEGURI_RETURN_IF_ERROR(store->Prepare());
  return std::unique_ptr<OrderedStore>(std::move(store));
}

}  // namespace meguri::storage
