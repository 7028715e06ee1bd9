// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "node/app/folder.h"
#include "storage/fsck.h"
#include "storage/sealed/section_keys.h"

namespace meguri::node {

// The keys of the sections in the store.
storage::SectionKeyFiles SectionKeysIn(const Folder& folder);

// Whether a member has been served from this folder.
bool HasServed(const Folder& folder);

// DATA_LOSS (reason STORE_LOST) if the store in `folder` is gone although a node has served from it: a new store would
// roll back every feed that this node has signed, and its followers would quarantine it.
absl::Status CheckStoreNotLost(const Folder& folder);

// What storage::Fsck finds in a folder whose node does not run, and that its store is there at all; and what is wrong
// with what it remembers as a witness (CheckWitnessMemory). Changes nothing.
// FAILED_PRECONDITION (reason NO_NODE) if no node lives in the folder, or (reason STORE_MISSING) if it has not served
// yet; UNAVAILABLE (reason STORE_LOCKED) if it runs.
absl::StatusOr<storage::FsckReport> CheckStore(const Folder& folder,
                                               const std::function<void(uint64_t, uint64_t)>& progress);

}  // namespace meguri::node
