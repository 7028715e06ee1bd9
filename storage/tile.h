// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "record/hash.h"

namespace meguri::storage {

inline constexpr uint32_t kTileLevels = 8;  // levels of the tree from one tile level to the next
inline constexpr uint64_t kTileWidth = uint64_t{1} << kTileLevels;

// Neighbouring nodes of a feed's tree: tile k of level n holds the roots of the perfect subtrees of 256^n leaves with
// the indexes 256 k … 256 k + 255, as far as they are complete.
using Tile = std::vector<record::Hash>;

std::string WrapTile(absl::Span<const record::Hash> tile);
// DATA_LOSS (reason VALUE_DAMAGED) unless `stored` holds 1 … 256 hashes.
absl::StatusOr<Tile> ParseTile(absl::string_view stored);

}  // namespace meguri::storage
