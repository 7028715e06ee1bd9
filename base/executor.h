// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/mutex.h"

namespace meguri {

// A fixed number of threads that run what they are given, in order of arrival, from a bounded queue. Thread-safe.
class Executor {
 public:
  using Work = absl::AnyInvocable<void()>;

  Executor(size_t threads, size_t queue_max);
  ~Executor();

  // Runs what waits, then stops; Submit refuses from now on. Not to be called from work.
  void Stop();

  // Never blocks. False, and `work` is not run, if the queue is full or the executor stops.
  [[nodiscard]] bool Submit(Work work);

 private:
  void Run();

  const size_t queue_max_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Work> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace meguri
