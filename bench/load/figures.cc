// SPDX-License-Identifier: Apache-2.0
#include "bench/load/figures.h"

#include <algorithm>
#include <cmath>

#include "nlohmann/json.hpp"

namespace meguri::bench {

std::string ToJson(const Figures& figures) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, value] : figures) {
    json[name] = value;
  }
  return json.dump();
}

void Latencies::Append(const Latencies& other) {
  milliseconds_.insert(milliseconds_.end(), other.milliseconds_.begin(), other.milliseconds_.end());
}

double Latencies::Percentile(double fraction) const {
  if (milliseconds_.empty()) {
    return 0;
  }
  std::vector<double> sorted = milliseconds_;
  const auto rank = static_cast<size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
  const size_t index = std::min(sorted.size(), std::max<size_t>(rank, 1)) - 1;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index), sorted.end());
  return sorted[index];
}

void Latencies::AddTo(Figures& figures, const std::string& prefix) const {
  figures.emplace_back(prefix + "p50_ms", Percentile(0.5));
  figures.emplace_back(prefix + "p99_ms", Percentile(0.99));
}

}  // namespace meguri::bench
