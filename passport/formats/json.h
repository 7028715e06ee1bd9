// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace meguri::passport {

// A JSON value whose objects keep their order.
using Json = nlohmann::ordered_json;

inline constexpr size_t kJsonBytesMax = size_t{32} << 20;
// Arrays and objects within each other: 32 levels of composition nodes take two each.
inline constexpr size_t kJsonDepthMax = 96;
inline constexpr size_t kJsonValuesMax = 2'000'000;

// Parses one JSON text. INVALID_ARGUMENT, with the path or the byte where it happens, and reason JSON_SIZE, JSON_DEPTH,
// JSON_NODES, JSON_KEYS, JSON_DUPLICATE_KEY or JSON_SYNTAX (bad UTF-8 included). Total: any bytes are fine.
absl::StatusOr<Json> ParseJson(absl::string_view text);

// Writes `value`, whose strings are UTF-8, with two spaces of indentation and a last newline.
std::string PrintJson(const Json& value);

}  // namespace meguri::passport
