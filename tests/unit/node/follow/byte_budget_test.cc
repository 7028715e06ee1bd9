// SPDX-License-Identifier: Apache-2.0
#include "node/follow/byte_budget.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ByteBudget, LetsThroughWhileThereIsRoom) {
  ByteBudget budget(10);
  const ByteBudget::Claim claim(budget, 9);
  int went = 0;
  budget.WhenRoom([&went] { ++went; });
  EXPECT_EQ(went, 1);
}

TEST(ByteBudget, HoldsBackAtTheLimitUntilAClaimIsReleased) {
  ByteBudget budget(10);
  ByteBudget::Claim claim(budget, 10);
  int went = 0;
  budget.WhenRoom([&went] { ++went; });
  EXPECT_EQ(went, 0);
  claim.Release();
  EXPECT_EQ(went, 1);
}

TEST(ByteBudget, ServesInOrderOfArrival) {
  ByteBudget budget(10);
  std::vector<int> order;
  std::vector<std::unique_ptr<ByteBudget::Claim>> claims;
  claims.push_back(std::make_unique<ByteBudget::Claim>(budget, 10));
  for (const int who : {1, 2, 3}) {
    // Each takes the whole budget as soon as it is its turn.
    budget.WhenRoom([&, who] {
      order.push_back(who);
      claims.push_back(std::make_unique<ByteBudget::Claim>(budget, 10));
    });
  }
  EXPECT_THAT(order, IsEmpty());
  claims[0]->Release();
  EXPECT_THAT(order, ElementsAre(1));
  claims[1]->Release();
  EXPECT_THAT(order, ElementsAre(1, 2));
  claims[2]->Release();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(ByteBudget, ReleasesOnce) {
  ByteBudget budget(10);
  ByteBudget::Claim other(budget, 10);
  {
    ByteBudget::Claim claim(budget, 5);
    claim.Release();
    claim.Release();
  }
  int went = 0;
  budget.WhenRoom([&went] { ++went; });
  EXPECT_EQ(went, 0);
  other.Release();
  EXPECT_EQ(went, 1);
}

}  // namespace
}  // namespace meguri::node
