// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "storage/ordered_store.h"

namespace meguri::storage {

// An OrderedStore in memory, for tests. `disk` keeps the contents, so that a second store opened over it sees them.
class MemoryDisk;
std::shared_ptr<MemoryDisk> MakeMemoryDisk();
// A disk with the same contents, as a backup is.
std::shared_ptr<MemoryDisk> CopyMemoryDisk(const MemoryDisk& disk);
std::unique_ptr<OrderedStore> OpenMemoryStore(std::shared_ptr<MemoryDisk> disk);

}  // namespace meguri::storage
