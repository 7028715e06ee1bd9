// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/key_tree.h"

#include <set>

#include "gmock/gmock.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using meguri::testing::SeededRandom;

Seed Derived(TreeSeed at, uint64_t leaf) {
  while (at.height > 0) {
    --at.height;
    at.seed = ChildOf(at.seed, static_cast<uint8_t>((leaf >> at.height) & 1));
  }
  return at.seed;
}

class KeyTreeTest : public ::testing::Test {
 protected:
  SeededRandom random_;
  const Seed root_{random_.Bytes<32>()};
  KeyTree tree_{root_};

  Seed KeyOf(uint64_t leaf) const { return Derived(TreeSeed{kKeyTreeHeight, 0, root_}, leaf); }
};

TEST_F(KeyTreeTest, BeginsAsOneSeedAboveEveryLeaf) {
  EXPECT_EQ(tree_.size(), 1U);
  EXPECT_EQ(tree_.LastPunctured(), absl::nullopt);
  for (const uint64_t leaf : {uint64_t{0}, uint64_t{1}, kKeyTreeLeaves - 1}) {
    ASSERT_NE(tree_.Above(leaf), nullptr);
  }
  EXPECT_EQ(tree_.Above(kKeyTreeLeaves), nullptr);
}

TEST_F(KeyTreeTest, ALeafThatIsPuncturedIsGoneAndItsNeighboursStay) {
  MEGURI_ASSERT_OK(tree_.Puncture(1000));
  EXPECT_EQ(tree_.Above(1000), nullptr);
  EXPECT_EQ(tree_.size(), kKeyTreeHeight);
  for (const uint64_t leaf : {uint64_t{0}, uint64_t{999}, uint64_t{1001}, kKeyTreeLeaves - 1}) {
    ASSERT_NE(tree_.Above(leaf), nullptr) << leaf;
    EXPECT_EQ(Derived(*tree_.Above(leaf), leaf), KeyOf(leaf)) << leaf;
  }
  const std::string before = tree_.Serialize();
  MEGURI_EXPECT_OK(tree_.Puncture(1000)) << "a second time";
  EXPECT_EQ(tree_.Serialize(), before);
}

TEST_F(KeyTreeTest, NeighboursThatArePuncturedTogetherTakeNoRoom) {
  for (uint64_t leaf = 4096; leaf < 8192; ++leaf) {
    MEGURI_ASSERT_OK(tree_.Puncture(leaf));
  }
  EXPECT_EQ(tree_.size(), kKeyTreeHeight - 12);
  EXPECT_EQ(tree_.LastPunctured(), 8191U);
  EXPECT_NE(tree_.Above(4095), nullptr);
  EXPECT_NE(tree_.Above(8192), nullptr);
}

// No seed that is left lies on the way from the root to a leaf that was punctured, and every other leaf has its key.
TEST_F(KeyTreeTest, NothingThatIsLeftLeadsToWhatWasPuncturedAndEverythingElseIsAsItWas) {
  std::set<uint64_t> punctured;
  std::set<Seed> forbidden;
  for (int round = 0; round < 400; ++round) {
    const uint64_t leaf = round % 3 == 0 ? random_.Below(kKeyTreeLeaves) : random_.Below(5000);
    punctured.insert(leaf);
    TreeSeed at{kKeyTreeHeight, 0, root_};
    for (forbidden.insert(at.seed); at.height > 0; forbidden.insert(at.seed)) {
      --at.height;
      at.seed = ChildOf(at.seed, static_cast<uint8_t>((leaf >> at.height) & 1));
    }
    MEGURI_ASSERT_OK(tree_.Puncture(leaf));
    auto again = KeyTree::Parse(tree_.Serialize());
    MEGURI_ASSERT_OK(again);
    tree_ = *std::move(again);
  }
  EXPECT_EQ(tree_.LastPunctured(), *punctured.rbegin());
  const std::string bytes = tree_.Serialize();
  for (size_t i = 0; i < tree_.size(); ++i) {
    const absl::string_view stored = absl::string_view(bytes).substr(i * 41, 41);
    EXPECT_FALSE(forbidden.contains(*record::Hash::Parse(stored.substr(9))));
  }
  for (uint64_t leaf = 0; leaf < 5000; ++leaf) {
    const TreeSeed* const above = tree_.Above(leaf);
    ASSERT_EQ(above == nullptr, punctured.contains(leaf)) << leaf;
    if (above != nullptr) {
      EXPECT_EQ(Derived(*above, leaf), KeyOf(leaf));
    }
  }
  for (int i = 0; i < 2000; ++i) {
    const uint64_t leaf = random_.Below(kKeyTreeLeaves);
    const TreeSeed* const above = tree_.Above(leaf);
    ASSERT_EQ(above == nullptr, punctured.contains(leaf));
    if (above != nullptr) {
      ASSERT_EQ(Derived(*above, leaf), KeyOf(leaf));
    }
  }
}

TEST_F(KeyTreeTest, TheLastLeafAndTheFirstCanBePunctured) {
  MEGURI_ASSERT_OK(tree_.Puncture(0));
  EXPECT_EQ(tree_.LastPunctured(), 0U);
  MEGURI_ASSERT_OK(tree_.Puncture(kKeyTreeLeaves - 1));
  EXPECT_EQ(tree_.LastPunctured(), kKeyTreeLeaves - 1);
  EXPECT_EQ(tree_.Above(0), nullptr);
  EXPECT_EQ(tree_.Above(kKeyTreeLeaves - 1), nullptr);
}

TEST_F(KeyTreeTest, BytesThatAreNoTreeAreRefused) {
  MEGURI_ASSERT_OK(tree_.Puncture(7));
  const std::string good = tree_.Serialize();
  MEGURI_EXPECT_OK(KeyTree::Parse(good));
  EXPECT_THAT(KeyTree::Parse(good.substr(1)), HasReason("KEY_TREE"));
  std::string overlapping = good.substr(0, 41) + good;
  EXPECT_THAT(KeyTree::Parse(overlapping), HasReason("KEY_TREE"));
  std::string too_high = good;
  too_high[0] = static_cast<char>(kKeyTreeHeight + 1);
  EXPECT_THAT(KeyTree::Parse(too_high), HasReason("KEY_TREE"));
  std::string too_far = good;
  too_far[1] = '\x7f';
  EXPECT_THAT(KeyTree::Parse(too_far), HasReason("KEY_TREE"));
}

// Bytes for ever: a store that was sealed with one program is opened with the next.
TEST(KeyTree, DerivesTheSameKeysForEver) {
  const Seed root = record::Sha256("a root");
  EXPECT_EQ(ChildOf(root, 0).ToHex(), "d9acca1129fbcca1e8b96974e848b4d16e81c975f28f475d7132dcbd08b0706b");
  EXPECT_EQ(ChildOf(root, 1).ToHex(), "5ddae1bd130d6210e7f56a9183ca98748629d5d1fde45f2dff501391341f48dd");
  EXPECT_EQ(Derived(TreeSeed{kKeyTreeHeight, 0, root}, 1000).ToHex(),
            "8b99663fcdfa15027dd468fc003837bb30692d1a29af030a43d87e682761fbee");
}

}  // namespace
}  // namespace meguri::storage
