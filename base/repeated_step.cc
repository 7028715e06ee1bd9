// SPDX-License-Identifier: Apache-2.0
#include "base/repeated_step.h"

#include <algorithm>
#include <utility>

namespace meguri {

absl::Duration PauseAfter(uint64_t tries, absl::Duration min, absl::Duration max) {
  absl::Duration pause = min;
  for (uint64_t i = 1; i < tries && pause < max; ++i) {
    pause *= 2;
  }
  return std::min(pause, max);
}

RepeatedStep::RepeatedStep(Executor& executor, const Clock& clock, absl::Duration pause, std::function<void()> step)
    : executor_(executor), clock_(clock), pause_(pause), step_(std::move(step)) {}

void RepeatedStep::Tick() {
  const absl::Time now = clock_.Now();
  {
    MutexLock lock(mutex_);
    if (is_stopping_ || is_running_ || now < next_) {
      return;
    }
    is_running_ = true;
    next_ = now + pause_;
  }
  const auto look = [this] {
    step_();
    MutexLock lock(mutex_);
    is_running_ = false;
  };
  if (!executor_.Submit(look)) {  // busy: the next tick tries again
    MutexLock lock(mutex_);
    is_running_ = false;
    next_ = now;
  }
}

void RepeatedStep::DueBy(absl::Time time) {
  MutexLock lock(mutex_);
  next_ = std::min(next_, time);
}

}  // namespace meguri
