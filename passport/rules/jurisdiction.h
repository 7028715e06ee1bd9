// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// Whether `code` is JP or a prefecture of JIS X 0401: 01-47.
bool IsJurisdiction(absl::string_view code);

void CheckJurisdiction(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
