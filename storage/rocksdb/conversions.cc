// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb/conversions.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace meguri::storage {

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  if (status.IsCorruption()) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 absl::StrCat("the store is damaged (", status.ToString(),
                              "): stop the node, look at the disk, and restore a backup of store and ANCHOR"));
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

}  // namespace meguri::storage
