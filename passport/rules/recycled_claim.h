// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "meguri/passport/v1/recycled_content.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int kClaimsMax = 1000;
inline constexpr int kMassBalanceMonthsMax = 12;

void CheckClaimCount(const v1::RecycledContent& content, const Path& path, Findings& findings);

// V8: pre- and post-consumer mass fit into the total, the declared fraction is what they make, and attributed content
// has a ledger and a period.
void CheckRecycledClaim(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings);

}  // namespace meguri::passport
