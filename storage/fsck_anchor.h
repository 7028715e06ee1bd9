// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "storage/anchor.h"
#include "storage/fsck_findings.h"
#include "storage/ordered_store.h"
#include "storage/own_heads.h"

namespace meguri::storage {

// Whether the store is as new as its anchor tells, and has the own feeds that the anchor tells of.
void CheckAnchor(const StoreReader& store, AnchorReader& anchor, std::vector<OwnHead> own_heads, Findings& findings);

}  // namespace meguri::storage
