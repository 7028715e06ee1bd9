// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// An industry average has its source.
void CheckDurability(const v1::Durability& durability, const Path& path, Findings& findings);
// EN 45554 and its kin: points within their maxima, which sum to that of the method, and a score that follows.
void CheckRepairScore(const v1::RepairScore& score, const Path& path, Findings& findings);
// Temperatures in order.
void CheckItemState(const v1::ItemState& state, const Path& path, Findings& findings);

}  // namespace meguri::passport
