// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace meguri {

// How long to wait after so many tries in vain, 1 at least: `min` after the first one, twice as long after each further
// one, `max` at most.
absl::Duration PauseAfter(uint64_t tries, absl::Duration min, absl::Duration max);

// Work that looks again and again for what is due. A look runs on the executor, one at a time, `pause` after the one
// before has begun or earlier if something will be due by then. Thread-safe.
class RepeatedStep {
 public:
  // What is borrowed outlives it, and it outlives what the executor still runs.
  RepeatedStep(Executor& executor, const Clock& clock, absl::Duration pause, std::function<void()> step);

  // Begins a look if it is time for one, and does not wait for it. Call it about once a second.
  void Tick();
  // Looks no later than at `time`.
  void DueBy(absl::Time time);
  // Begins no look any more. One that runs sees it by is_stopping().
  void Stop() { is_stopping_ = true; }
  bool is_stopping() const { return is_stopping_; }

 private:
  Executor& executor_;
  const Clock& clock_;
  const absl::Duration pause_;
  const std::function<void()> step_;
  std::atomic<bool> is_stopping_{false};
  Mutex mutex_;
  bool is_running_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time next_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace meguri
