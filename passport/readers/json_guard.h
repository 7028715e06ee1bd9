// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace meguri::passport {

// Members of the objects that lie around one place of a text, so many at most: the memory that the search for repeated
// keys may take.
inline constexpr size_t kJsonOpenKeysMax = 500'000;

struct JsonLimits {
  size_t depth = 0;   // arrays and objects within each other
  size_t values = 0;  // leaves, arrays and objects
};

struct JsonOffence {
  std::string reason;  // JSON_DUPLICATE_KEY, JSON_DEPTH, JSON_NODES, JSON_KEYS; JSON_SYNTAX of a byte of value 0
  std::string path;    // materials[2].name
  std::string found;
};

// The first thing in `text` (UTF-8) for which it is refused whatever it means. Builds nothing: takes the memory of the
// open keys' hashes, however long the keys and the text are. What is no JSON is left to the parser: up to there
// nothing was wrong. Total: any bytes are fine.
absl::optional<JsonOffence> FindJsonOffence(absl::string_view text, const JsonLimits& limits);

}  // namespace meguri::passport
