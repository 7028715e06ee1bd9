// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "meguri/passport/v1/chain_of_custody.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int kProcessTolerancePerMille = 20;  // of the inputs

// V11. Masses in units of 1e-18 kg, none negative and each at most 1e9 kg. Whether in = out within the larger of 2 % of
// the inputs and what the scales may err.
bool IsBalanced(absl::int128 in, absl::int128 out, absl::int128 scale_tolerance);

// V11 of one process, and of the lots that went in.
void CheckProcessBalance(const v1::ChainOfCustody& custody, const Path& path, Findings& findings);

}  // namespace meguri::passport
