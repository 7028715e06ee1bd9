// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace meguri::passport {

// A data file as the build found it.
struct EmbeddedText {
  absl::string_view name;  // without folder and ending
  absl::string_view text;
};

// Those of passport/profiles and of passport/reference, in the order of their names.
absl::Span<const EmbeddedText> ProfileTexts();
absl::Span<const EmbeddedText> ReferenceTexts();

}  // namespace meguri::passport
