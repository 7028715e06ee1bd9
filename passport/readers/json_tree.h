// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "passport/readers/input_tree.h"

namespace meguri::passport {

inline constexpr size_t kJsonTreeBytesMax = size_t{32} << 20;  // of UTF-8; half as much in another encoding
inline constexpr size_t kJsonTreeDepthMax = 96;

// Reads one JSON text (UTF-8, UTF-16 or CP932) with numbers exactly as they are written. INVALID_ARGUMENT with reason
// JSON_SYNTAX, JSON_SIZE, JSON_DEPTH, JSON_NODES, JSON_KEYS, JSON_DUPLICATE_KEY, JSON_NUMBER (beyond 1.8e308) or
// TEXT_ENCODING, and the place. What is refused for its size, depth, number of values or keys is refused before
// anything is built: hostile texts cost no more memory than their size and a tenth. Total: any bytes are fine.
absl::StatusOr<InputNode> ReadJsonTree(absl::string_view bytes);

}  // namespace meguri::passport
