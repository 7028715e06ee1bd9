// SPDX-License-Identifier: Apache-2.0
#include "node/follow/follow_runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "node/follow/limits.h"

namespace meguri::node {
namespace {

constexpr char kTwoHeaders[] = "TWO_HEADERS";

bool IsEvidence(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "FORK" || reason == "ROLLBACK";
}

}  // namespace

// One stream: the feeds that one member follows of one publisher.
//
// Events come one at a time and are verified on the executor; commits are handed to the committer in that order, at
// most kCommitsInFlightMax ahead, so that verifying the next batch overlaps with writing the last one.
class FollowRunner::Session final : public FollowSink, public std::enable_shared_from_this<Session> {
 public:
  Session(FollowRunner& runner, SessionKey key) : runner_(runner), key_(std::move(key)) {}

  void AddFeed(const record::FeedName& name, std::string quarantine_reason) {
    MutexLock lock(mutex_);
    Feed& feed = feeds_[name];
    feed.last_error_reason = quarantine_reason;
    feed.last_error = quarantine_reason.empty()
                          ? ""
                          : "The publisher contradicted itself before this node was started; the evidence is kept. To "
                            "follow it all the same, remove the follow and add it again.";
    feed.quarantine_reason = std::move(quarantine_reason);
    RestartLocked();
  }

  // Returns whether any feed is left.
  bool RemoveFeeds(const std::vector<record::FeedName>& names) {
    MutexLock lock(mutex_);
    for (const record::FeedName& name : names) {
      feeds_.erase(name);
    }
    if (names.empty()) {
      feeds_.clear();
    }
    RestartLocked();
    return !feeds_.empty();
  }

  bool IsQuarantined(const record::FeedName& name) const {
    MutexLock lock(mutex_);
    const auto found = feeds_.find(name);
    return found != feeds_.end() && !found->second.quarantine_reason.empty();
  }

  std::vector<record::FeedName> FeedNames() const {
    MutexLock lock(mutex_);
    std::vector<record::FeedName> names;
    for (const auto& [name, feed] : feeds_) {
      names.push_back(name);
    }
    return names;
  }

  void AppendStatus(std::vector<FollowStatus>& statuses) const {
    MutexLock lock(mutex_);
    for (const auto& [name, feed] : feeds_) {
      FollowStatus status{{key_.member, {key_.publisher, name, 1}},     FollowState::kWaiting, feed.stored_size,
                          std::max(feed.stored_size, feed.target_size), feed.last_error,       feed.last_error_reason};
      if (!feed.quarantine_reason.empty()) {
        status.state = FollowState::kQuarantined;
      } else if (streaming_ && feed.has_target) {
        status.state = feed.stored_size < feed.target_size ? FollowState::kCatchingUp : FollowState::kLive;
      } else if (streaming_) {
        status.state = FollowState::kConnecting;
      }
      statuses.push_back(std::move(status));
    }
  }

  // Opens the stream if it is due.
  void Tick() {
    MutexLock lock(mutex_);
    const absl::Time now = runner_.clock_.Now();
    if (streaming_ && now - last_event_ > kFollowSilenceMax && stream_ != nullptr) {
      stream_->Cancel();
    }
    if (stopping_ || streaming_ || now < next_attempt_) {
      return;
    }
    const absl::Status opened = OpenLocked();
    if (!opened.ok()) {
      NoteErrorLocked(opened);
      DelayLocked();
    }
  }

  void RetryNow() {
    MutexLock lock(mutex_);
    next_attempt_ = absl::InfinitePast();
  }

  void Stop() {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (stream_ != nullptr) {
      stream_->Cancel();
    }
    while (streaming_ || commits_in_flight_ > 0) {
      changed_.Wait(mutex_);
    }
    stream_.reset();
  }

  void OnEvent(FollowEvent event, absl::AnyInvocable<void()> more) override {
    auto self = shared_from_this();
    auto task = std::make_shared<std::pair<FollowEvent, absl::AnyInvocable<void()>>>(std::move(event), std::move(more));
    const bool queued =
        runner_.executor_.Submit([self, task] { self->Process(std::move(task->first), std::move(task->second)); });
    if (!queued) {
      MutexLock lock(mutex_);
      FailLocked(
          Error(absl::StatusCode::kResourceExhausted, "BUSY", "This node is too busy to verify; it will retry."));
      // The stream was cancelled; it must be asked for more to notice.
      task->second();
    }
  }

  void OnEnd(absl::Status status) override {
    MutexLock lock(mutex_);
    streaming_ = false;
    if (!failed_ && !restarting_) {
      NoteErrorLocked(!status.ok() ? status
                                   : Error(absl::StatusCode::kUnavailable, "STREAM_CLOSED",
                                           "The publisher's node closed the stream."));
    }
    if (restarting_) {
      next_attempt_ = absl::InfinitePast();
    } else {
      DelayLocked();
    }
    changed_.NotifyAll();
  }

 private:
  struct Feed {
    std::shared_ptr<Follower> follower;  // while streaming
    std::string quarantine_reason;
    uint64_t stored_size = 0;
    uint64_t target_size = 0;
    bool has_target = false;
    std::string last_error;
    std::string last_error_reason;
  };

  absl::Status OpenLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (commits_in_flight_ > 0) {
      return absl::OkStatus();  // the last stream is still being written
    }
    restarting_ = false;
    failed_ = false;
    FollowCall call{{}, key_.member, key_.publisher, {}};
    const certs::TrustBundle& bundle = runner_.registry_.bundle();
    for (auto& [name, feed] : feeds_) {
      const record::FeedKey key{key_.publisher, name, 1};
      absl::optional<record::PublicKey> pinned;
      if (name == record::FeedName::Registry()) {
        pinned = bundle.registry_feed_key();
      }
      const std::shared_ptr<const Follower> before = std::move(feed.follower);
      MEGURI_ASSIGN_OR_RETURN(feed.follower, Follower::Make({key_.member, key}, bundle.federation(), pinned,
                                                            runner_.store_, runner_.verified_roots_));
      if (before != nullptr) {
        feed.follower->RememberPromise(*before);
      }
      feed.stored_size = feed.follower->size();
      feed.has_target = false;
      if (feed.quarantine_reason.empty()) {
        call.feeds.push_back({name, 1, feed.stored_size});
      }
    }
    if (call.feeds.empty()) {
      next_attempt_ = absl::InfiniteFuture();
      return absl::OkStatus();
    }
    MEGURI_RETURN_IF_ERROR(FindPeer(call.peer));
    streaming_ = true;
    last_event_ = runner_.clock_.Now();
    stream_ = runner_.peers_.Follow(call, shared_from_this());
    return absl::OkStatus();
  }

  absl::Status FindPeer(PeerAddress& peer) const {
    const std::shared_ptr<const certs::Registry> registry = runner_.registry_.Get();
    const registry::v1::MemberEntry* entry = registry->Find(key_.publisher);
    const certs::TrustBundle& bundle = runner_.registry_.bundle();
    if (entry != nullptr) {
      peer.node_identity = entry->hosting().node_identity();
      peer.addresses.assign(entry->hosting().addresses().begin(), entry->hosting().addresses().end());
    } else if (key_.publisher == bundle.operator_id()) {
      // Before the first entry of the registry is here, the bundle says where it is.
      peer.node_identity = absl::StrCat("spiffe://", bundle.federation(), "/member/", key_.publisher.icd(), "/",
                                        key_.publisher.identifier(), "/node/");
      peer.addresses.assign(bundle.message().operator_addresses().begin(), bundle.message().operator_addresses().end());
    }
    if (peer.addresses.empty()) {
      return Error(absl::StatusCode::kUnavailable, "NO_ADDRESS",
                   absl::StrCat("The registry here names no node for ", key_.publisher.text(), "."));
    }
    return absl::OkStatus();
  }

  void Process(FollowEvent event, absl::AnyInvocable<void()> more) {
    absl::Status status;
    if (event.registry_heartbeat.has_value()) {
      // A heartbeat that is ahead of our copy is not an offence: the entries are on their way.
      const absl::Status accepted = runner_.registry_.AcceptHeartbeat(*event.registry_heartbeat);
      status = ReasonOf(accepted) == "HEARTBEAT_AHEAD" ? absl::OkStatus() : accepted;
    } else if (event.target.has_value()) {
      status = TakeTarget(*event.target);
    } else if (event.batch.has_value()) {
      status = TakeBatch(*std::move(event.batch));
    }
    MutexLock lock(mutex_);
    last_event_ = runner_.clock_.Now();
    if (!status.ok()) {
      FailLocked(status);
      more();
    } else if (commits_in_flight_ >= kCommitsInFlightMax) {
      waiting_more_ = std::move(more);
    } else {
      more();
    }
  }

  // The follower of a feed is used by one event at a time, so it needs no lock.
  std::shared_ptr<Follower> FindFollower(absl::string_view feed) {
    const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(feed);
    MutexLock lock(mutex_);
    if (!name.ok() || failed_ || restarting_) {
      return nullptr;
    }
    const auto found = feeds_.find(*name);
    return found == feeds_.end() ? nullptr : found->second.follower;
  }

  absl::Status TakeTarget(const feed::v1::FeedTarget& target) {
    const std::shared_ptr<Follower> follower = FindFollower(target.feed());
    if (follower == nullptr) {
      return UnknownFeed(target.feed());
    }
    const absl::Status status =
        follower->TakeTarget(target.checkpoint(), *runner_.registry_.Get(), runner_.clock_.Now());
    if (IsEvidence(status)) {
      Quarantine(follower->feed(), status, follower->evidence());
    }
    MEGURI_RETURN_IF_ERROR(status);
    MutexLock lock(mutex_);
    const auto found = feeds_.find(follower->feed().key.name);
    if (found != feeds_.end()) {
      found->second.has_target = true;
      found->second.target_size = follower->target_size();
      if (follower->size() == follower->target_size()) {
        NoteProgressLocked(found->second);
      }
    }
    return absl::OkStatus();
  }

  absl::Status TakeBatch(feed::v1::FeedBatch batch) {
    const std::shared_ptr<Follower> follower = FindFollower(batch.feed());
    if (follower == nullptr) {
      return UnknownFeed(batch.feed());
    }
    MEGURI_ASSIGN_OR_RETURN(VerifiedBatch verified,
                            follower->TakeBatch(std::move(batch), *runner_.registry_.Get(), runner_.clock_.Now()));
    CommitBatch(follower->feed(), std::move(verified), follower->checkpoint_note());
    return absl::OkStatus();
  }

  void CommitBatch(const storage::HeldFeed& feed, VerifiedBatch batch, const std::string& note) {
    {
      MutexLock lock(mutex_);
      ++commits_in_flight_;
    }
    auto self = shared_from_this();
    auto verified = std::make_shared<VerifiedBatch>(std::move(batch));
    auto frozen = std::make_shared<int>(0);
    runner_.committer_.Submit(
        [self, verified, frozen, feed, note](storage::CommitScope& scope) {
          return WriteBatchOf(feed, *verified, note, self->runner_.clock_.Now(), self->runner_.store_, scope, *frozen);
        },
        [self, verified, frozen, feed](const absl::Status& status) {
          self->OnCommitted(feed.key.name, verified->size_after, *frozen, status);
        });
  }

  void OnCommitted(const record::FeedName& name, uint64_t size, int frozen, const absl::Status& status) {
    absl::AnyInvocable<void()> more;
    {
      MutexLock lock(mutex_);
      --commits_in_flight_;
      const auto found = feeds_.find(name);
      if (!status.ok()) {
        FailLocked(status);
      } else if (found != feeds_.end()) {
        found->second.stored_size = size;
        NoteProgressLocked(found->second);
        if (frozen > 0) {
          found->second.last_error_reason = kTwoHeaders;
          found->second.last_error = absl::StrCat("The publisher signed two headers for one version of ", frozen,
                                                  " record(s). Both are kept as evidence and the record is frozen.");
        }
      }
      more = std::move(waiting_more_);
      waiting_more_ = nullptr;
      changed_.NotifyAll();
    }
    if (more) {
      more();
    }
  }

  static absl::Status UnknownFeed(absl::string_view feed) {
    return Error(absl::StatusCode::kInvalidArgument, "UNEXPECTED_FEED",
                 absl::StrCat("The stream brought a feed that was not asked for: ", certs::Quoted(feed)));
  }

  void Quarantine(const storage::HeldFeed& feed, const absl::Status& status, const std::string& evidence) {
    const storage::FollowSetting setting{feed.holder, feed.key, ReasonOf(status), evidence};
    const storage::StoreReader& store = runner_.store_;
    runner_.committer_.Submit(
        [setting, &store](storage::CommitScope& scope) {
          return storage::Settings(store).PutFollow(scope.transaction, setting);
        },
        [](const absl::Status&) {});
    MutexLock lock(mutex_);
    const auto followed = feeds_.find(feed.key.name);
    if (followed != feeds_.end()) {
      followed->second.quarantine_reason = ReasonOf(status);
      followed->second.last_error = std::string(status.message());
      followed->second.last_error_reason = ReasonOf(status);
    }
  }

  // All that was promised is here, or more of it than before. A promise alone is none: who signs a head and then sends
  // what is refused must not be called again and again without pause. That a record is frozen stays on show.
  void NoteProgressLocked(Feed& feed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (failed_) {
      return;
    }
    delay_ = kRetryMin;
    if (feed.last_error_reason != kTwoHeaders) {
      feed.last_error.clear();
      feed.last_error_reason.clear();
    }
  }

  void FailLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!failed_ && !restarting_) {
      failed_ = true;
      NoteErrorLocked(status);
    }
    if (stream_ != nullptr) {
      stream_->Cancel();
    }
  }

  void NoteErrorLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (auto& [name, feed] : feeds_) {
      if (feed.quarantine_reason.empty()) {
        feed.last_error = std::string(status.message());
        feed.last_error_reason = ReasonOf(status);
      }
    }
  }

  void DelayLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // Full jitter, so that followers of a node that comes back do not all come at once.
    const int64_t bound = std::max<int64_t>(1, absl::ToInt64Milliseconds(delay_));
    const auto pause = static_cast<int64_t>(runner_.random_.Below(static_cast<uint64_t>(bound)));
    next_attempt_ = runner_.clock_.Now() + absl::Milliseconds(pause + bound / 2);
    delay_ = std::min(delay_ * 2, kRetryMax);
  }

  void RestartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    delay_ = kRetryMin;
    next_attempt_ = absl::InfinitePast();
    if (streaming_) {
      restarting_ = true;
      if (stream_ != nullptr) {
        stream_->Cancel();
      }
    }
  }

  FollowRunner& runner_;
  const SessionKey key_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::map<record::FeedName, Feed> feeds_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<FollowStream> stream_ ABSL_GUARDED_BY(mutex_);
  bool streaming_ ABSL_GUARDED_BY(mutex_) = false;
  bool restarting_ ABSL_GUARDED_BY(mutex_) = false;  // the stream is being closed because the feeds have changed
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;      // the stream is being closed because of what it brought
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int commits_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::AnyInvocable<void()> waiting_more_ ABSL_GUARDED_BY(mutex_) = nullptr;
  absl::Time last_event_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time next_attempt_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_) = kRetryMin;
};

FollowRunner::FollowRunner(FollowRegistry& registry, PeerClient& peers, const storage::StoreReader& store,
                           storage::Committer& committer, Executor& executor, const Clock& clock, Random& random)
    : registry_(registry),
      peers_(peers),
      store_(store),
      committer_(committer),
      executor_(executor),
      clock_(clock),
      random_(random) {}

FollowRunner::~FollowRunner() { Stop(); }

void FollowRunner::Stop() {
  std::vector<std::shared_ptr<Session>> sessions;
  {
    MutexLock lock(mutex_);
    for (const auto& [key, session] : sessions_) {
      sessions.push_back(session);
    }
  }
  for (const std::shared_ptr<Session>& session : sessions) {
    session->Stop();
  }
}

std::shared_ptr<FollowRunner::Session> FollowRunner::FindOrAddSession(const SessionKey& key) {
  std::shared_ptr<Session>& session = sessions_[key];
  if (session == nullptr) {
    session = std::make_shared<Session>(*this, key);
  }
  return session;
}

absl::Status FollowRunner::Load() {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FollowSetting> follows, storage::Settings(store_).Follows());
  MutexLock lock(mutex_);
  for (const storage::FollowSetting& follow : follows) {
    FindOrAddSession({follow.member, follow.feed.publisher})->AddFeed(follow.feed.name, follow.quarantine_reason);
  }
  return absl::OkStatus();
}

// To follow a feed again is a decision, and it costs the evidence: it must not happen by saying the same thing twice.
absl::Status FollowRunner::CheckNoneIsQuarantined(const SessionKey& key,
                                                  const std::vector<record::FeedName>& feeds) const {
  MutexLock lock(mutex_);
  const auto session = sessions_.find(key);
  for (const record::FeedName& feed : feeds) {
    if (session != sessions_.end() && session->second->IsQuarantined(feed)) {
      return Error(
          absl::StatusCode::kFailedPrecondition, "QUARANTINED",
          absl::StrCat("The feed ", feed.text(), " of ", key.publisher.text(),
                       " is quarantined; `feed list` says why. To follow it all the same, unfollow it first."));
    }
  }
  return absl::OkStatus();
}

absl::Status FollowRunner::Add(const record::ParticipantId& member, const record::ParticipantId& publisher,
                               const std::vector<record::FeedName>& feeds) {
  MEGURI_RETURN_IF_ERROR(CheckNoneIsQuarantined({member, publisher}, feeds));
  const auto put = [&](storage::CommitScope& scope) -> absl::Status {
    for (const record::FeedName& feed : feeds) {
      MEGURI_RETURN_IF_ERROR(
          storage::Settings(store_).PutFollow(scope.transaction, {member, {publisher, feed, 1}, "", ""}));
    }
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(committer_.SubmitAndWait(put));
  MutexLock lock(mutex_);
  const std::shared_ptr<Session> session = FindOrAddSession({member, publisher});
  for (const record::FeedName& feed : feeds) {
    session->AddFeed(feed, "");
  }
  return absl::OkStatus();
}

absl::Status FollowRunner::Remove(const record::ParticipantId& member, const record::ParticipantId& publisher,
                                  const std::vector<record::FeedName>& feeds) {
  std::shared_ptr<Session> session;
  {
    MutexLock lock(mutex_);
    const auto found = sessions_.find({member, publisher});
    if (found == sessions_.end()) {
      return Error(absl::StatusCode::kNotFound, "NOT_FOLLOWED",
                   absl::StrCat(publisher.text(), " is not followed; `feed list` shows what is."));
    }
    session = found->second;
  }
  const std::vector<record::FeedName> names = feeds.empty() ? session->FeedNames() : feeds;
  const auto remove = [&](storage::CommitScope& scope) -> absl::Status {
    for (const record::FeedName& feed : names) {
      MEGURI_RETURN_IF_ERROR(storage::Settings(store_).DeleteFollow(scope.transaction, member, {publisher, feed, 1}));
    }
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(committer_.SubmitAndWait(remove));
  session->RemoveFeeds(names);
  return absl::OkStatus();
}

std::vector<FollowStatus> FollowRunner::Status(const record::ParticipantId& member) const {
  MutexLock lock(mutex_);
  std::vector<FollowStatus> statuses;
  for (const auto& [key, session] : sessions_) {
    if (key.member == member) {
      session->AppendStatus(statuses);
    }
  }
  return statuses;
}

void FollowRunner::Tick() {
  std::vector<std::shared_ptr<Session>> sessions;
  {
    MutexLock lock(mutex_);
    for (const auto& [key, session] : sessions_) {
      sessions.push_back(session);
    }
  }
  for (const std::shared_ptr<Session>& session : sessions) {
    session->Tick();
  }
}

void FollowRunner::RetryNow() {
  MutexLock lock(mutex_);
  for (const auto& [key, session] : sessions_) {
    session->RetryNow();
  }
}

}  // namespace meguri::node
