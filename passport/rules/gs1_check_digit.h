// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// V3: the check digit '0'-'9' of a GS1 key whose other digits are `body`: GTIN, GLN, GSIN, SSCC, and the first 13
// digits of GRAI and GDTI. `body` holds digits only.
char Gs1CheckDigit(absl::string_view body);

// Whether `key` is digits only, at least two, and ends in its check digit.
bool HasGs1CheckDigit(absl::string_view key);

// A GTIN of 8, 12, 13 or 14 digits with a right check digit, padded with zeros to 14. Nullopt if it is none.
absl::optional<std::string> NormalisedGtin(absl::string_view gtin);

// Whether a GTIN-14 lies under 952, the prefix that GS1 keeps for demonstrations.
bool IsDemonstrationGtin(absl::string_view gtin14);

// V3: a GTIN of 14 digits, of a company.
void CheckGtin(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
