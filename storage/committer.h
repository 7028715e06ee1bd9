// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "storage/anchor.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// What a piece of work may write into: the transaction, and the feed heads that the committer keeps in memory.
class CommitScope {
 public:
  CommitScope(Transaction& transaction, Feeds& feeds) : transaction(transaction), feeds(feeds) {}
  Transaction& transaction;
  Feeds& feeds;
};

// The one thread that writes. It gathers everything that waits, runs each piece of work on a transaction of its own
// (one that fails leaves no trace), applies all of them in one batch, writes the ANCHOR, and only then answers.
class Committer {
 public:
  static constexpr size_t kQueueMax = 4096;            // pieces of work that wait
  static constexpr size_t kGroupMax = 256;             // pieces of work in one batch

  // Runs on the committer's thread; must not block.
  using Work = absl::AnyInvocable<absl::Status(CommitScope&)>;
  // Called once, on the committer's thread, when the work is durable or has failed.
  using Done = absl::AnyInvocable<void(absl::Status)>;
  // Called after each group that is durable, with the IDs of the feeds that grew.
  using Observer = std::function<void(const std::vector<FeedId>& grown)>;

  // Compares the store with the anchor. DATA_LOSS (reason STORE_BEHIND_ANCHOR) if the store has lost an acknowledged
  // commit, or if its own heads differ from the anchored ones.
  static absl::StatusOr<std::unique_ptr<Committer>> Start(OrderedStore& store, Anchor& anchor);
  // Finishes what waits, then stops.
  ~Committer();

  // Never blocks. If the queue is full, `done` gets RESOURCE_EXHAUSTED (reason COMMIT_QUEUE_FULL) at once; after a
  // failed write everything gets UNAVAILABLE (reason STORE_FAILED).
  void Submit(Work work, Done done);
  // Waits for the result.
  absl::Status SubmitAndWait(Work work);

  void AddObserver(Observer observer);
  uint64_t commit_count() const;

 private:
  struct Parts;
  explicit Committer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace meguri::storage
