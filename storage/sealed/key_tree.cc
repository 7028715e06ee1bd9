// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/key_tree.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"

namespace meguri::storage {
namespace {

constexpr absl::string_view kDomain("meguri/data-key/v1\0", 19);
constexpr size_t kStoredSeed = 1 + 8 + record::kHashSize;  // u8 height | u64 index | seed

absl::Status Damaged() {
  return Error(absl::StatusCode::kInvalidArgument, "KEY_TREE", "these bytes are no tree of data keys");
}

}  // namespace

Seed ChildOf(const Seed& seed, uint8_t side) {
  const char side_byte = static_cast<char>(side);
  return record::Sha256({kDomain, absl::string_view(&side_byte, 1), seed.view()});
}

KeyTree::KeyTree(const Seed& root) : seeds_{TreeSeed{kKeyTreeHeight, 0, root}} {}

absl::StatusOr<KeyTree> KeyTree::Parse(absl::string_view bytes) {
  if (bytes.size() % kStoredSeed != 0 || bytes.size() / kStoredSeed > kKeyTreeSeedsMax) {
    return Damaged();
  }
  KeyTree tree;
  uint64_t end = 0;
  for (; !bytes.empty(); bytes.remove_prefix(kStoredSeed)) {
    TreeSeed seed{static_cast<uint8_t>(bytes[0]), ReadU64(bytes.substr(1)), {}};
    if (seed.height > kKeyTreeHeight || seed.index >= (kKeyTreeLeaves >> seed.height) || seed.begin() < end) {
      return Damaged();
    }
    seed.seed = *record::Hash::Parse(bytes.substr(1 + 8, record::kHashSize));
    end = seed.end();
    tree.seeds_.push_back(seed);
  }
  return tree;
}

std::string KeyTree::Serialize() const {
  std::string bytes;
  bytes.reserve(seeds_.size() * kStoredSeed);
  for (const TreeSeed& seed : seeds_) {
    bytes.push_back(static_cast<char>(seed.height));
    AppendU64(seed.index, bytes);
    absl::StrAppend(&bytes, seed.seed.view());
  }
  return bytes;
}

const TreeSeed* KeyTree::Above(uint64_t leaf) const {
  const auto after = std::upper_bound(seeds_.begin(), seeds_.end(), leaf,
                                      [](uint64_t wanted, const TreeSeed& seed) { return wanted < seed.begin(); });
  if (after == seeds_.begin()) {
    return nullptr;
  }
  const TreeSeed& seed = *std::prev(after);
  return leaf < seed.end() ? &seed : nullptr;
}

absl::Status KeyTree::Puncture(uint64_t leaf) {
  const TreeSeed* const above = Above(leaf);
  if (above == nullptr) {
    return absl::OkStatus();
  }
  if (seeds_.size() - 1 + above->height > kKeyTreeSeedsMax) {
    return Error(absl::StatusCode::kResourceExhausted, "KEY_TREE_FULL",
                 absl::StrCat("so much has been erased here and there that the keys of what is left take ",
                              kKeyTreeSeedsMax, " seeds, and no more fit into the key file"));
  }
  TreeSeed at = *above;
  std::vector<TreeSeed> siblings;
  while (at.height > 0) {
    --at.height;
    const auto side = static_cast<uint8_t>((leaf >> at.height) & 1);
    siblings.push_back(TreeSeed{at.height, at.index * 2 + (1 - side), ChildOf(at.seed, 1 - side)});
    at.seed = ChildOf(at.seed, side);
    at.index = at.index * 2 + side;
  }
  std::sort(siblings.begin(), siblings.end(),
            [](const TreeSeed& a, const TreeSeed& b) { return a.begin() < b.begin(); });
  const auto place = seeds_.erase(seeds_.begin() + (above - seeds_.data()));
  seeds_.insert(place, siblings.begin(), siblings.end());
  return absl::OkStatus();
}

absl::optional<uint64_t> KeyTree::LastPunctured() const {
  uint64_t begin = kKeyTreeLeaves;
  for (auto seed = seeds_.rbegin(); seed != seeds_.rend() && seed->end() == begin; ++seed) {
    begin = seed->begin();
  }
  return begin == 0 ? absl::nullopt : absl::make_optional(begin - 1);
}

}  // namespace meguri::storage
