// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "node/follow/byte_budget.h"
#include "node/follow/follower.h"
#include "node/follow/quota.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// A verified batch, and the feed and checkpoint that it belongs to.
struct FollowedBatch {
  storage::HeldFeed feed;
  VerifiedBatch batch;
  std::string checkpoint_note;
  std::shared_ptr<ByteBudget::Claim> claim;  // of the memory that it takes; may be null
  FrozenRecords frozen{};
  std::vector<std::string> promised_notes{};  // older than checkpoint_note, and not made good by this batch
  absl::Status refused{};                     // why nothing of it is written, although what comes with it is
};

// Hands what one stream has verified to the committer, in order. As long as more is known to come, batches are gathered
// until the store takes them in bulk, or until they have waited for kGatherMax: a first sync is written in few large
// commits, a live entry at once. A batch that the quota has no room for is refused alone, and with it all that follows
// of its feed until Restart. Thread-safe.
class BatchWriter : public std::enable_shared_from_this<BatchWriter> {
 public:
  // Called on the committer's thread once the batches are durable or have failed; by Add or Flush if they are refused.
  using Written = std::function<void(const std::vector<FollowedBatch>& batches, const absl::Status& status)>;

  // `committer`, `store` and `clock` outlive what was added.
  static std::shared_ptr<BatchWriter> Make(storage::Committer& committer, const storage::StoreReader& store,
                                           const FollowQuota& quota, const Clock& clock, Written written);

  // `more_follows`: the publisher has promised further entries of this feed.
  void Add(FollowedBatch batch, bool more_follows);
  // Takes every feed again. Call it while nothing is being written.
  void Restart();
  // Lets nothing wait any longer.
  void Flush();
  // Lets nothing wait for longer than kGatherMax. Call it some times a second.
  void FlushOld();

 private:
  BatchWriter(storage::Committer& committer, const storage::StoreReader& store, const FollowQuota& quota,
              const Clock& clock, Written written);
  void SubmitLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Write(std::vector<FollowedBatch>& batches, storage::CommitScope& scope);
  absl::Status WriteWithinQuota(FollowedBatch& followed, storage::CommitScope& scope);

  storage::Committer& committer_;
  const storage::StoreReader& store_;
  const FollowQuota quota_;
  const Clock& clock_;
  const Written written_;

  Mutex mutex_;  // held while work is submitted, so that order is kept
  std::vector<FollowedBatch> gathered_ ABSL_GUARDED_BY(mutex_);
  size_t gathered_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time gathered_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();

  Mutex refused_mutex_;
  std::map<storage::HeldFeed, absl::Status> refused_ ABSL_GUARDED_BY(refused_mutex_);
};

}  // namespace meguri::node
