// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "node/witness/witnessed.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Asks the witnesses what they saw of the feeds that a member follows. What they name is compared with what is stored,
// so that a publisher with two faces is found out by one honest witness, even if no two of its followers ever talk; and
// what they cosigned is kept with the feed, whether or not its publisher passes it on. Thread-safe.
class WitnessWatch {
 public:
  // Takes a head that a witness named, as CheckpointExchange::Take does: it quarantines what contradicts it.
  using Compare = std::function<void(const record::FeedKey&, const std::string& note)>;
  // Hears of a witness that has cosigned two heads of a feed that contradict each other. May be told again.
  using Liar = std::function<void(const record::FeedKey&, const record::ParticipantId& witness)>;

  // Borrowed arguments outlive it, and it outlives what they still run.
  WitnessWatch(const WitnessRegistry& registry, WitnessPeer& peers, record::ParticipantId member,
               const storage::SnapshotReader& store, storage::Committer& committer, Executor& executor,
               const Clock& clock, Compare compare, Liar liar);

  // Asks all witnesses for the next kWatchedFeedsPerStep followed feeds. Blocks for reading only.
  void Step();

 private:
  struct Answers;
  std::vector<storage::HeldFeed> NextFeeds();
  void Ask(const storage::HeldFeed& feed, const std::vector<WitnessNode>& nodes);
  void TakeAll(const storage::HeldFeed& feed, const std::vector<std::string>& notes);
  void NameLiars(const record::FeedKey& feed, const std::string& note, const std::string& cosigned) const;
  // The note of the largest head that is cosigned and stored, with the cosignatures of all that name it; "" if there is
  // none.
  absl::StatusOr<std::string> Merge(const storage::HeldFeed& feed, const std::vector<std::string>& notes) const;

  const WitnessRegistry& registry_;
  WitnessPeer& peers_;
  const record::ParticipantId member_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  Executor& executor_;
  const Clock& clock_;
  const Compare compare_;
  const Liar liar_;
  Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;  // of the followed feeds, in their order
};

}  // namespace meguri::node
