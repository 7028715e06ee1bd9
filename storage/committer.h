// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/anchor.h"
#include "storage/feeds.h"
#include "storage/group_writer.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// What a piece of work writes into, and the feeds to write with. Which feeds grew is read from the keys of the
// transaction, so nobody has to report it.
class CommitScope {
 public:
  CommitScope(Transaction& written, Feeds& with) : transaction(written), feeds(with) {}
  Transaction& transaction;
  Feeds& feeds;
};

// The one thread that writes. It gathers everything that waits, runs each piece of work on a transaction of its own
// (one that fails leaves no trace), applies all of them in one batch, writes the ANCHOR, and only then shows them to
// readers and answers, in the order of submission. A group that wrote nothing applies nothing. Thread-safe.
class Committer {
 public:
  static constexpr size_t kQueueMax = 4096;  // pieces of work that wait
  static constexpr size_t kGroupMax = 256;   // pieces of work in one batch
  // A batch that has reached this takes no further work. So much at once is no longer a matter of latency: the store
  // takes it in bulk.
  static constexpr size_t kGroupBytesMax = GroupWriter::kBulkBytes;

  // Runs on the committer's thread; must not block.
  using Work = absl::AnyInvocable<absl::Status(CommitScope&)>;
  // Called once, on the committer's thread, when the work is durable or has failed; by Submit itself if it is refused.
  using Done = absl::AnyInvocable<void(absl::Status)>;
  // Called after each group that is durable, with the IDs of the feeds that grew.
  using Observer = std::function<void(const std::vector<FeedId>& grown)>;

  // Compares the store with the anchor. DATA_LOSS (reason STORE_BEHIND_ANCHOR) if the store has lost an acknowledged
  // commit, or if its own heads differ from the anchored ones; ANCHOR_MISSING or ANCHOR_BEHIND_STORE if the anchor is
  // not the one of this store. One commit ahead of the anchor is what a crash may leave, and is accepted.
  // Both outlive the committer, and nobody else writes to them.
  static absl::StatusOr<std::unique_ptr<Committer>> Start(OrderedStore& store, Anchor& anchor);
  // Finishes what waits, then stops.
  ~Committer();

  // Never blocks. If the queue is full, `done` gets RESOURCE_EXHAUSTED (reason COMMIT_QUEUE_FULL) at once; after a
  // failed write everything gets UNAVAILABLE (reason STORE_FAILED).
  void Submit(Work work, Done done);
  // Waits for the result. Not from a Work, Done or Observer.
  absl::Status SubmitAndWait(Work work);

  // OK, or what every Submit gets since a write failed.
  absl::Status health() const;

  // What is durable, as soon as it is: for everybody who does not write. Lives as long as the committer.
  const SnapshotReader& durable() const;

  void AddObserver(Observer observer);
  // The number of the last durable commit.
  uint64_t commit_count() const;

 private:
  struct Parts;
  explicit Committer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace meguri::storage
