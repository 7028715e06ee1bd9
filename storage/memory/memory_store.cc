// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/memory_store.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "base/error.h"
#include "base/mutex.h"

namespace meguri::storage {

// Every key with its values by moment. A moment is the number of batches applied before; values that no snapshot can
// see any more go away when their key is written again. Thread-safe.
class MemoryDisk {
 public:
  using Moment = uint64_t;

  MemoryDisk() = default;
  MemoryDisk(const MemoryDisk& other);
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  absl::optional<std::string> Get(Family family, absl::string_view key, absl::optional<Moment> at) const;
  // The first entry at `at` whose key is `from` or after it (`or_equal`), or after it. False if there is none.
  bool FindNext(Family family, absl::string_view from, bool or_equal, Moment at, std::string& key,
                std::string& value) const;
  absl::Status Apply(const WriteBatch& batch);

  // The present, kept readable until Release.
  Moment Hold();
  void HoldAgain(Moment at);
  void Release(Moment at);

 private:
  using Values = std::map<Moment, absl::optional<std::string>>;
  using Entries = std::map<std::string, Values, std::less<>>;

  static const std::string* ValueAt(const Values& values, Moment at);
  const Entries& EntriesOf(Family family) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return entries_[static_cast<size_t>(family)];
  }
  absl::optional<std::string> GetLocked(Family family, absl::string_view key, Moment at) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetLocked(const Write& write) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  Entries entries_[2] ABSL_GUARDED_BY(mutex_);
  Moment now_ ABSL_GUARDED_BY(mutex_) = 0;
  std::multiset<Moment> held_ ABSL_GUARDED_BY(mutex_);
};

MemoryDisk::MemoryDisk(const MemoryDisk& other) {
  MutexLock theirs(other.mutex_);
  MutexLock ours(mutex_);
  for (size_t family = 0; family < 2; ++family) {
    for (const auto& [key, values] : other.entries_[family]) {
      if (const std::string* value = ValueAt(values, other.now_); value != nullptr) {
        entries_[family][key][0] = *value;
      }
    }
  }
}

const std::string* MemoryDisk::ValueAt(const Values& values, Moment at) {
  const auto after = values.upper_bound(at);
  if (after == values.begin()) {
    return nullptr;
  }
  const absl::optional<std::string>& value = std::prev(after)->second;
  return value.has_value() ? &*value : nullptr;
}

absl::optional<std::string> MemoryDisk::GetLocked(Family family, absl::string_view key, Moment at) const {
  const auto found = EntriesOf(family).find(key);
  const std::string* value = found == EntriesOf(family).end() ? nullptr : ValueAt(found->second, at);
  return value == nullptr ? absl::optional<std::string>() : absl::optional<std::string>(*value);
}

absl::optional<std::string> MemoryDisk::Get(Family family, absl::string_view key, absl::optional<Moment> at) const {
  MutexLock lock(mutex_);
  return GetLocked(family, key, at.value_or(now_));
}

bool MemoryDisk::FindNext(Family family, absl::string_view from, bool or_equal, Moment at, std::string& key,
                          std::string& value) const {
  MutexLock lock(mutex_);
  const Entries& entries = EntriesOf(family);
  auto entry = or_equal ? entries.lower_bound(from) : entries.upper_bound(from);
  for (; entry != entries.end(); ++entry) {
    if (const std::string* found = ValueAt(entry->second, at); found != nullptr) {
      key = entry->first;
      value = *found;
      return true;
    }
  }
  return false;
}

absl::Status MemoryDisk::Apply(const WriteBatch& batch) {
  MutexLock lock(mutex_);
  for (const Precondition& precondition : batch.preconditions) {
    if (GetLocked(precondition.family, precondition.key, now_) != precondition.expected) {
      return Error(absl::StatusCode::kAborted, "PRECONDITION", "a value that the batch relies on has changed");
    }
  }
  ++now_;
  for (const Write& write : batch.writes) {
    SetLocked(write);
  }
  return absl::OkStatus();
}

void MemoryDisk::SetLocked(const Write& write) {
  Entries& entries = entries_[static_cast<size_t>(write.family)];
  const auto entry = entries.try_emplace(write.key).first;
  Values& values = entry->second;
  values[now_] = write.value;
  const Moment oldest = held_.empty() ? now_ : *held_.begin();
  values.erase(values.begin(), std::prev(values.upper_bound(std::max(oldest, values.begin()->first))));
  if (values.size() == 1 && !write.value.has_value()) {
    entries.erase(entry);
  }
}

MemoryDisk::Moment MemoryDisk::Hold() {
  MutexLock lock(mutex_);
  held_.insert(now_);
  return now_;
}

void MemoryDisk::HoldAgain(Moment at) {
  MutexLock lock(mutex_);
  held_.insert(at);
}

void MemoryDisk::Release(Moment at) {
  MutexLock lock(mutex_);
  held_.erase(held_.find(at));
}

namespace {

class MemoryCursor final : public Cursor {
 public:
  // Takes over the hold on `at`.
  MemoryCursor(std::shared_ptr<MemoryDisk> disk, Family family, absl::string_view prefix, MemoryDisk::Moment at)
      : disk_(std::move(disk)), family_(family), prefix_(prefix), at_(at) {
    Find(prefix_, true);
  }
  ~MemoryCursor() override { disk_->Release(at_); }
  MemoryCursor(const MemoryCursor&) = delete;
  MemoryCursor& operator=(const MemoryCursor&) = delete;

  void Seek(absl::string_view key) override { Find(std::string(std::max(key, absl::string_view(prefix_))), true); }
  void Next() override { Find(std::string(key_), false); }
  bool Valid() const override { return valid_; }
  absl::string_view key() const override { return key_; }
  absl::string_view value() const override { return value_; }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  void Find(const std::string& from, bool or_equal) {
    valid_ = disk_->FindNext(family_, from, or_equal, at_, key_, value_) && absl::StartsWith(key_, prefix_);
  }

  const std::shared_ptr<MemoryDisk> disk_;
  const Family family_;
  const std::string prefix_;
  const MemoryDisk::Moment at_;
  std::string key_;
  std::string value_;
  bool valid_ = false;
};

class MemorySnapshot final : public StoreReader {
 public:
  explicit MemorySnapshot(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)), at_(disk_->Hold()) {}
  ~MemorySnapshot() override { disk_->Release(at_); }
  MemorySnapshot(const MemorySnapshot&) = delete;
  MemorySnapshot& operator=(const MemorySnapshot&) = delete;

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return disk_->Get(family, key, at_);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    disk_->HoldAgain(at_);
    return std::make_unique<MemoryCursor>(disk_, family, prefix, at_);
  }

 private:
  const std::shared_ptr<MemoryDisk> disk_;
  const MemoryDisk::Moment at_;
};

class MemoryStore final : public OrderedStore {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return disk_->Get(family, key, absl::nullopt);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return std::make_unique<MemoryCursor>(disk_, family, prefix, disk_->Hold());
  }
  std::unique_ptr<StoreReader> Snapshot() const override { return std::make_unique<MemorySnapshot>(disk_); }
  absl::Status Apply(const WriteBatch& batch) override { return disk_->Apply(batch); }
  absl::Status ApplyBulk(const WriteBatch& batch) override { return disk_->Apply(batch); }
  // There are no files, and what nobody sees goes at once.
  absl::StatusOr<bool> Purge(Family /*family*/, absl::string_view /*begin*/, absl::string_view /*end*/) override {
    return true;
  }

 private:
  const std::shared_ptr<MemoryDisk> disk_;
};

}  // namespace

std::shared_ptr<MemoryDisk> MakeMemoryDisk() { return std::make_shared<MemoryDisk>(); }

std::shared_ptr<MemoryDisk> CopyMemoryDisk(const MemoryDisk& disk) { return std::make_shared<MemoryDisk>(disk); }

std::unique_ptr<OrderedStore> OpenMemoryStore(std::shared_ptr<MemoryDisk> disk) {
  return std::make_unique<MemoryStore>(std::move(disk));
}

}  // namespace meguri::storage
