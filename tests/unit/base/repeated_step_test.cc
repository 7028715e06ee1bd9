// SPDX-License-Identifier: Apache-2.0
#include "base/repeated_step.h"

#include <future>

#include "gtest/gtest.h"
#include "tests/testing/fakes.h"

namespace meguri {
namespace {

TEST(PauseAfterTest, DoublesUpToTheLongest) {
  const auto pause = [](uint64_t tries) { return PauseAfter(tries, absl::Seconds(1), absl::Seconds(6)); };
  EXPECT_EQ(pause(1), absl::Seconds(1));
  EXPECT_EQ(pause(2), absl::Seconds(2));
  EXPECT_EQ(pause(3), absl::Seconds(4));
  EXPECT_EQ(pause(4), absl::Seconds(6));
  EXPECT_EQ(pause(UINT64_MAX), absl::Seconds(6));
  EXPECT_EQ(PauseAfter(1, absl::Seconds(9), absl::Seconds(6)), absl::Seconds(6));
}

class RepeatedStepTest : public ::testing::Test {
 protected:
  // Ticks, and lets what began end. Returns how many looks there were until now.
  int Tick() {
    step_.Tick();
    Settle();
    return looks_;
  }
  // The executor has one thread: when this has run, all before it has.
  void Settle() {
    std::promise<void> settled;
    ASSERT_TRUE(executor_.Submit([&] { settled.set_value(); }));
    settled.get_future().wait();
  }
  // Keeps the executor's thread busy until `gate` opens.
  void Occupy(std::promise<void>& gate) {
    std::promise<void> begun;
    ASSERT_TRUE(executor_.Submit([&begun, opened = gate.get_future().share()] {
      begun.set_value();
      opened.wait();
    }));
    begun.get_future().wait();
  }

  testing::FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  Executor executor_{1, 2};
  int looks_ = 0;
  RepeatedStep step_{executor_, clock_, absl::Minutes(1), [this] { ++looks_; }};
};

TEST_F(RepeatedStepTest, LooksAtOnceAndThenAfterEachPause) {
  EXPECT_EQ(Tick(), 1);
  EXPECT_EQ(Tick(), 1);
  clock_.Advance(absl::Seconds(59));
  EXPECT_EQ(Tick(), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Tick(), 2);
}

TEST_F(RepeatedStepTest, LooksEarlierIfSomethingIsDue) {
  EXPECT_EQ(Tick(), 1);
  step_.DueBy(clock_.Now() + absl::Seconds(10));
  step_.DueBy(clock_.Now() + absl::Hours(10));  // later than what is due anyway
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(Tick(), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Tick(), 2);
}

TEST_F(RepeatedStepTest, LooksOnceAtATime) {
  std::promise<void> gate;
  Occupy(gate);
  step_.Tick();
  step_.DueBy(clock_.Now());
  step_.Tick();
  gate.set_value();
  Settle();
  EXPECT_EQ(looks_, 1);
  EXPECT_EQ(Tick(), 2) << "what came due meanwhile is looked at";
}

TEST_F(RepeatedStepTest, WhatABusyExecutorDidNotTakeIsTriedAtTheNextTick) {
  std::promise<void> gate;
  Occupy(gate);
  std::promise<void> emptied;
  ASSERT_TRUE(executor_.Submit([] {}));
  ASSERT_TRUE(executor_.Submit([&] { emptied.set_value(); }));
  step_.Tick();
  gate.set_value();
  emptied.get_future().wait();
  Settle();
  EXPECT_EQ(looks_, 0);
  EXPECT_EQ(Tick(), 1);
}

TEST_F(RepeatedStepTest, BeginsNothingOnceItIsStopped) {
  EXPECT_FALSE(step_.is_stopping());
  step_.Stop();
  EXPECT_TRUE(step_.is_stopping());
  EXPECT_EQ(Tick(), 0);
}

}  // namespace
}  // namespace meguri
