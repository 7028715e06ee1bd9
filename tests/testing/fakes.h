// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/random.h"

namespace meguri::testing {

// A clock that moves only when told to.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time now = absl::FromUnixSeconds(1'790'000'000)) : now_(now) {}
  absl::Time Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }
  void Advance(absl::Duration duration) {
    MutexLock lock(mutex_);
    now_ += duration;
  }

 private:
  mutable Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

// Repeatable bytes from a seed. Not unpredictable: tests only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed = 1) : engine_(seed) {}
  void Fill(absl::Span<uint8_t> bytes) override {
    MutexLock lock(mutex_);
    for (uint8_t& byte : bytes) {
      byte = static_cast<uint8_t>(engine_());
    }
  }

 private:
  Mutex mutex_;
  std::mt19937_64 engine_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::testing
