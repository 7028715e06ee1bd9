// SPDX-License-Identifier: Apache-2.0
#include "base/call_rate.h"

#include "gtest/gtest.h"
#include "tests/testing/fakes.h"

namespace meguri {
namespace {

class CallRateTest : public ::testing::Test {
 protected:
  int Admitted(int calls) {
    int admitted = 0;
    for (int i = 0; i < calls; ++i) {
      admitted += rate_.Admit() ? 1 : 0;
    }
    return admitted;
  }

  testing::FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  CallRate rate_{clock_};
};

TEST_F(CallRateTest, LetsEverythingThroughUntilItIsToldAMaximum) { EXPECT_EQ(Admitted(1000), 1000); }

TEST_F(CallRateTest, LetsTwoSecondsWorthThroughAtOnceAndThenTheRate) {
  rate_.SetMax(10);
  EXPECT_EQ(Admitted(100), 20);
  EXPECT_EQ(Admitted(100), 0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Admitted(100), 10);
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(Admitted(100), 1);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Admitted(100), 20);
}

TEST_F(CallRateTest, TakesANewMaximumAtOnceAndIsNotUpsetByAClockThatGoesBack) {
  rate_.SetMax(1);
  EXPECT_EQ(Admitted(5), 2);
  rate_.SetMax(3);
  EXPECT_EQ(Admitted(10), 6);
  clock_.Advance(-absl::Hours(1));
  EXPECT_EQ(Admitted(10), 0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Admitted(10), 3);
  rate_.SetMax(0);
  EXPECT_EQ(Admitted(10), 10);
}

}  // namespace
}  // namespace meguri
