// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/hash.h"

namespace meguri::storage {

// 32 secret bytes.
using Seed = record::Hash;

inline constexpr uint32_t kKeyTreeHeight = 48;
inline constexpr uint64_t kKeyTreeLeaves = uint64_t{1} << kKeyTreeHeight;
inline constexpr size_t kKeyTreeSeedsMax = size_t{1} << 20;  // of which a key file of 40 MiB is made

// A seed and the leaves index << height … (index + 1) << height that can be derived from it.
struct TreeSeed {
  uint32_t height = 0;
  uint64_t index = 0;
  Seed seed;

  uint64_t begin() const { return index << height; }
  uint64_t end() const { return (index + 1) << height; }
};

// The left (0) or right (1) child of a seed: SHA-256("meguri/data-key/v1" 00 | u8 side | seed).
Seed ChildOf(const Seed& seed, uint8_t side);

// The keys of all records, as the seeds of a binary tree from which they are derived. To begin with it is the root. To
// puncture a leaf is to replace the seed above it by those of its siblings on the way down: nothing that is left leads
// to it, all others are as they were. Thread-compatible.
class KeyTree {
 public:
  explicit KeyTree(const Seed& root);
  // INVALID_ARGUMENT with reason KEY_TREE unless `bytes` are what Serialize returns for some tree.
  static absl::StatusOr<KeyTree> Parse(absl::string_view bytes);
  std::string Serialize() const;

  // The seed from which the key of `leaf` can be derived; null if it is punctured, or no leaf.
  const TreeSeed* Above(uint64_t leaf) const;
  // Nothing happens if that has happened before. RESOURCE_EXHAUSTED with reason KEY_TREE_FULL, and nothing happens, if
  // it would take more than kKeyTreeSeedsMax seeds.
  absl::Status Puncture(uint64_t leaf);
  // The greatest leaf that is punctured, or nullopt.
  absl::optional<uint64_t> LastPunctured() const;
  size_t size() const { return seeds_.size(); }

 private:
  KeyTree() = default;
  std::vector<TreeSeed> seeds_;  // ascending; they do not overlap
};

}  // namespace meguri::storage
