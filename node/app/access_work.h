// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "base/executor.h"
#include "node/access/access_state.h"
#include "node/app/log.h"
#include "node/follow/follow_runner.h"
#include "record/participant_id.h"
#include "storage/committer.h"

namespace meguri::node {

// Does what offers, grants and agreements ask for beside decisions: fills the feeds of new offers, follows what others
// have opened to the member, and stops when it is closed. Thread-safe.
class AccessWork {
 public:
  // All outlive it, and it outlives what they still run.
  AccessWork(AccessState& access, storage::Committer& committer, Executor& executor, FollowRunner& follows,
             const record::ParticipantId& member, Log& log);

  // Begins what is due, and waits for none of it. Call it some times a second.
  void Tick();
  // Begins nothing any more; the next start goes on where this one stood.
  void Stop() { is_stopping_ = true; }

 private:
  void FillSoon();
  void FollowSoon();
  absl::Status FollowGranted();

  AccessState& access_;
  storage::Committer& committer_;
  Executor& executor_;
  FollowRunner& follows_;
  const record::ParticipantId member_;
  Log& log_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_filling_{false};
  std::atomic<bool> is_following_{false};
};

}  // namespace meguri::node
