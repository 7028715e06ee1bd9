// SPDX-License-Identifier: Apache-2.0
#include "record/merkle.h"

#include <bit>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;

// MTH of RFC 9162 §2.1.1, word for word: the oracle that shares no code with Frontier.
Hash DefinedRoot(absl::Span<const Hash> leaves) {
  if (leaves.empty()) {
    return Sha256("");
  }
  if (leaves.size() == 1) {
    return leaves[0];
  }
  size_t split = 1;
  while (split * 2 < leaves.size()) {
    split *= 2;
  }
  return Sha256({absl::string_view("\x01", 1), DefinedRoot(leaves.first(split)).view(),
                 DefinedRoot(leaves.subspan(split)).view()});
}

std::vector<Hash> Leaves(size_t count) {
  std::vector<Hash> leaves;
  leaves.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    leaves.push_back(LeafHash(absl::StrCat("leaf ", i)));
  }
  return leaves;
}

// A tree with every perfect subtree at hand, and a count of what was read.
class Tree {
 public:
  explicit Tree(size_t size) : leaves_(Leaves(size)) {
    for (const Hash& leaf : leaves_) {
      frontier_.Append(leaf, [&](uint32_t level, uint64_t index, const Hash& hash) {
        const bool fresh = nodes_.emplace(std::pair(level, index), hash).second;
        EXPECT_TRUE(fresh) << "subtree " << level << ", " << index << " visited twice";
      });
    }
  }

  absl::StatusOr<Hash> Read(uint32_t level, uint64_t index) {
    ++reads_;
    const auto found = nodes_.find({level, index});
    if (found == nodes_.end()) {
      return Error(absl::StatusCode::kDataLoss, "ABSENT", absl::StrCat("no subtree ", level, ", ", index));
    }
    return found->second;
  }
  Hash RootAt(size_t size) const { return DefinedRoot(absl::MakeSpan(leaves_).first(size)); }
  const std::vector<Hash>& leaves() const { return leaves_; }
  const Frontier& frontier() const { return frontier_; }
  const std::map<std::pair<uint32_t, uint64_t>, Hash>& nodes() const { return nodes_; }
  int TakeReads() { return std::exchange(reads_, 0); }

 private:
  std::vector<Hash> leaves_;
  Frontier frontier_;
  std::map<std::pair<uint32_t, uint64_t>, Hash> nodes_;
  int reads_ = 0;
};

constexpr size_t kSizeMax = 70;

TEST(Merkle, RootFollowsTheDefinitionAtEverySize) {
  const std::vector<Hash> leaves = Leaves(kSizeMax);
  for (size_t size = 0; size <= kSizeMax; ++size) {
    const auto prefix = absl::MakeSpan(leaves).first(size);
    EXPECT_EQ(RootOf(prefix), DefinedRoot(prefix)) << size;
  }
}

TEST(Merkle, EmptyRootIsTheHashOfNothing) {
  EXPECT_EQ(EmptyRoot().ToHex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Frontier().Root(), EmptyRoot());
}

TEST(Merkle, LeavesAndNodesHashApart) {
  const Hash left = LeafHash("l");
  const Hash right = LeafHash("r");
  EXPECT_NE(LeafHash(absl::StrCat(left.view(), right.view())), NodeHash(left, right));
  EXPECT_NE(NodeHash(left, right), NodeHash(right, left));
}

TEST(Frontier, VisitsEveryPerfectSubtreeOnceWithItsRoot) {
  const Tree tree(kSizeMax);
  size_t expected = 0;
  for (uint32_t level = 0; (kSizeMax >> level) > 0; ++level) {
    expected += kSizeMax >> level;
  }
  EXPECT_EQ(tree.nodes().size(), expected);
  for (const auto& [place, hash] : tree.nodes()) {
    const auto [level, index] = place;
    const auto range = absl::MakeSpan(tree.leaves()).subspan(index << level, size_t{1} << level);
    EXPECT_EQ(hash, DefinedRoot(range)) << level << ", " << index;
  }
}

TEST(Frontier, VisitsTheLeafFirst) {
  Frontier frontier;
  for (const Hash& leaf : Leaves(8)) {
    std::vector<uint32_t> levels;
    frontier.Append(leaf, [&](uint32_t level, uint64_t, const Hash&) { levels.push_back(level); });
    for (size_t i = 0; i < levels.size(); ++i) {
      EXPECT_EQ(levels[i], i);
    }
    ASSERT_FALSE(levels.empty());
  }
}

TEST(Frontier, HoldsOneHashForEveryBitOfItsSize) {
  Frontier frontier;
  for (const Hash& leaf : Leaves(kSizeMax)) {
    frontier.Append(leaf);
    EXPECT_EQ(frontier.hashes().size(), static_cast<size_t>(std::popcount(frontier.size())));
  }
  EXPECT_EQ(frontier.size(), kSizeMax);
}

TEST(Frontier, GoesOnFromStoredHashes) {
  const std::vector<Hash> leaves = Leaves(kSizeMax);
  for (size_t stop = 0; stop <= kSizeMax; ++stop) {
    Frontier before;
    for (size_t i = 0; i < stop; ++i) {
      before.Append(leaves[i]);
    }
    absl::StatusOr<Frontier> after = Frontier::Make(before.size(), before.hashes());
    MEGURI_ASSERT_OK(after);
    EXPECT_EQ(*after, before);
    for (size_t i = stop; i < kSizeMax; ++i) {
      after->Append(leaves[i]);
    }
    EXPECT_EQ(after->Root(), DefinedRoot(leaves));
  }
}

TEST(Frontier, RefusesWrongHashCount) {
  const std::vector<Hash> hashes = Leaves(3);
  EXPECT_THAT(Frontier::Make(0, {hashes[0]}), HasReason("FRONTIER"));
  EXPECT_THAT(Frontier::Make(5, {hashes[0]}), HasReason("FRONTIER"));
  EXPECT_THAT(Frontier::Make(5, hashes), HasReason("FRONTIER"));
  EXPECT_THAT(Frontier::Make(UINT64_MAX, hashes), HasReason("FRONTIER"));
  EXPECT_THAT(Frontier::Make(5, {hashes[0], hashes[1]}), IsOk());
}

TEST(Frontier, IsReadBackFromSubtrees) {
  Tree tree(kSizeMax);
  const auto read = [&](uint32_t level, uint64_t index) { return tree.Read(level, index); };
  for (size_t size = 0; size <= kSizeMax; ++size) {
    const absl::StatusOr<Frontier> frontier = ReadFrontier(size, read);
    MEGURI_ASSERT_OK(frontier);
    EXPECT_EQ(frontier->size(), size);
    EXPECT_EQ(frontier->Root(), tree.RootAt(size));
  }
  EXPECT_THAT(ReadFrontier(kSizeMax + 1, read), HasReason("ABSENT"));
}

TEST(Merkle, EveryLeafOfEveryTreeIsProvenIncluded) {
  Tree tree(kSizeMax);
  const auto read = [&](uint32_t level, uint64_t index) { return tree.Read(level, index); };
  for (size_t size = 1; size <= kSizeMax; ++size) {
    const Hash root = tree.RootAt(size);
    for (size_t index = 0; index < size; ++index) {
      tree.TakeReads();
      const absl::StatusOr<std::vector<Hash>> path = InclusionProof(index, size, read);
      MEGURI_ASSERT_OK(path);
      EXPECT_LE(tree.TakeReads(), 2 * std::bit_width(size)) << "reads grow with the logarithm";
      EXPECT_THAT(VerifyInclusion(tree.leaves()[index], index, size, *path, root), IsOk()) << index << " in " << size;
    }
  }
}

TEST(Merkle, EveryTreeIsProvenToExtendEveryEarlierOne) {
  Tree tree(kSizeMax);
  const auto read = [&](uint32_t level, uint64_t index) { return tree.Read(level, index); };
  for (size_t size = 0; size <= kSizeMax; ++size) {
    for (size_t from = 0; from <= size; ++from) {
      tree.TakeReads();
      const absl::StatusOr<std::vector<Hash>> path = ConsistencyProof(from, size, read);
      MEGURI_ASSERT_OK(path);
      EXPECT_LE(tree.TakeReads(), 2 * std::bit_width(size));
      EXPECT_THAT(VerifyConsistency(from, tree.RootAt(from), size, tree.RootAt(size), *path), IsOk())
          << from << " to " << size;
    }
  }
}

TEST(Merkle, ProofsOutsideTheTreeAreOutOfRange) {
  Tree tree(8);
  const auto read = [&](uint32_t level, uint64_t index) { return tree.Read(level, index); };
  EXPECT_EQ(InclusionProof(8, 8, read).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(InclusionProof(0, 0, read).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(InclusionProof(UINT64_MAX, 8, read).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ConsistencyProof(9, 8, read).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(Merkle, AFailingReadFailsTheProof) {
  const auto read = [](uint32_t, uint64_t) -> absl::StatusOr<Hash> {
    return Error(absl::StatusCode::kUnavailable, "DISK", "the disk is away");
  };
  EXPECT_THAT(InclusionProof(3, 8, read), HasReason("DISK"));
  EXPECT_THAT(ConsistencyProof(3, 8, read), HasReason("DISK"));
  EXPECT_THAT(ReadFrontier(3, read), HasReason("DISK"));
}

// Every way to spoil a list of hashes by one step.
std::vector<std::vector<Hash>> Spoilt(const std::vector<Hash>& path) {
  std::vector<std::vector<Hash>> all;
  for (size_t i = 0; i < path.size(); ++i) {
    std::vector<Hash> changed = path;
    changed[i] = LeafHash(path[i].view());
    all.push_back(changed);
    std::vector<Hash> shorter = path;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back(shorter);
    if (i > 0) {
      std::vector<Hash> swapped = path;
      std::swap(swapped[i - 1], swapped[i]);
      all.push_back(swapped);
    }
  }
  std::vector<Hash> longer = path;
  longer.push_back(LeafHash("more"));
  all.push_back(longer);
  longer = path;
  longer.insert(longer.begin(), LeafHash("more"));
  all.push_back(longer);
  return all;
}

TEST(Merkle, ASpoiltInclusionPathIsRefused) {
  Tree tree(21);
  const auto read = [&](uint32_t level, uint64_t index) { return tree.Read(level, index); };
  for (size_t size = 1; size <= 21; ++size) {
    const Hash root = tree.RootAt(size);
    for (size_t index = 0; index < size; ++index) {
      const std::vector<Hash> path = InclusionProof(index, size, read).value();
      const Hash& leaf = tree.leaves()[index];
      for (const std::vector<Hash>& spoilt : Spoilt(path)) {
        EXPECT_THAT(VerifyInclusion(leaf, index, size, spoilt, root), HasReason("INCLUSION_PROOF"));
      }
      EXPECT_THAT(VerifyInclusion(leaf, index, size, path, LeafHash("other")), HasReason("INCLUSION_PROOF"));
      EXPECT_THAT(VerifyInclusion(LeafHash("other"), index, size, path, root), HasReason("INCLUSION_PROOF"));
      for (size_t other = 0; other <= size; ++other) {
        if (other != index) {
          EXPECT_THAT(VerifyInclusion(leaf, other, size, path, root), HasReason("INCLUSION_PROOF"));
        }
      }
    }
  }
}

TEST(Merkle, ASpoiltConsistencyPathIsRefused) {
  Tree tree(21);
  const auto read = [&](uint32_t level, uint64_t index) { return tree.Read(level, index); };
  for (size_t size = 1; size <= 21; ++size) {
    for (size_t from = 1; from <= size; ++from) {
      const std::vector<Hash> path = ConsistencyProof(from, size, read).value();
      const Hash from_root = tree.RootAt(from);
      const Hash root = tree.RootAt(size);
      for (const std::vector<Hash>& spoilt : Spoilt(path)) {
        EXPECT_THAT(VerifyConsistency(from, from_root, size, root, spoilt), HasReason("CONSISTENCY_PROOF"));
      }
      EXPECT_THAT(VerifyConsistency(from, LeafHash("other"), size, root, path), HasReason("CONSISTENCY_PROOF"));
      EXPECT_THAT(VerifyConsistency(from, from_root, size, LeafHash("other"), path), HasReason("CONSISTENCY_PROOF"));
    }
  }
}

TEST(Merkle, FromNothingOnlyTheEmptyPathLeads) {
  const Hash root = LeafHash("a");
  EXPECT_THAT(VerifyConsistency(0, EmptyRoot(), 1, root, {}), IsOk());
  EXPECT_THAT(VerifyConsistency(0, EmptyRoot(), 1, root, {root}), HasReason("CONSISTENCY_PROOF"));
  EXPECT_THAT(VerifyConsistency(0, EmptyRoot(), 0, EmptyRoot(), {}), IsOk());
  EXPECT_THAT(VerifyConsistency(0, EmptyRoot(), 0, root, {}), HasReason("CONSISTENCY_PROOF"));
}

TEST(Merkle, ASmallerTreeIsARollback) {
  Tree tree(8);
  EXPECT_THAT(VerifyConsistency(8, tree.RootAt(8), 7, tree.RootAt(7), {}), HasReason("CONSISTENCY_PROOF"));
}

TEST(Merkle, EqualSizesWithOtherRootsAreAFork) {
  EXPECT_THAT(VerifyConsistency(3, LeafHash("a"), 3, LeafHash("b"), {}), HasReason("CONSISTENCY_PROOF"));
  EXPECT_THAT(VerifyConsistency(3, LeafHash("a"), 3, LeafHash("a"), {}), IsOk());
}

TEST(Merkle, SizesNearTheEndOfTheNumbersAreRefusedNotTrusted) {
  const Hash hash = LeafHash("a");
  for (const size_t count : {size_t{0}, size_t{1}, kProofHashesMax, kProofHashesMax + 1, size_t{200}}) {
    const std::vector<Hash> path(count, hash);
    for (const uint64_t size : {uint64_t{INT64_MAX}, uint64_t{INT64_MAX} + 1, UINT64_MAX}) {
      EXPECT_THAT(VerifyInclusion(hash, size - 1, size, path, hash), HasReason("INCLUSION_PROOF"));
      EXPECT_THAT(VerifyInclusion(hash, 0, size, path, hash), HasReason("INCLUSION_PROOF"));
      EXPECT_THAT(VerifyConsistency(1, hash, size, hash, path), HasReason("CONSISTENCY_PROOF"));
      EXPECT_THAT(VerifyConsistency(size - 1, hash, size, hash, path), HasReason("CONSISTENCY_PROOF"));
    }
  }
}

}  // namespace
}  // namespace meguri::record
