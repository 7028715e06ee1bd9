// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// Writes that are being put together: reads see them, the store does not yet. Thread-compatible.
class Transaction {
 public:
  // `base` outlives it.
  explicit Transaction(const StoreReader& base) : base_(base) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const;
  // What was put under `key` here; nullopt if nothing was, whatever lies below.
  absl::optional<std::string> GetWritten(Family family, absl::string_view key) const;
  void Put(Family family, std::string key, std::string value);
  void Delete(Family family, std::string key);

  // Moves the writes to the end of `batch`, by family and key: the same writes always give the same batch.
  void MoveTo(WriteBatch& batch);

  // The keys under `prefix` that were written here, deletions included, ascending. Those of the base do not count.
  std::vector<std::string> KeysWritten(Family family, absl::string_view prefix) const;
  bool empty() const { return overlays_[0].writes.empty() && overlays_[1].writes.empty(); }
  // Keys and values that MoveTo would move.
  size_t bytes() const { return bytes_; }

 private:
  friend class Savepoint;

  // The newest write of each key, in the order in which the keys came.
  struct Overlay {
    std::deque<Write> writes;                               // an element never moves, so `by_key` may point to it
    absl::flat_hash_map<absl::string_view, Write*> by_key;  // the keys are those of `writes`
  };
  // A value that was overwritten since the newest savepoint.
  struct Overwritten {
    Write* write;
    absl::optional<std::string> value;
  };

  const Write* Find(Family family, absl::string_view key) const;
  void Set(Family family, std::string key, absl::optional<std::string> value);

  const StoreReader& base_;
  Overlay overlays_[2];
  size_t bytes_ = 0;
  int savepoints_ = 0;  // open
  std::vector<Overwritten> overwritten_;
};

// A part of a transaction that leaves no trace in it unless it is kept: goes out of scope and all that was written
// since it began is undone. Parts nest, and end in the reverse of the order in which they began.
class Savepoint {
 public:
  explicit Savepoint(Transaction& transaction);
  ~Savepoint();
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;

  // What was written stays, if the part around this one stays. Call it last.
  void Keep();

 private:
  void Undo();

  Transaction& transaction_;
  const size_t writes_[2];
  const size_t overwritten_;
  const size_t bytes_;
  bool kept_ = false;
};

}  // namespace meguri::storage
