// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "record/feed.h"
#include "storage/feeds.h"
#include "storage/fsck_findings.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// That the row which `entry` names lies beside it.
absl::Status CheckNamedRow(const StoreReader& store, FeedId feed, uint64_t index, const record::FeedEntry& entry);

// That every row has an entry of an audit feed, and is found by whom it concerns, and that nobody finds anything else.
void CheckAudit(const StoreReader& store, Findings& findings);

}  // namespace meguri::storage
