// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"

namespace meguri::bench {

// Milliseconds that `work` takes.
template <typename Work>
absl::StatusOr<double> TimeOf(Work work) {
  const absl::Time start = absl::Now();
  MEGURI_RETURN_IF_ERROR(work());
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

inline nlohmann::ordered_json Spread(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {{"median", times[times.size() / 2]}, {"p99", times[times.size() * 99 / 100]}, {"max", times.back()}};
}

}  // namespace meguri::bench
