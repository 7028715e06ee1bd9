// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "base/mutex.h"
#include "storage/anchor.h"
#include "storage/ordered_store.h"

namespace meguri::testing {

// Decides which durable write fails. From then on every other one fails too, as after a crash. Thread-safe.
class FaultPlan {
 public:
  enum class Kind {
    kLost,     // the failing write leaves nothing behind
    kUnheard,  // the failing write is on the disk, but nobody hears so
  };
  static constexpr uint64_t kNever = UINT64_MAX;

  // The `fail_at`-th write from 1 fails.
  explicit FaultPlan(uint64_t fail_at = kNever, Kind kind = Kind::kLost) : fail_at_(fail_at), kind_(kind) {}

  // What becomes of the next write.
  struct Verdict {
    bool lands = true;
    bool succeeds = true;
  };
  Verdict Next();
  uint64_t writes_seen() const;

 private:
  const uint64_t fail_at_;
  const Kind kind_;
  mutable Mutex mutex_;
  uint64_t writes_seen_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A store and an anchor whose writes fail by `plan`, which they may share. What they wrap and the plan outlive them.
std::unique_ptr<storage::OrderedStore> MakeFaultyStore(storage::OrderedStore& store, FaultPlan& plan);
std::unique_ptr<storage::Anchor> MakeFaultyAnchor(storage::Anchor& anchor, FaultPlan& plan);

}  // namespace meguri::testing
