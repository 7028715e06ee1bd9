// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace meguri::passport {

// Whether `code` is one of `codes`, which all have `size` characters and are each followed by a space.
constexpr bool IsInCodeList(absl::string_view code, absl::string_view codes, size_t size) {
  if (code.size() != size) {
    return false;
  }
  for (size_t i = 0; i < codes.size(); i += size + 1) {
    if (codes.substr(i, size) == code) {
      return true;
    }
  }
  return false;
}

}  // namespace meguri::passport
