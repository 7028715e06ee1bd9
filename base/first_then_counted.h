// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace meguri {

// Lets the first of each kind through in every window and counts the rest, so that whoever repeats something fills no
// disk. At most `kinds_max` kinds are told apart; further ones share the kind "". Thread-safe.
class FirstThenCounted {
 public:
  FirstThenCounted(absl::Duration window, size_t kinds_max, const Clock& clock)
      : window_(window), kinds_max_(kinds_max), clock_(clock) {}

  // True for the first of its kind in this window; any other is counted.
  bool IsFirst(absl::string_view kind);
  // What was counted in windows that are over, by kind; kinds that were not repeated are left out.
  std::vector<std::pair<std::string, uint64_t>> TakeCounts() { return Take(clock_.Now()); }
  // The same, and ends all windows that are open: nothing more is counted after it.
  std::vector<std::pair<std::string, uint64_t>> TakeAll() { return Take(absl::InfiniteFuture()); }

 private:
  struct Seen {
    absl::Time begin;
    uint64_t repeats = 0;
  };

  // Of windows that are over at `now`.
  std::vector<std::pair<std::string, uint64_t>> Take(absl::Time now);

  const absl::Duration window_;
  const size_t kinds_max_;
  const Clock& clock_;
  Mutex mutex_;
  absl::btree_map<std::string, Seen> seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, uint64_t>> over_ ABSL_GUARDED_BY(mutex_);  // windows that another one followed
};

}  // namespace meguri
