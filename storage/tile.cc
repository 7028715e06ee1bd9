// SPDX-License-Identifier: Apache-2.0
#include "storage/tile.h"

#include "base/status_macros.h"
#include "record/limits.h"
#include "storage/value.h"

namespace meguri::storage {

std::string WrapTile(absl::Span<const record::Hash> tile) {
  std::string bytes;
  bytes.reserve(tile.size() * record::kHashSize);
  for (const record::Hash& hash : tile) {
    bytes.append(hash.view().data(), hash.view().size());
  }
  return WrapValue(bytes);
}

absl::StatusOr<Tile> ParseTile(absl::string_view stored) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  const size_t count = bytes.size() / record::kHashSize;
  if (bytes.size() % record::kHashSize != 0 || count == 0 || count > kTileWidth) {
    return ValueDamaged("feed tile");
  }
  Tile tile;
  tile.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    MEGURI_ASSIGN_OR_RETURN(const record::Hash hash,
                            record::Hash::Parse(bytes.substr(i * record::kHashSize, record::kHashSize)));
    tile.push_back(hash);
  }
  return tile;
}

}  // namespace meguri::storage
