// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/random.h"
#include "certs/evidence_file.h"
#include "meguri/feed/v1/exchange.pb.h"
#include "node/follow/follow_runner.h"
#include "node/follow/peer_client.h"
#include "node/follow/receipt_book.h"
#include "node/policy/decision.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Whom to tell what, and as whom.
struct ExchangeCall {
  PeerAddress peer;
  record::ParticipantId acting_member;
  feed::v1::KnownCheckpoints known;
};

// Calls to other nodes, as the exchange needs them. Thread-safe.
class ExchangePeer {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<feed::v1::KnownCheckpoints>)>;
  virtual ~ExchangePeer() = default;
  // Never blocks. `done` is called once, on any thread, and must not block.
  virtual void ExchangeCheckpoints(const ExchangeCall& call, Done done) = 0;
};

// Compares what this node knows of others' feeds with what other members know. A publisher that shows two faces is
// found out by the one of two followers who holds the longer feed; the other learns it from the proof. Heads whose
// signature does not hold prove nothing and are passed over. Thread-safe.
class CheckpointExchange {
 public:
  // The reader that a member is, by the registry as it is now.
  using ReaderOfMember = std::function<Reader(const record::ParticipantId& member)>;

  // Borrowed arguments outlive the exchange. `hands_on`: this node hands on copies, and says so.
  CheckpointExchange(FollowRegistry& registry, ReaderOfMember reader_of, FollowRunner& follows,
                     FollowReporter& reporter, const storage::SnapshotReader& store, record::ParticipantId member,
                     const Clock& clock, Random& random, ReceiptBook& receipts, bool hands_on);

  // What `other` may be told: the heads of replicas of feeds that it may read as well, the forks among these, and when
  // they were seen here. If there are too many, others each time.
  feed::v1::KnownCheckpoints Tell(const record::ParticipantId& other);
  // Takes what `other` told, and answers with what is known here of the same feeds, as far as it may read them.
  // INVALID_ARGUMENT with reason EXCHANGE_COUNT.
  absl::StatusOr<feed::v1::KnownCheckpoints> Answer(const record::ParticipantId& other,
                                                    const feed::v1::KnownCheckpoints& told);
  // Quarantines every followed feed whose publisher contradicts itself by what is told and what is stored. What cannot
  // be read or proves nothing is passed over. INVALID_ARGUMENT as Answer.
  absl::Status Take(const feed::v1::KnownCheckpoints& told);

  // Take of what `other` answered to what it was told, and what it says of itself: when its node had seen heads, and as
  // NoteRelay.
  void TakeAnswer(const record::ParticipantId& other, const feed::v1::KnownCheckpoints& answer);

  // Notes whether the node of `other` hands on copies, as it says, and of whom.
  void NoteRelay(const record::ParticipantId& other, const feed::v1::KnownCheckpoints& told);

  // Tells the next of the other active members and takes its answer on `executor`. Both outlive the call.
  void ExchangeWithNext(ExchangePeer& peers, Executor& executor);

 private:
  absl::StatusOr<record::Checkpoint> OpenHead(absl::string_view note, const record::FeedKey& feed) const;
  absl::StatusOr<certs::ForkHead> OpenForkHead(const std::string& head, const record::FeedKey& feed) const;
  absl::Status Take(const feed::v1::KnownCheckpoints& told, feed::v1::KnownCheckpoints& found);
  absl::Status TakeHead(const feed::v1::KnownHead& told, feed::v1::KnownCheckpoints& found);
  void Accuse(const storage::HeldFeed& feed, const storage::FeedEvidence& evidence, feed::v1::KnownCheckpoints& found);
  absl::Status TakeHeadOfOwnFeed(const storage::StoreReader& store, const storage::HeldFeed& feed,
                                 const record::Checkpoint& told);
  absl::Status TakeFork(const feed::v1::KnownFork& told);
  absl::Status AddKnown(const storage::StoreReader& store, const storage::HeldFeed& feed, storage::FeedId id,
                        feed::v1::KnownCheckpoints& known);
  struct NextPeer {
    record::ParticipantId member;
    ExchangeCall call;
  };
  absl::optional<NextPeer> NextCall();

  FollowRegistry& registry_;
  const ReaderOfMember reader_of_;
  FollowRunner& follows_;
  FollowReporter& reporter_;
  const storage::SnapshotReader& store_;
  const record::ParticipantId member_;
  const Clock& clock_;
  Random& random_;
  ReceiptBook& receipts_;
  const bool hands_on_;
  Mutex mutex_;
  std::string last_asked_ ABSL_GUARDED_BY(mutex_);                  // participant ID
  std::set<record::FeedKey> contradicted_ ABSL_GUARDED_BY(mutex_);  // own feeds of which that was reported
};

}  // namespace meguri::node
