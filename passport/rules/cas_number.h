// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace meguri::passport {

// V5: CAS Registry Number 7439-93-2, check digit included.
bool IsCasNumber(absl::string_view text);

// V5: EC number 231-102-5, check digit included.
bool IsEcNumber(absl::string_view text);

}  // namespace meguri::passport
