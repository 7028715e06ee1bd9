// SPDX-License-Identifier: Apache-2.0
#include "base/call_rate.h"

#include <algorithm>

namespace meguri {
namespace {

constexpr double kBurstSeconds = 2;

}  // namespace

void CallRate::SetMax(uint64_t per_second) {
  MutexLock lock(mutex_);
  if (per_second_ != per_second) {
    per_second_ = per_second;
    counted_ = absl::InfinitePast();
  }
}

bool CallRate::Admit() {
  const absl::Time now = clock_.Now();
  MutexLock lock(mutex_);
  if (per_second_ == 0) {
    return true;
  }
  const double most = kBurstSeconds * static_cast<double>(per_second_);
  const double gained = counted_ == absl::InfinitePast()
                            ? most
                            : std::max(0.0, absl::ToDoubleSeconds(now - counted_)) * static_cast<double>(per_second_);
  left_ = std::min(most, left_ + gained);
  counted_ = now;
  if (left_ < 1) {
    return false;
  }
  left_ -= 1;
  return true;
}

}  // namespace meguri
