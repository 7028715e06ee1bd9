// SPDX-License-Identifier: Apache-2.0
#include "node/app/store_check.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/system_random.h"
#include "storage/anchor.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"

namespace meguri::node {
namespace {

bool Exists(const std::string& path) {
  std::error_code failed;
  return std::filesystem::exists(path, failed);
}

}  // namespace

// The key of page tokens is made by the first start, after the store and before anybody is served. It belongs to what
// is restored together with the other keys, so a folder without its store tells that one was there.
bool HasServed(const Folder& folder) { return Exists(folder.token_key()) || Exists(folder.anchor()); }

storage::SectionKeyFiles SectionKeysIn(const Folder& folder) {
  return {folder.section_keys(), {folder.epoch_key(0), folder.epoch_key(1)}};
}

absl::Status CheckStoreNotLost(const Folder& folder) {
  if (storage::RocksdbStoreExists(folder.store()) || !HasServed(folder)) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kDataLoss, "STORE_LOST",
               absl::StrCat("This node has served before, and its store ", folder.store(),
                            " is gone: a new one would roll back its feeds. Restore a backup of store and ANCHOR, both "
                            "of one moment."));
}

absl::StatusOr<storage::FsckReport> CheckStore(const Folder& folder,
                                               const std::function<void(uint64_t, uint64_t)>& progress) {
  const bool has_store = storage::RocksdbStoreExists(folder.store());
  if (!has_store && !Exists(folder.config()) && !HasServed(folder)) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_NODE",
                 absl::StrCat("There is no node in the folder '", folder.root(), "'; name that of one with --data."));
  }
  if (const absl::Status lost = CheckStoreNotLost(folder); !lost.ok()) {
    storage::FsckReport report;
    report.problems.emplace_back(lost.message());
    return report;
  }
  if (!has_store) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "STORE_MISSING",
        absl::StrCat("The node in ", folder.root(),
                     " has not served yet, so there is nothing to check: `meguri-node serve` makes its store."));
  }
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::StoreReader> opened,
                          storage::OpenRocksdbStoreToRead(folder.store()));
  record::SystemRandom random;
  const auto sealed = storage::OpenSealedToRead(std::move(opened), SectionKeysIn(folder), random);
  if (absl::IsDataLoss(sealed.status())) {
    storage::FsckReport report;
    report.problems.emplace_back(sealed.status().message());
    return report;
  }
  MEGURI_RETURN_IF_ERROR(sealed.status());
  absl::StatusOr<std::unique_ptr<storage::AnchorReader>> anchor = storage::OpenAnchorFileToRead(folder.anchor());
  if (absl::IsNotFound(anchor.status())) {
    // An anchor that was never written tells the same.
    anchor = std::unique_ptr<storage::AnchorReader>(storage::MakeMemoryAnchor());
  }
  MEGURI_RETURN_IF_ERROR(anchor.status());
  return storage::Fsck(*sealed->store, anchor->get(), progress);
}

}  // namespace meguri::node
