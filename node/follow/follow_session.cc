// SPDX-License-Identifier: Apache-2.0
#include "node/follow/follow_session.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/witnesses.h"
#include "node/follow/unread.h"
#include "node/policy/onward.h"
#include "record/checkpoint.h"
#include "record/heads_feed.h"
#include "storage/cosigned_order.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

constexpr char kTwoHeaders[] = "TWO_HEADERS";
constexpr char kTwoOpenings[] = "TWO_OPENINGS";

// Trouble of single records, which stays on show although the feed goes on.
bool TellsOfFrozenRecords(absl::string_view reason) { return reason == kTwoHeaders || reason == kTwoOpenings; }

bool IsEvidence(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "FORK" || reason == "ROLLBACK" || reason == "MOVE_CONTRADICTED";
}

// Of a stream that has brought nothing: whether no node answered for the member.
bool SaysNothing(const absl::Status& status) {
  return ReasonOf(status) == "NOT_HOSTED_HERE" || ReasonOf(status) == "MEMBER_MOVED" || absl::IsUnavailable(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
}

// That a feed is not open to the member.
bool IsRefusal(const absl::Status& status) { return ReasonOf(status) == "FEED_NOT_READABLE"; }

// What is wrong with the publisher is wrong with each of its feeds.
bool ConcernsPublisher(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "PUBLISHER_SUSPENDED" || reason == "NO_FEED_KEY";
}

}  // namespace

FollowSession::FollowSession(FollowContext& context, record::ParticipantId member, record::ParticipantId publisher,
                             absl::optional<record::ParticipantId> via)
    : context_(context),
      member_(std::move(member)),
      publisher_(std::move(publisher)),
      via_(std::move(via)),
      writer_(BatchWriter::Make(context.committer, context.store, context.quota, context.clock,
                                [this](const std::vector<FollowedBatch>& batches, const absl::Status& status) {
                                  OnWritten(batches, status);
                                })) {}

void FollowSession::AddFeed(const record::FeedName& name, std::string quarantine_reason, uint32_t purpose) {
  MutexLock lock(mutex_);
  Feed& feed = feeds_[name];
  feed.purpose = purpose;
  feed.last_error_reason = quarantine_reason;
  feed.last_error = quarantine_reason.empty()
                        ? ""
                        : "The publisher contradicted itself before this node was started; the evidence is kept. To "
                          "follow it all the same, remove the follow and add it again.";
  feed.quarantine_reason = std::move(quarantine_reason);
  feed.is_over_quota = false;
  feed.next_attempt = absl::InfinitePast();
  feed.delay = kRetryMin;
  delay_ = kRetryMin;
  next_attempt_ = absl::InfinitePast();
  ReopenLocked();
}

bool FollowSession::RemoveFeed(const record::FeedName& name) {
  MutexLock lock(mutex_);
  if (feeds_.erase(name) == 0) {
    return false;
  }
  next_attempt_ = absl::InfinitePast();
  ReopenLocked();
  return true;
}

bool FollowSession::Has(const record::FeedName& name) const {
  MutexLock lock(mutex_);
  return feeds_.contains(name);
}

bool FollowSession::IsQuarantined(const record::FeedName& name) const {
  MutexLock lock(mutex_);
  const auto found = feeds_.find(name);
  return found != feeds_.end() && !found->second.quarantine_reason.empty();
}

std::vector<record::FeedName> FollowSession::FeedNames() const {
  MutexLock lock(mutex_);
  std::vector<record::FeedName> names;
  names.reserve(feeds_.size());
  for (const auto& [name, feed] : feeds_) {
    names.push_back(name);
  }
  return names;
}

FollowState FollowSession::StateOf(const Feed& feed) const {
  if (!feed.quarantine_reason.empty()) {
    return FollowState::kQuarantined;
  }
  if (feed.is_over_quota) {
    return FollowState::kOverQuota;
  }
  if (!streaming_ || !feed.in_stream || feed.is_denied) {
    return FollowState::kWaiting;
  }
  if (!feed.has_target) {
    return FollowState::kConnecting;
  }
  return feed.stored_size < feed.target_size ? FollowState::kCatchingUp : FollowState::kLive;
}

void FollowSession::AppendStatus(std::vector<FollowStatus>& statuses) const {
  const absl::Time now = context_.clock.Now();
  MutexLock lock(mutex_);
  for (const auto& [name, feed] : feeds_) {
    statuses.push_back({HeldFeedOf(name), StateOf(feed), feed.stored_size, std::max(feed.stored_size, feed.target_size),
                        feed.unread, feed.last_error, feed.last_error_reason, feed.heard, IsOverdue(name, feed, now),
                        streaming_ && feed.in_stream && feed.has_target ? relay_ : absl::nullopt});
  }
}

bool FollowSession::IsDueLocked(const Feed& feed, absl::Time now) const {
  return !IsStopped(feed) && feed.next_attempt <= now;
}

bool FollowSession::IsSilentLocked(absl::Time now) const {
  const bool is_owed_entries = absl::c_any_of(feeds_, [](const auto& named) {
    const Feed& feed = named.second;
    return feed.in_stream && feed.has_target && feed.stored_size < feed.target_size;
  });
  const absl::Duration patience = kFollowSilenceMax + (is_owed_entries ? kLargestMessageTime : absl::ZeroDuration());
  return streaming_ && reading_ && now - last_event_ > patience;
}

bool FollowSession::HasDueFeedLocked(absl::Time now) const {
  for (const auto& [name, feed] : feeds_) {
    if (!feed.in_stream && IsDueLocked(feed, now)) {
      return true;
    }
  }
  return false;
}

void FollowSession::Tick() {
  writer_->FlushOld();
  MutexLock lock(mutex_);
  const absl::Time now = context_.clock.Now();
  ReportTroubleLocked(now);
  ReportOverdueLocked(now);
  SavePromisesLocked();
  SaveHeardLocked();
  if (stream_ != nullptr && IsSilentLocked(now)) {
    stream_->Cancel();
  }
  if (streaming_ && (HasDueFeedLocked(now) || (relay_.has_value() && turns_.IsPublishersTurn(now)))) {
    next_attempt_ = absl::InfinitePast();
    ReopenLocked();
  }
  if (stopping_ || streaming_ || now < next_attempt_) {
    return;
  }
  const absl::Status opened = OpenLocked();
  if (!opened.ok()) {
    NoteErrorLocked(opened);
    PauseStreamLocked();
  }
}

// The registry has changed. Who has moved to another host is asked there, whatever its former host still sends.
void FollowSession::RetryNow() {
  MutexLock lock(mutex_);
  const absl::StatusOr<PeerAddress> peer = FindPeer(relay_.value_or(publisher_));
  if (streaming_ && peer.ok() && !absl::StartsWith(peer->node_identity, peer_identity_)) {
    ReopenLocked();
  }
  next_attempt_ = absl::InfinitePast();
  for (auto& [name, feed] : feeds_) {
    feed.next_attempt = absl::InfinitePast();
  }
}

void FollowSession::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  if (stream_ != nullptr) {
    stream_->Cancel();
  }
}

void FollowSession::Wait() {
  MutexLock lock(mutex_);
  while (streaming_ || unwritten_bytes_ > 0) {
    changed_.Wait(mutex_);
  }
  stream_.reset();
}

absl::Status FollowSession::PrepareLocked(const record::FeedName& name, Feed& feed) {
  absl::optional<record::PublicKey> pinned;
  if (name == record::FeedName::Registry()) {
    pinned = context_.registry.bundle().registry_feed_key();
  }
  const std::shared_ptr<const Follower> before = std::move(feed.follower);
  MEGURI_ASSIGN_OR_RETURN(feed.follower, Follower::Make(HeldFeedOf(name), context_.registry.bundle().federation(),
                                                        std::move(pinned), context_.store, context_.verified_roots));
  if (before != nullptr) {
    feed.follower->RememberPromises(*before);
  }
  feed.stored_size = feed.follower->size();
  MEGURI_ASSIGN_OR_RETURN(feed.unread, CountUnread(context_.store, HeldFeedOf(name)));
  feed.followed_since = std::min(feed.followed_since, context_.clock.Now());
  const storage::Feeds feeds(context_.store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(HeldFeedOf(name)));
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
    feed.heard = std::max(feed.heard, head.heard);
  }
  feed.has_target = false;
  feed.is_denied = false;
  return absl::OkStatus();
}

absl::Status FollowSession::OpenLocked() {
  if (unwritten_bytes_ > 0) {
    return absl::OkStatus();  // the last stream is still being written
  }
  reopening_ = false;
  failed_ = false;
  writer_->Restart();
  const absl::Time now = context_.clock.Now();
  FollowCall call{{publisher_, "", {}}, member_, publisher_, {}};
  relay_ = NextRelayLocked(now);
  absl::Time next = absl::InfiniteFuture();
  for (auto& [name, feed] : feeds_) {
    const absl::Status prepared = PrepareLocked(name, feed);
    if (!prepared.ok()) {
      DelayFeedLocked(feed, prepared);
    }
    feed.in_stream = IsDueLocked(feed, now) && prepared.ok();
    if (feed.in_stream) {
      // The publisher knows what it has granted, and for what.
      call.feeds.push_back({name, 1, feed.stored_size, relay_.has_value() ? feed.purpose : 0});
    } else if (!IsStopped(feed)) {
      next = std::min(next, feed.next_attempt);
    }
  }
  if (call.feeds.empty()) {
    next_attempt_ = next;
    return absl::OkStatus();
  }
  has_answered_ = false;
  has_lied_ = false;
  absl::StatusOr<PeerAddress> peer = FindPeer(relay_.value_or(publisher_));
  if (!peer.ok()) {
    NoteEndLocked(peer.status(), now);
    return peer.status();
  }
  call.peer = *std::move(peer);
  peer_identity_ = call.peer.node_identity;
  streaming_ = true;
  reading_ = true;
  last_event_ = now;
  stream_ = context_.peers.Follow(call, shared_from_this());
  return absl::OkStatus();
}

absl::optional<record::ParticipantId> FollowSession::NextRelayLocked(absl::Time now) const {
  const auto named = storage::Settings(context_.store).Relay(member_, publisher_);
  return turns_.Next(now, via_.has_value() || !named.ok() ? via_ : *named,
                     context_.relays.For(publisher_, kRelaysTriedMax));
}

void FollowSession::NoteEndLocked(const absl::Status& status, absl::Time now) {
  if (relay_.has_value()) {
    if (has_lied_ || !reopening_) {
      turns_.OnRelayFailed(*relay_, now, has_lied_ ? kLiarPause : kRelayPause);
    }
  } else if (!has_answered_ && !reopening_ && (SaysNothing(status) || (via_.has_value() && IsRefusal(status)))) {
    turns_.OnPublisherSilent(now);
  }
}

absl::Status FollowSession::AttributedLocked(const absl::Status& status) const {
  return relay_.has_value() ? Error(status.code(), ReasonOf(status),
                                    absl::StrCat("By way of ", relay_->text(), ": ", status.message()))
                            : status;
}

absl::StatusOr<PeerAddress> FollowSession::FindPeer(const record::ParticipantId& member) const {
  PeerAddress peer{member, "", {}};
  const std::shared_ptr<const certs::Registry> registry = context_.registry.Get();
  const registry::v1::MemberEntry* entry = registry->Find(member);
  const certs::TrustBundle& bundle = context_.registry.bundle();
  if (entry != nullptr) {
    peer.node_identity = entry->hosting().node_identity();
    peer.addresses.assign(entry->hosting().addresses().begin(), entry->hosting().addresses().end());
  } else if (member == bundle.operator_id()) {
    // Before the first entry of the registry is here, the bundle says where it is.
    peer.node_identity =
        absl::StrCat("spiffe://", bundle.federation(), "/member/", member.icd(), "/", member.identifier(), "/node/");
    peer.addresses.assign(bundle.message().operator_addresses().begin(), bundle.message().operator_addresses().end());
  }
  if (peer.addresses.empty()) {
    return Error(absl::StatusCode::kUnavailable, "NO_ADDRESS",
                 absl::StrCat("The registry here names no node for ", member.text(), "."));
  }
  return peer;
}

void FollowSession::OnEvent(FollowEvent event, absl::AnyInvocable<void()> more) {
  struct Task {
    FollowEvent event;
    Claim claim;
    absl::AnyInvocable<void()> more;
  };
  {
    MutexLock lock(mutex_);
    reading_ = false;
    has_answered_ = true;
    if (!relay_.has_value()) {
      turns_.OnPublisherAnswered();
    }
  }
  auto claim = std::make_shared<ByteBudget::Claim>(context_.budget, event.bytes);
  auto task = std::make_shared<Task>(Task{std::move(event), std::move(claim), std::move(more)});
  const bool queued = context_.executor.Submit(
      [self = shared_from_this(), task] { self->Process(std::move(task->event), task->claim, std::move(task->more)); });
  if (!queued) {
    task->claim->Release();
    {
      MutexLock lock(mutex_);
      FailLocked(
          Error(absl::StatusCode::kResourceExhausted, "BUSY", "This node is too busy to verify; it will retry."));
    }
    // The stream was cancelled; it must be asked for more to notice.
    ReadOn(std::move(task->more));
  }
}

void FollowSession::OnEnd(absl::Status status) {
  writer_->Flush();
  MutexLock lock(mutex_);
  const absl::Time now = context_.clock.Now();
  last_well_ = IsLiveLocked() ? now : last_well_;
  streaming_ = false;
  NoteEndLocked(status, now);
  LeaveOutHeadsLocked(status, now);
  SavePromisesLocked();
  if (!failed_ && !reopening_) {
    NoteErrorLocked(AttributedLocked(
        !status.ok() ? status : Error(absl::StatusCode::kUnavailable, "STREAM_CLOSED", "The node closed the stream.")));
  }
  if (!reopening_) {
    PauseStreamLocked();
  }
  if (!relay_.has_value() && NextRelayLocked(now).has_value()) {
    next_attempt_ = absl::InfinitePast();  // no pause: somebody else is asked
  }
  changed_.NotifyAll();
}

// A node of an older program does not know the feed `heads`, and refuses the whole stream.
void FollowSession::LeaveOutHeadsLocked(const absl::Status& status, absl::Time now) {
  const auto heads = feeds_.find(record::HeadsFeed());
  if (has_answered_ || ReasonOf(status) != "FEED_NAME" || heads == feeds_.end() || !heads->second.in_stream) {
    return;
  }
  DelayFeedLocked(heads->second, status);
  heads->second.next_attempt = now + kHeadsPause;
}

void FollowSession::Process(FollowEvent event, const Claim& claim, absl::AnyInvocable<void()> more) {
  bool is_being_written = false;
  if (event.registry_heartbeat.has_value()) {
    TakeHeartbeat(*event.registry_heartbeat);
  } else if (event.feed_heartbeat.has_value()) {
    TakeFeedHeartbeat(*event.feed_heartbeat);
  } else if (event.denial.has_value()) {
    TakeDenial(*event.denial);
  } else if (event.target.has_value()) {
    TakeTarget(*event.target);
  } else if (event.batch.has_value()) {
    is_being_written = TakeBatch(*std::move(event.batch), claim);
  }
  if (!is_being_written) {
    claim->Release();
  }
  {
    MutexLock lock(mutex_);
    last_event_ = context_.clock.Now();
    if (unwritten_bytes_ >= kUnwrittenBytesMax) {
      waiting_more_ = std::move(more);
      return;
    }
  }
  ReadOn(std::move(more));
}

// Not under mutex_: those who wait for room are other sessions, and run here when it is their turn.
void FollowSession::ReadOn(absl::AnyInvocable<void()> more) {
  context_.budget.WhenRoom([self = shared_from_this(), next = std::move(more)]() mutable {
    {
      MutexLock lock(self->mutex_);
      self->reading_ = true;
      self->last_event_ = self->context_.clock.Now();
    }
    next();
  });
}

std::shared_ptr<Follower> FollowSession::FindFollower(absl::string_view feed) {
  const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(feed);
  MutexLock lock(mutex_);
  if (failed_ || reopening_) {
    return nullptr;
  }
  const auto found = name.ok() ? feeds_.find(*name) : feeds_.end();
  if (found == feeds_.end() || !found->second.in_stream) {
    FailLocked(Error(absl::StatusCode::kInvalidArgument, "UNEXPECTED_FEED",
                     absl::StrCat("The stream brought a feed that was not asked for: ", certs::Quoted(feed))));
    return nullptr;
  }
  return found->second.follower;
}

void FollowSession::TakeHeartbeat(const record::v1::SignedBody& heartbeat) {
  const absl::Status accepted = context_.registry.AcceptHeartbeat(heartbeat);
  // A heartbeat that is ahead of our copy is not an offence: the entries are on their way.
  if (!accepted.ok() && ReasonOf(accepted) != "HEARTBEAT_AHEAD") {
    MutexLock lock(mutex_);
    FailLocked(accepted);
  }
}

void FollowSession::TakeFeedHeartbeat(const feed::v1::FeedHeartbeat& heartbeat) {
  const std::shared_ptr<Follower> follower = FindFollower(heartbeat.feed());
  if (follower == nullptr) {
    return;
  }
  const absl::Time now = context_.clock.Now();
  const absl::StatusOr<absl::Time> heard =
      follower->TakeHeartbeat(heartbeat.heartbeat(), *context_.registry.Get(), now);
  if (!heard.ok()) {
    FailFeed(follower->feed(), heard.status(), {});
    return;
  }
  MutexLock lock(mutex_);
  const auto found = feeds_.find(follower->feed().key.name);
  // That there is no more than was promised says nothing of what is here while some of it is still to come.
  if (found == feeds_.end() || follower->size() != follower->target_size()) {
    return;
  }
  Feed& feed = found->second;
  const absl::Time counted = std::min(*heard, now);  // a publisher's clock that is ahead makes nothing fresher
  if (feed.heard < counted) {
    feed.heard = counted;
    feed.is_heard_unsaved = true;
    feed.heartbeat = follower->shown_size() == follower->size() ? heartbeat.heartbeat().SerializeAsString() : "";
    feed.reported_overdue = feed.reported_overdue && IsOverdue(follower->feed().key.name, feed, now);
  }
}

void FollowSession::TakeDenial(const FeedDenied& denial) {
  if (FindFollower(denial.feed) == nullptr) {
    return;
  }
  const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(denial.feed);
  MutexLock lock(mutex_);
  const auto found = name.ok() ? feeds_.find(*name) : feeds_.end();
  if (found != feeds_.end()) {
    // Should it become readable, the publisher sends a target on this very stream.
    found->second.is_denied = true;
    found->second.last_error = std::string(denial.status.message());
    found->second.last_error_reason = ReasonOf(denial.status);
    if (via_.has_value() && !relay_.has_value()) {
      turns_.OnPublisherSilent(context_.clock.Now());
      next_attempt_ = absl::InfinitePast();
      ReopenLocked();
    }
  }
}

void FollowSession::TakeTarget(const feed::v1::FeedTarget& target) {
  const std::shared_ptr<Follower> follower = FindFollower(target.feed());
  if (follower == nullptr) {
    return;
  }
  ShownBy shown_by = ShownBy::kPublisher;
  {
    MutexLock lock(mutex_);
    shown_by = relay_.has_value() ? ShownBy::kRelay : ShownBy::kPublisher;
  }
  const absl::Status status = follower->TakeTarget(target.checkpoint(), *context_.registry.Get(), context_.clock.Now(),
                                                   shown_by, target.has_base() ? &target.base() : nullptr);
  if (!status.ok()) {
    FailFeed(follower->feed(), status, follower->evidence());
    return;
  }
  MutexLock lock(mutex_);
  const auto found = feeds_.find(follower->feed().key.name);
  if (found != feeds_.end()) {
    found->second.has_target = true;
    found->second.is_denied = false;
    found->second.target_size = follower->target_size();
    // Also if it brings no entries: of a feed that stands still it is the note by the key in force.
    const std::string before = std::exchange(found->second.note, follower->checkpoint_note());
    const bool is_news = before != follower->checkpoint_note();
    if (is_news) {
      KeepCosigned(follower->feed(), before);
    }
    found->second.promises = follower->promised_notes();
    found->second.is_promise_unsaved =
        found->second.is_promise_unsaved || is_news || follower->size() != follower->target_size();
    if (follower->size() == follower->target_size()) {
      NoteProgressLocked(found->second);
    }
  }
}

// A head that a quorum had cosigned shows how early its entries were there, and the newer one may have no quorum yet.
void FollowSession::KeepCosigned(const storage::HeldFeed& feed, const std::string& note) const {
  const certs::TrustBundle& bundle = context_.registry.bundle();
  const absl::StatusOr<certs::Cosigners> cosigners = certs::CosignersOf(note, bundle);
  if (!cosigners.ok() || !cosigners->HasQuorum()) {
    return;
  }
  context_.committer.Submit(
      [feed, note, &bundle, &store = context_.store](storage::CommitScope& scope) -> absl::Status {
        const std::string origin = record::FeedOrigin(bundle.federation(), feed.key);
        MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, feed));
        MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, scope.feeds.ReadHead(scope.transaction, id));
        MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint cosigned, record::ReadOpenedCheckpoint(note, origin));
        return cosigned.size > head.size() ? absl::OkStatus()
                                           : storage::KeepCosigned(id, note, origin, bundle, store, scope);
      },
      [](const absl::Status&) {});
}

bool FollowSession::TakeBatch(feed::v1::FeedBatch batch, const Claim& claim) {
  const std::shared_ptr<Follower> follower = FindFollower(batch.feed());
  if (follower == nullptr) {
    return false;
  }
  absl::StatusOr<VerifiedBatch> verified =
      follower->TakeBatch(std::move(batch), *context_.registry.Get(), context_.clock.Now());
  if (!verified.ok()) {
    FailFeed(follower->feed(), verified.status(), follower->evidence());
    return false;
  }
  {
    MutexLock lock(mutex_);
    unwritten_bytes_ += verified->bytes;
    const auto found = feeds_.find(follower->feed().key.name);
    if (found != feeds_.end()) {
      found->second.is_promise_unsaved = false;  // it goes with the batch
    }
  }
  writer_->Add(
      {follower->feed(), *std::move(verified), follower->checkpoint_note(), claim, {}, follower->promised_notes()},
      follower->size() < follower->target_size());
  return true;
}

// What was promised and did not come at once must outlive this process; what comes is stored with the promise. What
// waits to be written goes first, for it has older notes.
void FollowSession::SavePromisesLocked() {
  for (auto& [name, feed] : feeds_) {
    if (unwritten_bytes_ == 0 && std::exchange(feed.is_promise_unsaved, false)) {
      context_.committer.Submit(
          [held = HeldFeedOf(name), note = feed.note, promises = feed.promises, now = context_.clock.Now()](
              storage::CommitScope& scope) { return KeepPromises(held, note, promises, now, scope); },
          [](const absl::Status&) {});
    }
  }
}

// Not before the entries that it speaks of are stored.
void FollowSession::SaveHeardLocked() {
  for (auto& [name, feed] : feeds_) {
    if (unwritten_bytes_ > 0 || !std::exchange(feed.is_heard_unsaved, false)) {
      continue;
    }
    context_.committer.Submit(
        [held = HeldFeedOf(name), heard = feed.heard,
         heartbeat = std::exchange(feed.heartbeat, "")](storage::CommitScope& scope) -> absl::Status {
          MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, held));
          if (!heartbeat.empty()) {
            storage::Settings::PutFeedHeartbeat(scope.transaction, id, heartbeat);
          }
          return scope.feeds.SetHeard(scope.transaction, id, heard);
        },
        [](const absl::Status&) {});
  }
}

void FollowSession::OnWritten(const std::vector<FollowedBatch>& batches, const absl::Status& status) {
  const auto keep = shared_from_this();
  for (const FollowedBatch& written : batches) {
    written.claim->Release();
  }
  absl::AnyInvocable<void()> more;
  {
    MutexLock lock(mutex_);
    for (const FollowedBatch& written : batches) {
      unwritten_bytes_ -= written.batch.bytes;
      if (status.ok() && written.refused.ok()) {
        NoteWrittenLocked(written);
      } else if (status.ok()) {
        StopOverQuotaLocked(written);
      }
    }
    if (!status.ok()) {
      FailLocked(status);
    }
    more = std::move(waiting_more_);
    waiting_more_ = nullptr;
    changed_.NotifyAll();
  }
  if (more) {
    ReadOn(std::move(more));
  }
}

void FollowSession::NoteWrittenLocked(const FollowedBatch& written) {
  const auto found = feeds_.find(written.feed.key.name);
  if (found == feeds_.end()) {
    return;
  }
  Feed& feed = found->second;
  feed.stored_size = written.batch.size_after;
  feed.unread += written.batch.unread;
  NoteProgressLocked(feed);
  if (written.batch.unread > 0) {
    NoteOnceLocked(feed, feed.reported_newer_format, FollowReport::Kind::kNewerFormat);
  }
  if (written.frozen.by_openings > 0) {
    NoteOnceLocked(feed, feed.reported_two_openings, FollowReport::Kind::kTwoOpenings);
    feed.last_error_reason = kTwoOpenings;
    feed.last_error = absl::StrCat("The publisher opened the header of ", written.frozen.by_openings,
                                   " record(s) with two sections of one type. Both are kept and the record is frozen.");
  }
  if (written.frozen.by_headers > 0) {
    NoteOnceLocked(feed, feed.reported_two_headers, FollowReport::Kind::kTwoHeaders);
    feed.last_error_reason = kTwoHeaders;
    feed.last_error = absl::StrCat("The publisher signed two headers for one version of ", written.frozen.by_headers,
                                   " record(s). Both are kept as evidence and the record is frozen.");
  }
}

// The others go on, on a stream that does not ask for this feed.
void FollowSession::StopOverQuotaLocked(const FollowedBatch& refused) {
  const auto found = feeds_.find(refused.feed.key.name);
  if (found == feeds_.end() || std::exchange(found->second.is_over_quota, true)) {
    return;
  }
  Feed& feed = found->second;
  feed.last_error = std::string(refused.refused.message());
  feed.last_error_reason = ReasonOf(refused.refused);
  feed.reported_live = false;
  context_.reporter.Report(
      {FollowReport::Kind::kOverQuota, refused.feed, feed.stored_size, feed.last_error_reason, feed.last_error});
  next_attempt_ = absl::InfinitePast();
  ReopenLocked();
}

void FollowSession::Accuse(const record::FeedName& name, const storage::FeedEvidence& evidence,
                           absl::string_view message) {
  if (!Has(name) || IsQuarantined(name)) {
    return;
  }
  FailFeed(HeldFeedOf(name), Error(absl::StatusCode::kDataLoss, "FORK", message), evidence);
}

void FollowSession::FailFeed(const storage::HeldFeed& feed, const absl::Status& status,
                             const storage::FeedEvidence& evidence) {
  if (IsEvidence(status)) {
    Quarantine(feed, status, evidence);
  }
  MutexLock lock(mutex_);
  if (ConcernsPublisher(status)) {
    FailLocked(status);
    return;
  }
  has_lied_ = has_lied_ || (relay_.has_value() && !IsEvidence(status));
  const auto found = feeds_.find(feed.key.name);
  if (found != feeds_.end()) {
    DelayFeedLocked(found->second, AttributedLocked(status));
  }
  // The others go on after a short pause, so that many bad feeds do not make for many streams a second.
  absl::Duration pause = kRetryMin;
  next_attempt_ = AfterPause(pause, kRetryMax);
  ReopenLocked();
}

void FollowSession::Quarantine(const storage::HeldFeed& feed, const absl::Status& status,
                               const storage::FeedEvidence& evidence) {
  const storage::FollowSetting setting{feed.holder, feed.key, ReasonOf(status), evidence};
  const storage::StoreReader& store = context_.store;
  context_.committer.Submit(
      [setting, &store](storage::CommitScope& scope) {
        return storage::Settings(store).PutFollow(scope.transaction, setting);
      },
      [](const absl::Status&) {});
  MutexLock lock(mutex_);
  const auto found = feeds_.find(feed.key.name);
  if (found != feeds_.end()) {
    found->second.quarantine_reason = ReasonOf(status);
    context_.reporter.Report({FollowReport::Kind::kQuarantined, feed, found->second.stored_size, ReasonOf(status),
                              std::string(status.message())});
  }
}

// All that was promised is here, or more of it than before. A promise alone is none: who signs a head and then sends
// what is refused must not be called again and again without pause. That a record is frozen stays on show.
void FollowSession::NoteProgressLocked(Feed& feed) {
  if (failed_ || reopening_) {
    return;
  }
  delay_ = kRetryMin;
  last_well_ = context_.clock.Now();
  feed.delay = kRetryMin;
  if (!TellsOfFrozenRecords(feed.last_error_reason) && !feed.is_denied) {
    feed.last_error.clear();
    feed.last_error_reason.clear();
  }
  feed.trouble_since = absl::InfiniteFuture();
  if (!feed.reported_live && StateOf(feed) == FollowState::kLive) {
    feed.reported_live = true;
    feed.reported_trouble.clear();
    context_.reporter.Report({FollowReport::Kind::kLive, feed.follower->feed(), feed.stored_size, "", ""});
  }
}

void FollowSession::NoteOnceLocked(const Feed& feed, bool& reported, FollowReport::Kind kind) {
  if (!std::exchange(reported, true)) {
    context_.reporter.Report({kind, feed.follower->feed(), feed.stored_size, "", ""});
  }
}

void FollowSession::ReportTroubleLocked(absl::Time now) {
  for (auto& [name, feed] : feeds_) {
    const FollowState state = StateOf(feed);
    if (IsStopped(feed) || state == FollowState::kLive || feed.last_error_reason.empty() ||
        TellsOfFrozenRecords(feed.last_error_reason)) {
      continue;
    }
    feed.trouble_since = std::min(feed.trouble_since, now);
    if (now - feed.trouble_since >= kTroubleSettles && feed.reported_trouble != feed.last_error_reason) {
      feed.reported_trouble = feed.last_error_reason;
      feed.reported_live = false;
      context_.reporter.Report(
          {FollowReport::Kind::kWaiting, HeldFeedOf(name), feed.stored_size, feed.last_error_reason, feed.last_error});
    }
  }
}

bool FollowSession::IsOverdue(const record::FeedName& name, const Feed& feed, absl::Time now) {
  const absl::Time since = feed.heard == absl::InfinitePast() ? feed.followed_since : feed.heard;
  // What is denied keeps nothing secret: it says so.
  return name != record::FeedName::Registry() && !IsStopped(feed) && !feed.is_denied && now - since > kFeedOverdue;
}

void FollowSession::ReportOverdueLocked(absl::Time now) {
  for (auto& [name, feed] : feeds_) {
    const FollowState state = StateOf(feed);
    const bool is_settled = state == FollowState::kLive || state == FollowState::kWaiting;
    if (feed.reported_overdue || !is_settled || now - feed.followed_since < kTroubleSettles ||
        !IsOverdue(name, feed, now)) {
      continue;
    }
    feed.reported_overdue = true;
    const std::string since = feed.heard == absl::InfinitePast()
                                  ? "ever"
                                  : absl::StrCat("since ", absl::FormatTime(feed.heard, absl::UTCTimeZone()));
    context_.reporter.Report({FollowReport::Kind::kOverdue, HeldFeedOf(name), feed.stored_size, "FEED_OVERDUE",
                              absl::StrCat("The publisher has not said ", since,
                                           " that there is no more than is here: it may keep news from this member, "
                                           "or its clock may be wrong.")});
  }
}

void FollowSession::DelayFeedLocked(Feed& feed, const absl::Status& status) {
  feed.last_error = std::string(status.message());
  feed.last_error_reason = ReasonOf(status);
  feed.next_attempt = AfterPause(feed.delay, kRetryMax);
}

void FollowSession::FailLocked(const absl::Status& status) {
  if (!failed_ && !reopening_) {
    failed_ = true;
    NoteErrorLocked(status);
  }
  if (stream_ != nullptr) {
    stream_->Cancel();
  }
}

void FollowSession::NoteErrorLocked(const absl::Status& status) {
  for (auto& [name, feed] : feeds_) {
    if (feed.in_stream && !IsStopped(feed)) {
      feed.last_error = std::string(status.message());
      feed.last_error_reason = ReasonOf(status);
    }
  }
}

void FollowSession::ReopenLocked() {
  if (streaming_) {
    reopening_ = true;
    if (stream_ != nullptr) {
      stream_->Cancel();
    }
  }
}

bool FollowSession::IsLiveLocked() const {
  for (const auto& [name, feed] : feeds_) {
    if (StateOf(feed) == FollowState::kLive) {
      return true;
    }
  }
  return false;
}

void FollowSession::PauseStreamLocked() {
  const bool was_well = context_.clock.Now() - last_well_ < kWellWithin;
  // Who holds what was granted may hand it on: that it was revoked must come soon, however long its owner was away.
  const bool holds_granted =
      !relay_.has_value() && absl::c_any_of(feeds_, [](const auto& feed) { return IsHandedOnByOffer(feed.first); });
  next_attempt_ = AfterPause(delay_, was_well || holds_granted ? kRetryMaxIfWell : kRetryMax);
}

absl::Time FollowSession::AfterPause(absl::Duration& delay, absl::Duration max) const {
  // Full jitter, so that followers of a node that comes back do not all come at once.
  const int64_t bound = std::max<int64_t>(1, absl::ToInt64Milliseconds(delay));
  const auto pause = static_cast<int64_t>(context_.random.Below(static_cast<uint64_t>(bound)));
  delay = std::min(delay * 2, max);
  return context_.clock.Now() + absl::Milliseconds(pause + bound / 2);
}

}  // namespace meguri::node
