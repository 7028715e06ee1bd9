// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace meguri::passport {

// V1: the check digit '1'-'9' that precedes the 12 digits of `base` in a Japanese corporate number (法人番号).
char CorporateNumberCheckDigit(absl::string_view base);

// Whether `number` is 13 digits with a right check digit.
bool IsCorporateNumber(absl::string_view number);

}  // namespace meguri::passport
