// SPDX-License-Identifier: Apache-2.0
#include "node/follow/fork_evidence.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "record/merkle.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

constexpr size_t kSizeMax = 40;

std::vector<record::Hash> Leaves(size_t count) {
  std::vector<record::Hash> leaves;
  leaves.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    leaves.push_back(record::LeafHash(absl::StrCat("entry ", i)));
  }
  return leaves;
}

SignedHead Head(uint64_t size, const record::Hash& root) {
  return {{"origin", size, root}, absl::StrCat("note ", size)};
}

TEST(ForkEvidence, ShowsFromEveryPlaceHowTheLargerFeedBegins) {
  for (size_t stored = 0; stored < kSizeMax; ++stored) {
    for (size_t newer = stored + 1; newer <= kSizeMax; ++newer) {
      const std::vector<record::Hash> all = Leaves(newer);
      record::Frontier frontier;
      for (size_t i = 0; i < stored; ++i) {
        frontier.Append(all[i]);
      }
      for (size_t older = stored + 1; older <= newer; ++older) {
        SCOPED_TRACE(absl::StrCat(stored, " ", older, " ", newer));
        const auto evidence = ForkEvidence(Head(older, record::Sha256("another")), Head(newer, record::RootOf(all)),
                                           frontier, absl::MakeConstSpan(all).subspan(stored));
        ASSERT_EQ(evidence.notes, (std::vector{absl::StrCat("note ", older), absl::StrCat("note ", newer)}));
        const absl::StatusOr<record::Hash> root = record::Hash::Parse(evidence.other_root);
        MEGURI_ASSERT_OK(root.status());
        ASSERT_EQ(*root, record::RootOf(absl::MakeConstSpan(all).first(older)));
        std::vector<record::Hash> path;
        path.reserve(evidence.consistency_path.size());
        for (const std::string& bytes : evidence.consistency_path) {
          path.push_back(record::Hash::Parse(bytes).value());
        }
        MEGURI_ASSERT_OK(record::VerifyConsistency(older, *root, newer, record::RootOf(all), path));
      }
    }
  }
}

TEST(ForkEvidence, KeepsTheHeadsAloneIfNotAllIsHere) {
  const std::vector<record::Hash> all = Leaves(9);
  const auto evidence = ForkEvidence(Head(5, record::Sha256("another")), Head(9, record::RootOf(all)), {},
                                     absl::MakeConstSpan(all).first(7));
  EXPECT_EQ(evidence.notes.size(), 2U);
  EXPECT_EQ(evidence.other_root, "");
  EXPECT_TRUE(evidence.consistency_path.empty());
}

}  // namespace
}  // namespace meguri::node
