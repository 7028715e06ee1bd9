// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// Whether `code` is an assigned ISO 3166-1 alpha-2 code.
bool IsCountryCode(absl::string_view code);

void CheckCountryCode(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
