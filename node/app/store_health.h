// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "base/mutex.h"
#include "node/app/log.h"

namespace meguri::node {

// What ails the store of a node that runs: a write failed, and none is taken any more, or something that was stored
// cannot be read. Each cause is told in the log once; it stays until the node is started again. Thread-safe.
class StoreHealth {
 public:
  explicit StoreHealth(Log& log) : log_(log) {}

  // Takes note of `status` if it tells of the store; anything else is none of its business.
  void Note(const absl::Status& status);
  // OK, or the first thing that was noted; damage before a failed write, as starting anew does not cure it.
  absl::Status Get() const;

 private:
  Log& log_;
  mutable Mutex mutex_;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  absl::Status damaged_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
