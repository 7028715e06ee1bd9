// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

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
  void Put(Family family, std::string key, std::string value);
  void Delete(Family family, std::string key);

  // Moves the writes into the parent.
  void MergeIntoParent();
  // Moves the writes into `batch`.
  void MoveTo(WriteBatch& batch);
  bool empty() const { return writes_[0].empty() && writes_[1].empty(); }

 private:
  using Overlay = absl::flat_hash_map<std::string, absl::optional<std::string>>;
  const StoreReader* base_;
  Transaction* parent_;
  Overlay writes_[2];
};

}  // namespace meguri::storage
