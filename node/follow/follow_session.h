// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/random.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "node/follow/batch_writer.h"
#include "node/follow/byte_budget.h"
#include "node/follow/follow_report.h"
#include "node/follow/follower.h"
#include "node/follow/known_relays.h"
#include "node/follow/limits.h"
#include "node/follow/peer_client.h"
#include "node/follow/quota.h"
#include "node/follow/relay_turns.h"
#include "record/batch.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"

namespace meguri::node {

enum class FollowState { kConnecting, kCatchingUp, kLive, kWaiting, kQuarantined, kOverQuota };

struct FollowStatus {
  storage::HeldFeed feed;
  FollowState state = FollowState::kWaiting;
  uint64_t size = 0;
  uint64_t target_size = 0;
  uint64_t unread = 0;  // records of a format that is too new for this program
  std::string last_error;
  std::string last_error_reason;
  absl::Time heard = absl::InfinitePast();  // when, as the publisher signed, there was no more than is here
  bool is_overdue = false;                  // that is too long ago
  // Who hands it on now, as the publisher's node does not answer; nullopt: it comes from the publisher, or not at all.
  absl::optional<record::ParticipantId> relay = absl::nullopt;
};

// What following needs of the registry.
class FollowRegistry {
 public:
  virtual ~FollowRegistry() = default;
  virtual std::shared_ptr<const certs::Registry> Get() const = 0;
  virtual const certs::TrustBundle& bundle() const = 0;
  virtual absl::Status AcceptHeartbeat(const record::v1::SignedBody& heartbeat) = 0;
};

// What all sessions share; it outlives them.
struct FollowContext {
  FollowRegistry& registry;
  PeerClient& peers;
  const storage::StoreReader& store;
  storage::Committer& committer;
  Executor& executor;
  const Clock& clock;
  Random& random;
  FollowReporter& reporter;
  FollowQuota quota;
  record::VerifiedRoots verified_roots{};
  ByteBudget budget{kFollowBytesInFlightMax};
  KnownRelays relays{};
};

// One stream: up to kFollowFeedsMax feeds that one member follows of one publisher. Each feed stands and falls alone:
// one that may not be read, does not verify or is quarantined is left out while the others go on, and is tried again
// with growing, jittered pauses; one that the quota has no room for is not tried again. What breaks the stream itself
// concerns them all. While the publisher's node does not answer, a relay is asked; so it is for a feed that the
// publisher refuses, if somebody was named for it. Thread-safe.
//
// Events come one at a time and are verified on the executor; what is verified is written in that order, at most
// kUnwrittenBytesMax behind, so that verifying the next batch overlaps with writing the last one.
class FollowSession final : public FollowSink, public std::enable_shared_from_this<FollowSession> {
 public:
  // It outlives what it has brought: Wait before it goes.
  // `via` is of a session that asks for what the publisher opens to others: whose copy is asked for, once the publisher
  // has refused, or does not answer.
  FollowSession(FollowContext& context, record::ParticipantId member, record::ParticipantId publisher,
                absl::optional<record::ParticipantId> via = absl::nullopt);

  // Follows `name` from now on, unless there is a reason for its quarantine. `purpose` is stated to whoever hands it
  // on.
  void AddFeed(const record::FeedName& name, std::string quarantine_reason, uint32_t purpose = 0);
  // Whether it was followed.
  bool RemoveFeed(const record::FeedName& name);
  bool Has(const record::FeedName& name) const;
  bool IsQuarantined(const record::FeedName& name) const;
  std::vector<record::FeedName> FeedNames() const;
  // As FollowRunner::Accuse.
  void Accuse(const record::FeedName& name, const storage::FeedEvidence& evidence, absl::string_view message);
  void AppendStatus(std::vector<FollowStatus>& statuses) const;

  // Opens the stream if it is due, ends it if it is silent, and reports trouble that has lasted.
  void Tick();
  // What waits is tried again at the next Tick.
  void RetryNow();
  // Ends the stream and opens none any more; Wait returns when it has ended and what it brought is written.
  void Stop();
  void Wait();

  void OnEvent(FollowEvent event, absl::AnyInvocable<void()> more) override;
  void OnEnd(absl::Status status) override;

 private:
  struct Feed {
    std::shared_ptr<Follower> follower;  // since the stream was opened
    bool in_stream = false;              // the open stream asks for it
    bool has_target = false;             // and the publisher has answered
    bool is_denied = false;              // that it does not send it now
    uint32_t purpose = 0;
    uint64_t stored_size = 0;
    uint64_t target_size = 0;
    uint64_t unread = 0;
    std::string note;                   // the publisher's newest, and older ones that it has not come up to
    std::vector<std::string> promises;  // (as the follower has them, who belongs to the event that is in work)
    bool is_promise_unsaved = false;
    std::string quarantine_reason;
    absl::Time heard = absl::InfinitePast();  // as FollowStatus says
    bool is_heard_unsaved = false;
    std::string heartbeat;                               // in which the publisher said so, if it spoke of what is here
    absl::Time followed_since = absl::InfiniteFuture();  // by this process
    bool is_over_quota = false;  // until it is followed anew or the node starts again, with another quota
    std::string last_error;
    std::string last_error_reason;
    absl::Time next_attempt = absl::InfinitePast();  // after a failure of its own
    absl::Duration delay = kRetryMin;
    // What was reported, and since when there has been trouble.
    bool reported_live = false;
    bool reported_two_headers = false;
    bool reported_two_openings = false;
    bool reported_newer_format = false;
    bool reported_overdue = false;
    std::string reported_trouble;  // its reason
    absl::Time trouble_since = absl::InfiniteFuture();
  };
  using Claim = std::shared_ptr<ByteBudget::Claim>;

  storage::HeldFeed HeldFeedOf(const record::FeedName& name) const { return {member_, {publisher_, name, 1}}; }
  FollowState StateOf(const Feed& feed) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Status OpenLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status PrepareLocked(const record::FeedName& name, Feed& feed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<PeerAddress> FindPeer(const record::ParticipantId& member) const;
  // Whom RelayTurns would ask.
  absl::optional<record::ParticipantId> NextRelayLocked(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `status` with the words of whom it came from.
  absl::Status AttributedLocked(const absl::Status& status) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The stream has ended with `status`: what that says of whom it was asked of.
  void NoteEndLocked(const absl::Status& status, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LeaveOutHeadsLocked(const absl::Status& status, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether it takes a person to go on with the feed.
  static bool IsStopped(const Feed& feed) { return !feed.quarantine_reason.empty() || feed.is_over_quota; }
  bool HasDueFeedLocked(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);  // outside of the stream
  bool IsDueLocked(const Feed& feed, absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsSilentLocked(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Process(FollowEvent event, const Claim& claim, absl::AnyInvocable<void()> more);
  void TakeHeartbeat(const record::v1::SignedBody& heartbeat);
  void TakeFeedHeartbeat(const feed::v1::FeedHeartbeat& heartbeat);
  void TakeDenial(const FeedDenied& denial);
  void TakeTarget(const feed::v1::FeedTarget& target);
  void KeepCosigned(const storage::HeldFeed& feed, const std::string& note) const;
  // Whether the batch is being written; then `claim` is released when that is done.
  bool TakeBatch(feed::v1::FeedBatch batch, const Claim& claim);
  // The follower of a feed is used by one event at a time, so it needs no lock. Null, and the stream has failed, if the
  // feed was not asked for; null too if what still comes of the stream no longer counts.
  std::shared_ptr<Follower> FindFollower(absl::string_view feed);
  void OnWritten(const std::vector<FollowedBatch>& batches, const absl::Status& status);
  void NoteWrittenLocked(const FollowedBatch& written) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StopOverQuotaLocked(const FollowedBatch& refused) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SavePromisesLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SaveHeardLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReadOn(absl::AnyInvocable<void()> more);

  void FailFeed(const storage::HeldFeed& feed, const absl::Status& status, const storage::FeedEvidence& evidence);
  void Quarantine(const storage::HeldFeed& feed, const absl::Status& status, const storage::FeedEvidence& evidence);
  void DelayFeedLocked(Feed& feed, const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FailLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteErrorLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteProgressLocked(Feed& feed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteOnceLocked(const Feed& feed, bool& reported, FollowReport::Kind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportTroubleLocked(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether the publisher has not said for long that there is no more. The registry has an age of its own.
  static bool IsOverdue(const record::FeedName& name, const Feed& feed, absl::Time now);
  void ReportOverdueLocked(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReopenLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The pause that `delay` calls for, which then grows.
  absl::Time AfterPause(absl::Duration& delay, absl::Duration max) const;
  // The same for the stream as a whole, for which it matters how long ago the publisher's node was well.
  void PauseStreamLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether all is here that was promised for some feed of the open stream.
  bool IsLiveLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FollowContext& context_;
  const record::ParticipantId member_;
  const record::ParticipantId publisher_;
  const absl::optional<record::ParticipantId> via_;
  const std::shared_ptr<BatchWriter> writer_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::map<record::FeedName, Feed> feeds_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<FollowStream> stream_ ABSL_GUARDED_BY(mutex_);
  bool streaming_ ABSL_GUARDED_BY(mutex_) = false;
  bool reopening_ ABSL_GUARDED_BY(mutex_) = false;  // the stream is being closed because it should ask for other feeds
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;     // the stream is being closed because of what it brought
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // it is the publisher's turn
  RelayTurns turns_ ABSL_GUARDED_BY(mutex_);
  std::string peer_identity_ ABSL_GUARDED_BY(mutex_);                    // of the node that the stream is open to
  absl::optional<record::ParticipantId> relay_ ABSL_GUARDED_BY(mutex_);  // of the stream; nullopt: the publisher's node
  bool has_answered_ ABSL_GUARDED_BY(mutex_) = false;                    // the stream has brought something
  bool has_lied_ ABSL_GUARDED_BY(mutex_) = false;       // it has brought what does not verify, and a relay is to blame
  size_t unwritten_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // verified and not yet durable
  absl::AnyInvocable<void()> waiting_more_ ABSL_GUARDED_BY(mutex_) = nullptr;
  absl::Time last_event_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time next_attempt_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_) = kRetryMin;
  absl::Time last_well_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // when the publisher last kept a promise
};

}  // namespace meguri::node
