// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "storage/fsck_findings.h"
#include "storage/ordered_store.h"
#include "storage/own_heads.h"

namespace meguri::storage {

// Every feed: its name both ways, its tree rebuilt from the entries, head, tiles, and the records and memberships that
// the entries name. Returns the own heads as rebuilt.
std::vector<OwnHead> CheckFeeds(const StoreReader& store, Findings& findings);

// What Findings::SetTotal wants: records and entries, as the counters have them.
uint64_t CountRecordsAndEntries(const StoreReader& store);

}  // namespace meguri::storage
