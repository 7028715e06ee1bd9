// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace meguri::storage {

// Two key spaces with different habits: large values that are written once in arrival order, and small ones.
enum class Family { kArrival = 0, kLookup = 1 };

// Walks the entries under one prefix in key order. Not thread-safe.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // Goes to the first entry at or after `key` (a whole key, prefix included).
  virtual void Seek(absl::string_view key) = 0;
  virtual void Next() = 0;
  // False past the last entry, and after an I/O error, which status() tells.
  virtual bool Valid() const = 0;
  // The views die at the next Seek or Next.
  virtual absl::string_view key() const = 0;
  virtual absl::string_view value() const = 0;
  virtual absl::Status status() const = 0;
};

// Reads an ordered map from byte keys to byte values. Thread-safe.
class StoreReader {
 public:
  virtual ~StoreReader() = default;
  // The value at `key`, or nullopt. DATA_LOSS if what is stored is damaged.
  virtual absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const = 0;
  // A cursor on the first entry under `prefix`; sees one snapshot.
  virtual std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const = 0;
};

struct Write {
  Family family;
  std::string key;
  absl::optional<std::string> value;  // nullopt deletes
};

// What must still hold when the batch is applied: the value at `key`, or nullopt for "absent".
struct Precondition {
  Family family;
  std::string key;
  absl::optional<std::string> expected;
};

struct WriteBatch {
  std::vector<Precondition> preconditions;
  std::vector<Write> writes;  // a later write to the same key wins
};

// Reads, and can hold on to what it sees. Thread-safe.
class SnapshotReader : public StoreReader {
 public:
  // A reader of this very moment. It must not outlive what it was taken from.
  virtual std::unique_ptr<StoreReader> Snapshot() const = 0;
};

// An ordered map that survives a crash. Thread-safe.
class OrderedStore : public SnapshotReader {
 public:
  // Applies all of `batch` or none; durable once it returns OK. ABORTED: a precondition does not hold. Any other error
  // means that nothing more may be written: the disk is not to be trusted.
  virtual absl::Status Apply(const WriteBatch& batch) = 0;
  // The same, for a batch of many megabytes: cheaper by the byte, dearer by the call.
  virtual absl::Status ApplyBulk(const WriteBatch& batch) = 0;
  // Rewrites what lies from `begin` up to `end` ("": up to the last key), and drops the logs: what was deleted or
  // overwritten there is in no file of the store any more. May take as long as writing all of it. False if a snapshot
  // from before the newest write still lives: what it sees may have stayed, and the call is to be repeated.
  virtual absl::StatusOr<bool> Purge(Family family, absl::string_view begin, absl::string_view end) = 0;
};

}  // namespace meguri::storage
