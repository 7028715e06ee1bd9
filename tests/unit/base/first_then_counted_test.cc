// SPDX-License-Identifier: Apache-2.0
#include "base/first_then_counted.h"

#include "gmock/gmock.h"
#include "tests/testing/fakes.h"

namespace meguri {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr absl::Duration kWindow = absl::Minutes(1);

class FirstThenCountedTest : public ::testing::Test {
 protected:
  meguri::testing::FakeClock clock_;
  FirstThenCounted kinds_{kWindow, 2, clock_};
};

TEST_F(FirstThenCountedTest, LetsOneOfAKindThroughInAWindowAndCountsTheRest) {
  EXPECT_TRUE(kinds_.IsFirst("a"));
  EXPECT_FALSE(kinds_.IsFirst("a"));
  EXPECT_FALSE(kinds_.IsFirst("a"));
  EXPECT_TRUE(kinds_.IsFirst("b"));
  EXPECT_THAT(kinds_.TakeCounts(), IsEmpty());
  clock_.Advance(kWindow);
  EXPECT_THAT(kinds_.TakeCounts(), ElementsAre(Pair("a", 2)));
  EXPECT_THAT(kinds_.TakeCounts(), IsEmpty());
  EXPECT_TRUE(kinds_.IsFirst("a"));
}

TEST_F(FirstThenCountedTest, LosesNoCountWhenANewWindowBeginsBeforeItIsTaken) {
  EXPECT_TRUE(kinds_.IsFirst("a"));
  EXPECT_FALSE(kinds_.IsFirst("a"));
  clock_.Advance(kWindow);
  EXPECT_TRUE(kinds_.IsFirst("a"));
  EXPECT_THAT(kinds_.TakeCounts(), ElementsAre(Pair("a", 1)));
}

TEST_F(FirstThenCountedTest, GivesTheCountsOfTheOpenWindowAtTheEnd) {
  EXPECT_TRUE(kinds_.IsFirst("a"));
  EXPECT_FALSE(kinds_.IsFirst("a"));
  EXPECT_TRUE(kinds_.IsFirst("b"));
  EXPECT_THAT(kinds_.TakeAll(), ElementsAre(Pair("a", 1)));
  EXPECT_THAT(kinds_.TakeAll(), IsEmpty());
}

TEST_F(FirstThenCountedTest, PutsMoreKindsThanItKeepsUnderOneName) {
  EXPECT_TRUE(kinds_.IsFirst("a"));
  EXPECT_TRUE(kinds_.IsFirst("b"));
  EXPECT_TRUE(kinds_.IsFirst("c"));
  EXPECT_FALSE(kinds_.IsFirst("d"));
  EXPECT_FALSE(kinds_.IsFirst("e"));
  EXPECT_FALSE(kinds_.IsFirst("a"));
  clock_.Advance(kWindow);
  EXPECT_THAT(kinds_.TakeCounts(), ElementsAre(Pair("", 2), Pair("a", 1)));
}

}  // namespace
}  // namespace meguri
