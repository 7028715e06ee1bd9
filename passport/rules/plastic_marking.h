// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A marking of JIS K 6999 / ISO 11469, such as >PC+ABS-GF20(REC30)<.
struct PlasticMarking {
  std::vector<std::string> polymers;     // ISO 1043-1 symbols: PC, ABS
  absl::optional<int> recycled_percent;  // of (REC30); nullopt without a number
};

// Whether `symbol` is an abbreviated term of ISO 1043-1 for a plastic, ISO 1629 for a rubber or ISO 18064 for a
// thermoplastic elastomer, with a suffix for special characteristics or not: PE, PE-HD, PA66.
bool IsPolymerSymbol(absl::string_view symbol);

// V9. Nullopt if `text` is no marking.
absl::optional<PlasticMarking> ParsePlasticMarking(absl::string_view text);

void CheckPlasticMarking(absl::string_view value, const Path& path, Findings& findings);

// One symbol, or several joined by + for a blend.
void CheckPolymerSymbols(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
