// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"

namespace meguri::node {

// The names of this node's clients that may not call any more, although their certificates last. Thread-safe.
class RevokedClients {
 public:
  bool Contains(absl::string_view name) const {
    MutexLock lock(mutex_);
    return names_.contains(name);
  }
  void Set(absl::flat_hash_set<std::string> names) {
    MutexLock lock(mutex_);
    names_ = std::move(names);
  }

 private:
  mutable Mutex mutex_;
  absl::flat_hash_set<std::string> names_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
