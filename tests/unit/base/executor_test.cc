// SPDX-License-Identifier: Apache-2.0
#include "base/executor.h"

#include <atomic>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri {
namespace {

using ::testing::ElementsAre;

// Opens once and stays open.
class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  void Pass() {
    MutexLock lock(mutex_);
    while (!open_) {
      changed_.Wait(mutex_);
    }
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(Executor, RunsInOrderOfArrival) {
  std::vector<int> order;
  {
    Executor executor(1, 10);
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(executor.Submit([&order, i] { order.push_back(i); }));
    }
  }
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Executor, RefusesWhatDoesNotFitTheQueue) {
  Gate started;
  Gate release;
  std::atomic<int> ran = 0;
  {
    Executor executor(1, 2);
    ASSERT_TRUE(executor.Submit([&] {
      started.Open();
      release.Pass();
    }));
    started.Pass();  // the thread is busy, so that what follows waits
    EXPECT_TRUE(executor.Submit([&] { ++ran; }));
    EXPECT_TRUE(executor.Submit([&] { ++ran; }));
    EXPECT_FALSE(executor.Submit([&] { ran += 100; }));
    release.Open();
  }
  EXPECT_EQ(ran, 2);
}

TEST(Executor, WorksOnSeveralThreadsAtOnce) {
  Gate first;
  Gate second;
  Executor executor(2, 10);
  // Each waits for the other: one thread alone would wait for ever.
  ASSERT_TRUE(executor.Submit([&] {
    first.Open();
    second.Pass();
  }));
  ASSERT_TRUE(executor.Submit([&] {
    second.Open();
    first.Pass();
  }));
}

TEST(Executor, TakesWorkThatCanOnlyBeMoved) {
  std::atomic<int> seen = 0;
  {
    Executor executor(1, 1);
    EXPECT_TRUE(executor.Submit([&seen, value = std::make_unique<int>(7)] { seen = *value; }));
  }
  EXPECT_EQ(seen, 7);
}

TEST(CondVar, WaitForComesBackWithoutANotification) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  never.WaitFor(mutex, std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace meguri
