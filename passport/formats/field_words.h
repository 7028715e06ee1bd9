// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace meguri::passport {

// What a field of a section is called in Japanese, by its name in the proto; "" if it has no word.
absl::string_view JapaneseWordOf(absl::string_view field);

}  // namespace meguri::passport
