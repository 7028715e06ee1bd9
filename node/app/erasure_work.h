// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "base/executor.h"
#include "node/app/log.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"
#include "storage/sealed/section_keys.h"

namespace meguri::node {

// Finishes what commits have erased: destroys the data keys of the versions, and rewrites the tables in which their
// index terms lay. What a crash interrupts goes on at the next start. Thread-safe.
class ErasureWork {
 public:
  static constexpr size_t kErasedAtOnce = 10'000;  // versions

  // All outlive it, and it outlives what they still run. `store` is the one that `committer` writes.
  ErasureWork(storage::SectionKeys& keys, storage::OrderedStore& store, storage::Committer& committer,
              Executor& executor, Log& log)
      : keys_(keys), store_(store), committer_(committer), executor_(executor), log_(log) {}

  // Begins what is due, and waits for none of it. Call it about once a second.
  void Tick();
  // Begins nothing any more.
  void Stop() { is_stopping_ = true; }

 private:
  // True if a commit is on its way, after which the work ends.
  absl::StatusOr<bool> Run();
  void Fail(const absl::Status& status);

  storage::SectionKeys& keys_;
  storage::OrderedStore& store_;
  storage::Committer& committer_;
  Executor& executor_;
  Log& log_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_running_{false};
};

}  // namespace meguri::node
