// SPDX-License-Identifier: Apache-2.0
#include "record/merkle.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::record {
namespace {

constexpr absl::string_view kLeafPrefix("\x00", 1);
constexpr absl::string_view kNodePrefix("\x01", 1);

// Where a tree of `size` > 1 leaves splits: the largest power of two below its size.
uint64_t SplitOf(uint64_t size) { return std::bit_floor(size - 1); }

// Root over perfect subtrees, largest (leftmost) first.
Hash Fold(absl::Span<const Hash> subtrees) {
  Hash root = subtrees.back();
  for (size_t i = subtrees.size() - 1; i > 0; --i) {
    root = NodeHash(subtrees[i - 1], root);
  }
  return root;
}

// The perfect subtrees that make up `size` leaves from `start` on. `start` is a multiple of every one of them.
absl::StatusOr<std::vector<Hash>> ReadSubtrees(uint64_t start, uint64_t size, NodeReader read) {
  std::vector<Hash> subtrees;
  for (uint64_t rest = size; rest != 0;) {
    const uint64_t leaves = std::bit_floor(rest);
    const auto level = static_cast<uint32_t>(std::countr_zero(leaves));
    MEGURI_ASSIGN_OR_RETURN(subtrees.emplace_back(), read(level, start >> level));
    start += leaves;
    rest -= leaves;
  }
  return subtrees;
}

absl::StatusOr<Hash> ReadRange(uint64_t start, uint64_t size, NodeReader read) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Hash> subtrees, ReadSubtrees(start, size, read));
  return Fold(subtrees);
}

absl::Status RefuseInclusion(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "INCLUSION_PROOF", message);
}

absl::Status RefuseConsistency(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "CONSISTENCY_PROOF", message);
}

absl::Status OutOfRange(absl::string_view message) {
  return Error(absl::StatusCode::kOutOfRange, "TREE_RANGE", message);
}

// The place of a node on one level of a tree: its index, and the index of the level's last node.
struct Place {
  uint64_t index;
  uint64_t last;

  bool IsRight() const { return (index & 1) != 0; }
  // Whether its sibling stands to the left: it is a right child, or the last node, which rises until it has one.
  bool HasLeftSibling() const { return IsRight() || index == last; }
  void Rise() {
    index >>= 1;
    last >>= 1;
  }
  void RiseToRight() {
    while (!IsRight() && index != 0) {
      Rise();
    }
  }
};

}  // namespace

Hash LeafHash(absl::string_view leaf) { return Sha256({kLeafPrefix, leaf}); }

Hash NodeHash(const Hash& left, const Hash& right) { return Sha256({kNodePrefix, left.view(), right.view()}); }

Hash EmptyRoot() { return Sha256(absl::string_view()); }

Hash RootOf(absl::Span<const Hash> leaf_hashes) {
  Frontier frontier;
  for (const Hash& leaf_hash : leaf_hashes) {
    frontier.Append(leaf_hash);
  }
  return frontier.Root();
}

absl::StatusOr<Frontier> Frontier::Make(uint64_t size, std::vector<Hash> hashes) {
  const auto expected = static_cast<size_t>(std::popcount(size));
  if (hashes.size() != expected) {
    return Error(absl::StatusCode::kInvalidArgument, "FRONTIER",
                 absl::StrCat("a tree of ", size, " leaves has ", expected, " perfect subtrees, not ", hashes.size()));
  }
  Frontier frontier;
  frontier.size_ = size;
  frontier.hashes_ = std::move(hashes);
  return frontier;
}

void Frontier::Append(const Hash& leaf_hash, Visitor visit) {
  Hash hash = leaf_hash;
  uint32_t level = 0;
  visit(level, size_, hash);
  // As in binary counting: every trailing 1 of the old size is a subtree that now pairs up.
  while ((size_ >> level & 1) != 0) {
    hash = NodeHash(hashes_.back(), hash);
    hashes_.pop_back();
    ++level;
    visit(level, size_ >> level, hash);
  }
  hashes_.push_back(hash);
  ++size_;
}

Hash Frontier::Root() const { return hashes_.empty() ? EmptyRoot() : Fold(hashes_); }

absl::StatusOr<Frontier> ReadFrontier(uint64_t size, NodeReader read) {
  MEGURI_ASSIGN_OR_RETURN(std::vector<Hash> subtrees, ReadSubtrees(0, size, read));
  return Frontier::Make(size, std::move(subtrees));
}

absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t index, uint64_t size, NodeReader read) {
  if (index >= size) {
    return OutOfRange(absl::StrCat("leaf ", index, " is not in a tree of ", size));
  }
  std::vector<Hash> path;
  uint64_t start = 0;
  while (size > 1) {
    const uint64_t split = SplitOf(size);
    if (index - start < split) {
      MEGURI_ASSIGN_OR_RETURN(path.emplace_back(), ReadRange(start + split, size - split, read));
      size = split;
    } else {
      MEGURI_ASSIGN_OR_RETURN(path.emplace_back(), ReadRange(start, split, read));
      start += split;
      size -= split;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t from, uint64_t size, NodeReader read) {
  if (from > size) {
    return OutOfRange(absl::StrCat("a tree of ", size, " does not extend one of ", from));
  }
  std::vector<Hash> path;
  if (from == 0 || from == size) {
    return path;
  }
  // Descends to the subtree in which the old tree ends. The verifier has the old root only if that subtree is the
  // whole old tree, that is, if the descent never went right.
  uint64_t start = 0;
  bool went_right = false;
  while (from != size) {
    const uint64_t split = SplitOf(size);
    if (from <= split) {
      MEGURI_ASSIGN_OR_RETURN(path.emplace_back(), ReadRange(start + split, size - split, read));
      size = split;
    } else {
      MEGURI_ASSIGN_OR_RETURN(path.emplace_back(), ReadRange(start, split, read));
      start += split;
      from -= split;
      size -= split;
      went_right = true;
    }
  }
  if (went_right) {
    MEGURI_ASSIGN_OR_RETURN(path.emplace_back(), ReadRange(start, size, read));
  }
  std::reverse(path.begin(), path.end());
  return path;
}

absl::Status VerifyInclusion(const Hash& leaf_hash, uint64_t index, uint64_t size, absl::Span<const Hash> path,
                             const Hash& root) {
  if (index >= size) {
    return RefuseInclusion(absl::StrCat("leaf ", index, " is not in a tree of ", size));
  }
  if (path.size() > kProofHashesMax) {
    return RefuseInclusion(absl::StrCat("a path has at most ", kProofHashesMax, " hashes"));
  }
  Hash hash = leaf_hash;
  Place place{index, size - 1};
  for (const Hash& sibling : path) {
    if (place.last == 0) {
      return RefuseInclusion("the path is too long for this leaf");
    }
    if (place.HasLeftSibling()) {
      hash = NodeHash(sibling, hash);
      place.RiseToRight();
    } else {
      hash = NodeHash(hash, sibling);
    }
    place.Rise();
  }
  if (place.last != 0) {
    return RefuseInclusion("the path is too short for this leaf");
  }
  if (hash != root) {
    return RefuseInclusion("the path does not lead to the root");
  }
  return absl::OkStatus();
}

namespace {

// VerifyConsistency for 0 < from_size < size. `path` starts with the subtree in which the old tree ends.
absl::Status VerifyGrowth(uint64_t from_size, const Hash& from_root, uint64_t size, const Hash& root,
                          const Hash& subtree, absl::Span<const Hash> rest) {
  Place place{from_size - 1, size - 1};
  while (place.IsRight()) {
    place.Rise();
  }
  Hash old_hash = subtree;
  Hash new_hash = subtree;
  for (const Hash& sibling : rest) {
    if (place.last == 0) {
      return RefuseConsistency("the path is too long for these sizes");
    }
    if (place.HasLeftSibling()) {
      old_hash = NodeHash(sibling, old_hash);
      new_hash = NodeHash(sibling, new_hash);
      place.RiseToRight();
    } else {
      new_hash = NodeHash(new_hash, sibling);
    }
    place.Rise();
  }
  if (place.last != 0) {
    return RefuseConsistency("the path is too short for these sizes");
  }
  if (old_hash != from_root) {
    return RefuseConsistency("the path does not lead to the old root");
  }
  if (new_hash != root) {
    return RefuseConsistency("the path does not lead to the new root");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyConsistency(uint64_t from_size, const Hash& from_root, uint64_t size, const Hash& root,
                               absl::Span<const Hash> path) {
  if (from_size > size) {
    return RefuseConsistency(absl::StrCat("a tree of ", size, " does not extend one of ", from_size));
  }
  if (path.size() > kProofHashesMax) {
    return RefuseConsistency(absl::StrCat("a path has at most ", kProofHashesMax, " hashes"));
  }
  if (from_size == size || from_size == 0) {
    if (!path.empty()) {
      return RefuseConsistency("between these sizes the path is empty");
    }
    return from_size == size && from_root != root ? RefuseConsistency("equal sizes with different roots")
                                                  : absl::OkStatus();
  }
  if (std::has_single_bit(from_size)) {
    return VerifyGrowth(from_size, from_root, size, root, from_root, path);
  }
  if (path.empty()) {
    return RefuseConsistency("the path is too short for these sizes");
  }
  return VerifyGrowth(from_size, from_root, size, root, path[0], path.subspan(1));
}

}  // namespace meguri::record
