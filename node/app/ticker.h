// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace meguri::node {

// One thread that does recurring work, each piece at its own interval. Work must be short.
class Ticker {
 public:
  struct Task {
    absl::Duration interval;
    absl::AnyInvocable<void()> work;
    absl::Time next = absl::InfinitePast();
  };

  Ticker(std::vector<Task> tasks, const Clock& clock);
  // Waits for the piece of work that is running.
  ~Ticker();

 private:
  void Run();

  const Clock& clock_;
  std::vector<Task> tasks_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace meguri::node
