// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/text.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr size_t kWordBytesMax = 256;    // a number, a code, a name
inline constexpr size_t kTextBytesMax = 4096;   // one language of a Text
inline constexpr size_t kNoteBytesMax = 65536;  // an owner's note

// A word: one line, no space at its ends, nothing invisible.
void CheckWord(absl::string_view value, const Path& path, Findings& findings);

// A note: several lines are fine.
void CheckNote(absl::string_view value, const Path& path, Findings& findings);

// A Text says something, and each language fits.
void CheckText(const v1::Text& text, const Path& path, Findings& findings);

// `text` is there and has Japanese.
void RequireJapanese(const v1::Text& text, const Path& path, Findings& findings);

}  // namespace meguri::passport
