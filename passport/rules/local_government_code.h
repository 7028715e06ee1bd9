// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace meguri::passport {

// V2: the check digit after the 5 digits of `base` in a code of a Japanese local government (全国地方公共団体コード).
char LocalGovernmentCheckDigit(absl::string_view base);

// Whether `code` is 6 digits with a right check digit, and its first two are a prefecture of JIS X 0401 (01-47).
bool IsLocalGovernmentCode(absl::string_view code);

}  // namespace meguri::passport
