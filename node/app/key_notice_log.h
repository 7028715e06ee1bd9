// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/mutex.h"
#include "certs/registry.h"
#include "node/app/log.h"

namespace meguri::node {

// Writes into the log, once each, which members' keys no key before them vouches for: key-recovered, key-refused,
// key-unstated. Thread-safe.
class KeyNoticeLog {
 public:
  explicit KeyNoticeLog(Log& log) : log_(log) {}
  void Report(const certs::Registry& registry);

 private:
  Log& log_;
  Mutex mutex_;
  absl::flat_hash_set<std::pair<std::string, int>> told_ ABSL_GUARDED_BY(mutex_);  // key ID and what was said of it
};

}  // namespace meguri::node
