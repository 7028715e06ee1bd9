// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/identity.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// V13. Whether an item may go from one status to the next within its own passport: from original to any, among reused,
// repurposed and remanufactured, and from each to waste. What was waste comes back by a passport of its own that names
// this one as its predecessor. Unspecified says nothing.
bool MayBecome(v1::ProductStatus before, v1::ProductStatus next);

// V13: what the next version of a passport may say, given the version before.
void CheckStatusChange(const v1::Identity& before, const v1::Identity& next, const Path& path, Findings& findings);

}  // namespace meguri::passport
