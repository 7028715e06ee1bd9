// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/error.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

using record::Hash;

constexpr uint64_t kLeavesMax = 40;

Hash NodeOf(uint32_t level, uint64_t index) {
  if (level == 0) {
    return record::LeafHash(Hash().view().substr(0, static_cast<size_t>(index % record::kHashSize)));
  }
  return record::NodeHash(NodeOf(level - 1, 2 * index), NodeOf(level - 1, 2 * index + 1));
}

std::vector<Hash> TakePath(Parts& parts) {
  std::vector<Hash> path;
  while (!parts.rest().empty() && path.size() <= record::kProofHashesMax) {
    path.push_back(parts.TakeHash());
  }
  return path;
}

// What an unknown peer sends: sizes, roots and a path of any kind.
void TryClaims(Parts parts) {
  const uint64_t first = parts.TakeU64();
  const uint64_t size = parts.TakeU64();
  const Hash left = parts.TakeHash();
  const Hash root = parts.TakeHash();
  const std::vector<Hash> path = TakePath(parts);
  if (record::VerifyInclusion(left, first, size, path, root).ok()) {
    Invariant(first < size, "a leaf lies within its tree");
    Invariant(!record::VerifyInclusion(Hash(), first, size, path, root).ok() || left == Hash(), "and is that leaf");
  }
  if (record::VerifyConsistency(first, left, size, root, path).ok()) {
    Invariant(first <= size, "a tree only grows");
    Invariant(first != size || left == root, "one size has one root");
    Invariant(!path.empty() || first == 0 || first == size, "growth is proved");
  }
  const absl::StatusOr<record::Frontier> frontier = record::Frontier::Make(first, path);
  if (frontier.ok()) {
    Invariant(frontier->size() == first && frontier->hashes() == path, "a frontier is what it was made of");
    frontier->Root();
  }
}

// Proofs over a true tree hold, and hold no longer once one hash is another.
void TryTrueTree(Parts parts) {
  const uint64_t size = 1 + parts.TakeByte() % kLeavesMax;
  const uint64_t index = parts.TakeByte() % size;
  const uint64_t from = parts.TakeByte() % (size + 1);
  const auto read = [](uint32_t level, uint64_t at) -> absl::StatusOr<Hash> { return NodeOf(level, at); };
  const Hash root = record::ReadFrontier(size, read).value().Root();
  const Hash old_root = record::ReadFrontier(from, read).value().Root();
  std::vector<Hash> inclusion = record::InclusionProof(index, size, read).value();
  std::vector<Hash> consistency = record::ConsistencyProof(from, size, read).value();
  Invariant(record::VerifyInclusion(NodeOf(0, index), index, size, inclusion, root).ok(), "a true leaf is proved");
  Invariant(record::VerifyConsistency(from, old_root, size, root, consistency).ok(), "true growth is proved");
  const Hash other = parts.TakeHash();
  const size_t place = parts.TakeByte();
  if (!inclusion.empty() && inclusion[place % inclusion.size()] != other) {
    inclusion[place % inclusion.size()] = other;
    Invariant(!record::VerifyInclusion(NodeOf(0, index), index, size, inclusion, root).ok(),
              "a forged path is refused");
  }
  if (!consistency.empty() && consistency[place % consistency.size()] != other) {
    consistency[place % consistency.size()] = other;
    Invariant(!record::VerifyConsistency(from, old_root, size, root, consistency).ok(), "forged growth is refused");
  }
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const meguri::fuzz::Parts parts(meguri::fuzz::BytesOf(data, size));
  meguri::fuzz::TryClaims(parts);
  meguri::fuzz::TryTrueTree(parts);
  return 0;
}
