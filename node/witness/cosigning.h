// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "node/witness/witnessed.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// What a publisher needs so that its heads are cosigned. Thread-safe, and not blocking.
struct CosigningHooks {
  // The newest head of an own feed, signed by the feed's key alone.
  std::function<absl::StatusOr<std::string>(const record::FeedKey&)> sign_head;
  // A newer cosigned note of the feed is durable.
  std::function<void(storage::FeedId)> on_cosigned;
  // A witness holds a head of an own feed, signed with its key, that the store does not bear out. If it is that of
  // `heads`, this must see to it that sign_head refuses.
  std::function<void(const record::FeedKey&, const std::string& note)> on_contradiction;
};

// Asks the witnesses that the trust bundle pins to cosign the heads of the member's own feeds, in the background and
// at most every kCosignInterval for each feed, and keeps the newest cosigned note. Thread-safe.
class Cosigning {
 public:
  // Borrowed arguments outlive it, and it outlives what they still run.
  Cosigning(const WitnessRegistry& registry, WitnessPeer& peers, record::ParticipantId member,
            const storage::SnapshotReader& store, storage::Committer& committer, Executor& executor, const Clock& clock,
            CosigningHooks hooks);

  // Begins what is due, and waits for none of it. Call it about once a second.
  void Tick();

  // Asks every witness for the newest head of every own feed that it has cosigned, and waits until all have answered or
  // the peer has given them up. DATA_LOSS with reason OWN_FEED_ROLLED_BACK if one of these heads, which the member's
  // feed key signed, is not of the feed that is stored: whoever signs on from here shows two faces. OK if no witness
  // says anything. The feed `heads` grows whether anything is published or not, so an old copy that lacks nothing else
  // is no reason not to start: on_contradiction is called for it, and the others go on.
  absl::Status CheckNothingLost();

 private:
  // What one witness was asked in a round, and has said.
  struct Asked {
    bool is_asking = false;
    bool has_answered = false;  // once, if only with an error
    int conflicts = 0;          // in which it named another head than the one that was thought to be its newest
    absl::Duration backoff;
    absl::Time next = absl::InfinitePast();
    std::string line;  // its cosignature
  };
  // One head on its way through the witnesses.
  struct Round {
    storage::FeedId id = 0;
    std::string note;  // signed by the feed's key alone
    record::Checkpoint head;
    absl::Time started = absl::InfinitePast();
    size_t kept = 0;                     // lines that are stored
    std::map<std::string, Asked> asked;  // by participant ID of the witness
  };

  void Run();
  void RunFeed(const record::FeedKey& feed, storage::FeedId id, const std::vector<WitnessNode>& nodes);
  void BeginRoundIfDueLocked(Round& round, storage::FeedId id, const std::string& note, const record::Checkpoint& head,
                             const std::vector<WitnessNode>& nodes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Ask(const record::FeedKey& feed, const WitnessNode& node, const record::Checkpoint& head, storage::FeedId id,
           const std::string& note);
  void Take(const record::FeedKey& feed, const std::string& witness, const std::string& note,
            absl::StatusOr<Verdict> verdict);
  absl::Status TakeVerdict(const record::FeedKey& feed, const std::string& witness, const std::string& note,
                           const Verdict& verdict);
  absl::StatusOr<std::string> CheckLine(const std::string& witness, const std::string& note,
                                        const std::string& line) const;
  absl::Status TakeKnown(const record::FeedKey& feed, const std::string& witness, const std::string& known);
  // Whether `note`, of an own feed, is a head of what is stored. Its size, if so.
  absl::StatusOr<absl::optional<uint64_t>> SizeIfStored(const record::FeedKey& feed, const std::string& note) const;
  void KeepIfComplete(const record::FeedKey& feed);

  const WitnessRegistry& registry_;
  WitnessPeer& peers_;
  const record::ParticipantId member_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  Executor& executor_;
  const Clock& clock_;
  const CosigningHooks hooks_;

  Mutex mutex_;
  bool is_running_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<record::FeedKey, Round> rounds_ ABSL_GUARDED_BY(mutex_);
  // Size of the head that a witness cosigned last, as far as is known: by feed and participant ID.
  std::map<std::pair<record::FeedKey, std::string>, uint64_t> known_sizes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
