// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meguri::passport {

inline constexpr size_t kGs1LotBytesMax = 20;
inline constexpr size_t kGs1SerialBytesMax = 20;

// Whether `text` is 1-`size_max` characters of GS1 character set 82: the letters, digits and punctuation of lots and
// serials.
bool IsGs1Text(absl::string_view text, size_t size_max);

// Whether GS1 has given the application identifier `ai` to a key that can head a Digital Link: 01, 8004, 414 …
bool IsGs1PrimaryKey(absl::string_view ai);

// OK if `value` has the form of the key `ai`, a GTIN of any length included. INVALID_ARGUMENT with reason V4_GS1_KEY or
// V3_CHECK_DIGIT. The check characters of a global model number (8013) are not judged.
absl::Status CheckGs1Key(absl::string_view ai, absl::string_view value);

}  // namespace meguri::passport
