// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/numeric/int128.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int kFootprintTolerancePerMille = 10;
inline constexpr char kStageSumMethod[] = "SUM/1";

// The sum of the stages in units of 1e-18.
absl::int128 StageSum(const v1::CarbonFootprint& footprint);

// V14: stages, periods, signs, shares, and the saving against virgin material.
void CheckFootprint(const v1::CarbonFootprint& footprint, const Path& path, Findings& findings);

}  // namespace meguri::passport
