// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  // Over a store, or over a transaction that this one is a part of. `base` outlives it.
  explicit Transaction(const StoreReader& base) : base_(&base), parent_(nullptr) {}
  explicit Transaction(Transaction& parent) : base_(nullptr), parent_(&parent) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const;
  // What was put under `key` here; nullopt if nothing was, whatever lies below.
  absl::optional<std::string> GetWritten(Family family, absl::string_view key) const;
  void Put(Family family, std::string key, std::string value);
  void Delete(Family family, std::string key);

  // Moves the writes into the parent.
  void MergeIntoParent();
  // Moves the writes to the end of `batch`, by family and key: the same writes always give the same batch.
  void MoveTo(WriteBatch& batch);

  // The keys under `prefix` that were written here, deletions included, ascending. Those of the base do not count.
  std::vector<std::string> KeysWritten(Family family, absl::string_view prefix) const;
  bool empty() const { return writes_[0].empty() && writes_[1].empty(); }
  // Keys and values that MoveTo would move.
  size_t bytes() const { return bytes_; }

 private:
  using Overlay = absl::flat_hash_map<std::string, absl::optional<std::string>>;
  void Set(Family family, std::string key, absl::optional<std::string> value);

  const StoreReader* base_;
  Transaction* parent_;
  Overlay writes_[2];
  size_t bytes_ = 0;
};

}  // namespace meguri::storage
