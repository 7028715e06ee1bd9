// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A GS1 company prefix: 4-12 digits.
void CheckCompanyPrefix(absl::string_view value, const Path& path, Findings& findings);

// A host name of lower-case labels.
void CheckDomain(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
