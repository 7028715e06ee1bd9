// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace meguri {

// So many a second on average, and twice as many at once after a pause. Thread-safe.
class CallRate {
 public:
  explicit CallRate(const Clock& clock) : clock_(clock) {}

  // 0: as many as come.
  void SetMax(uint64_t per_second);
  // Whether one more is within the rate.
  bool Admit();

 private:
  const Clock& clock_;
  Mutex mutex_;
  uint64_t per_second_ ABSL_GUARDED_BY(mutex_) = 0;
  double left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time counted_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace meguri
