// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace meguri::passport {

// How a text is written as bytes.
enum class TextEncoding { kDetect, kUtf8, kUtf16LittleEndian, kUtf16BigEndian, kCp932 };

inline constexpr size_t kTextBytesMax = size_t{128} << 20;

// "auto", "utf-8", "utf-16", "utf-16le", "utf-16be", "cp932", "shift_jis" (which people call CP932), in any case.
absl::optional<TextEncoding> FindTextEncoding(absl::string_view name);

// Returns the text in UTF-8 without a byte order mark. kDetect believes a byte order mark, then zero bytes (UTF-16),
// then valid UTF-8; what is left is CP932, Microsoft's Shift_JIS. INVALID_ARGUMENT with reason TEXT_ENCODING, which
// names the line, or TEXT_SIZE. Total: any bytes are fine.
absl::StatusOr<std::string> DecodeText(absl::string_view bytes, TextEncoding encoding = TextEncoding::kDetect);

// The text within `bytes`, without a copy, if kDetect takes them for UTF-8 and they are.
absl::optional<absl::string_view> ViewUtf8(absl::string_view bytes);

// Whether `text` is UTF-8: shortest forms, no surrogates.
bool IsUtf8(absl::string_view text);

}  // namespace meguri::passport
