// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A participant ID, check digits included: V1 for corporate numbers, V3 for GLNs.
void CheckParticipantId(absl::string_view value, const Path& path, Findings& findings);

// 32 lower-case hexadecimal digits.
void CheckRecordId(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
