// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/types/optional.h"
#include "meguri/passport/v1/durability.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr char kCircularityMethod[] = "MCI_ELLEN_MACARTHUR/1";

// K-05: the Material Circularity Indicator of the Ellen MacArthur Foundation and Granta, rounded to four digits:
// "0.4532". Nullopt if an input that the formula needs is missing or out of range. With V and W the virgin and the lost
// mass, W_C and W_F what recycling loses, X = (L / L_av)(U / U_av): LFI = (V + W) / (2M + (W_F − W_C) / 2), MCI =
// max(0, 1 − 0.9 LFI / X).
absl::optional<std::string> CircularityIndicator(const v1::Circularity& circularity);

// The shares fit together, and what was recomputed is what follows. A declared indicator by another formula is noted.
void CheckCircularity(const v1::Circularity& circularity, const Path& path, Findings& findings);

}  // namespace meguri::passport
