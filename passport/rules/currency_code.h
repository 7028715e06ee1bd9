// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// Whether `code` is the alphabetic ISO 4217 code of a currency that is in use.
bool IsCurrencyCode(absl::string_view code);

void CheckCurrency(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
