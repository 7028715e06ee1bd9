// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// The store as everybody but its writer sees it: up to the last commit that is anchored. Between a batch and its ANCHOR
// the store holds what a crash may still take back; nobody shall have been shown that. Thread-safe.
class DurableView final : public SnapshotReader {
 public:
  // Shows `store` as it is now. The store outlives the view.
  explicit DurableView(const SnapshotReader& store);

  // Shows the store as it is now. Only whoever writes knows when that is right.
  void Advance();

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override;
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override;
  std::unique_ptr<StoreReader> Snapshot() const override;

 private:
  std::shared_ptr<const StoreReader> Now() const;

  const SnapshotReader& store_;
  mutable Mutex mutex_;
  std::shared_ptr<const StoreReader> now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::storage
