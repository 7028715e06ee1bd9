// SPDX-License-Identifier: Apache-2.0
#include "base/first_then_counted.h"

#include <utility>

namespace meguri {

bool FirstThenCounted::IsFirst(absl::string_view kind) {
  const absl::Time now = clock_.Now();
  MutexLock lock(mutex_);
  auto found = seen_.find(kind);
  if (found == seen_.end() && seen_.size() >= kinds_max_) {
    kind = "";
    found = seen_.find(kind);
  }
  if (found == seen_.end()) {
    seen_.emplace(std::string(kind), Seen{now, 0});
    return true;
  }
  Seen& seen = found->second;
  if (now - seen.begin < window_) {
    ++seen.repeats;
    return false;
  }
  if (seen.repeats > 0 && over_.size() < kinds_max_) {
    over_.emplace_back(found->first, seen.repeats);
  }
  seen = {now, 0};
  return true;
}

std::vector<std::pair<std::string, uint64_t>> FirstThenCounted::Take(absl::Time now) {
  MutexLock lock(mutex_);
  std::vector<std::pair<std::string, uint64_t>> counts = std::move(over_);
  over_.clear();
  for (auto entry = seen_.begin(); entry != seen_.end();) {
    if (now - entry->second.begin < window_) {
      ++entry;
      continue;
    }
    if (entry->second.repeats > 0) {
      counts.emplace_back(entry->first, entry->second.repeats);
    }
    entry = seen_.erase(entry);
  }
  return counts;
}

}  // namespace meguri
