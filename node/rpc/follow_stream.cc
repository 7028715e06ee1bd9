// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/follow_stream.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/feed/v1/carried.pb.h"
#include "meguri/feed/v1/feed_service.pb.h"
#include "node/policy/onward.h"
#include "node/rpc/limits.h"
#include "node/rpc/raw_message.h"
#include "node/rpc/unary.h"

namespace meguri::node {
namespace {

using feed::v1::CarriedFollowResponse;
using feed::v1::FollowRequest;
constexpr char kMethod[] = "meguri.feed.v1.FeedService.Follow";

using Reactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;

// Where one feed of a stream stands.
struct StreamedFeed {
  record::FeedKey key;
  uint64_t sent = 0;                            // entries
  absl::optional<FeedSource::Head> target;      // as sent
  std::string denial;                           // the reason that was sent; empty: it is being sent
  absl::Time heartbeat = absl::InfinitePast();  // when its last one was signed
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;  // for which it is asked, if it says
};

absl::Status BadFollow(absl::string_view field, absl::string_view found, absl::string_view expected) {
  return InvalidInput({{std::string(field), "FOLLOW_REQUEST", std::string(found), std::string(expected),
                        "see docs/format/feed.md", "follow の要求が正しくありません。"}});
}

absl::StatusOr<std::vector<StreamedFeed>> ParseFeeds(const grpc::ByteBuffer& bytes) {
  FollowRequest request;
  MEGURI_RETURN_IF_ERROR(FromBytes(bytes, request));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher, record::ParticipantId::Parse(request.publisher()));
  if (request.feeds_size() == 0 || static_cast<size_t>(request.feeds_size()) > kFollowFeedsMax) {
    return BadFollow("feeds", absl::StrCat(request.feeds_size(), " feeds"), absl::StrCat("1 to ", kFollowFeedsMax));
  }
  std::vector<StreamedFeed> feeds;
  for (const feed::v1::FeedPosition& position : request.feeds()) {
    MEGURI_ASSIGN_OR_RETURN(const record::FeedName name, record::FeedName::Parse(position.feed()));
    if (position.epoch() != 1) {
      return BadFollow("feeds.epoch", absl::StrCat(position.epoch()), "1");
    }
    for (const StreamedFeed& other : feeds) {
      if (other.key.name == name) {
        return BadFollow("feeds.feed", absl::StrCat(name.text(), " twice"), "each feed once");
      }
    }
    if (!passport::v1::AccessPurpose_IsValid(static_cast<int>(position.purpose()))) {
      return BadFollow("feeds.purpose", absl::StrCat(position.purpose()), "a number of AccessPurpose");
    }
    feeds.push_back({{publisher, name, 1}, position.size(), absl::nullopt, ""});
    feeds.back().purpose = static_cast<passport::v1::AccessPurpose>(position.purpose());
  }
  return feeds;
}

class RefusedStream final : public Reactor {
 public:
  explicit RefusedStream(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

absl::Status CheckFeedAccess(const Caller& caller, const record::FeedKey& feed, const Authenticator& authenticator,
                             const FeedSource& source) {
  // The registry itself is open to a node that is about to join, or that must learn why it was suspended. A client that
  // was revoked learns nothing.
  if (caller.is_client || feed.name != record::FeedName::Registry()) {
    MEGURI_RETURN_IF_ERROR(authenticator.CheckRegistration(caller));
  }
  if (IsHandedOnByOffer(feed.name) && !source.Publishes(feed.publisher)) {
    std::shared_ptr<const OnwardCopy> copy;
    return authenticator.JudgeHandingOn(caller, feed, copy).allowed ? source.CheckServed(feed)
                                                                    : FeedSource::NotHandedOn(feed);
  }
  MEGURI_RETURN_IF_ERROR(source.CheckServed(feed));
  if (!MayFollow(authenticator.ReaderFor(caller), feed.publisher, feed.name)) {
    return Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_READABLE",
                 absl::StrCat("The feed ", feed.name.text(), " is not open to ", caller.acting_member.text(), "."));
  }
  return absl::OkStatus();
}

// One stream. It sends one message at a time; between messages it looks anew at rights and feeds, so that a right that
// has ended is noticed before the next message, and new entries are sent as soon as they are durable.
class FollowStreamReactor final : public Reactor, public std::enable_shared_from_this<FollowStreamReactor> {
 public:
  FollowStreamReactor(FollowStreams& streams, Caller caller, std::vector<StreamedFeed> feeds, CallEnd end)
      : streams_(streams), caller_(std::move(caller)), end_(end), feeds_(std::move(feeds)) {}

  void Start() {
    self_ = shared_from_this();
    Wake();
  }

  const record::ParticipantId& acting_member() const { return caller_.acting_member; }
  const record::ParticipantId& publisher() const { return feeds_.front().key.publisher; }

  // Lets the stream look for something to send. Any thread.
  void Wake() {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    awake_ = true;
    ScheduleLocked();
  }

  bool Follows(const std::vector<storage::FeedId>& grown) const {
    MutexLock lock(mutex_);
    for (const storage::FeedId id : grown) {
      if (ids_.contains(id)) {
        return true;
      }
    }
    return waits_for_unknown_;
  }

  // Ends the stream as soon as it can be ended.
  void Close() {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    closing_ = true;
    awake_ = true;
    ScheduleLocked();
  }

  bool HeartbeatIsDue(absl::Time now) const {
    MutexLock lock(mutex_);
    return (awake_ && !busy_) || now - last_write_ >= kFollowHeartbeat;
  }

  void OnWriteDone(bool ok) override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    busy_ = false;
    awake_ = true;
    if (!ok) {
      FinishLocked(absl::CancelledError("The follower has gone."));
    }
    ScheduleLocked();
  }

  void OnCancel() override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    cancelled_ = true;
    awake_ = true;
    ScheduleLocked();
  }

  void OnDone() override {
    streams_.Remove(this);
    self_.reset();
  }

 private:
  void ScheduleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (busy_ || finished_ || !awake_) {
      return;
    }
    busy_ = true;
    awake_ = false;
    if (!streams_.executor_.Submit([keep = shared_from_this()] { keep->Produce(); })) {
      // A busy moment is no reason to end the stream; Tick wakes it again.
      busy_ = false;
      awake_ = true;
    }
  }

  void Produce() {
    const auto keep = shared_from_this();
    absl::StatusOr<bool> found = FindBytes();
    {
      MutexLock lock(mutex_);
      if (closing_) {
        found = Error(absl::StatusCode::kUnavailable, "NODE_STOPPING", "This node is stopping.");
      } else if (cancelled_) {
        found = absl::CancelledError("The follower has gone.");
      }
      if (!found.ok()) {
        busy_ = false;
        FinishLocked(found.status());
        return;
      }
      if (!*found) {
        bytes_.Clear();  // an idle stream must not keep its last message, which may be large
        busy_ = false;
        ScheduleLocked();
        return;
      }
      if (!sent_.has_value()) {
        SendLocked();
        return;
      }
    }
    // It goes out once it is written down that it does; until then the stream is busy.
    streams_.audit_.DeliverEntries(caller_, kMethod, *sent_,
                                   [keep](const absl::Status& written) { keep->OnWrittenDown(written); });
  }

  void SendLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    last_write_ = streams_.clock_.Now();
    StartWrite(&bytes_);
  }

  // The batch in bytes_ is written down, or cannot be.
  void OnWrittenDown(const absl::Status& written) {
    // That may have taken its time: rights are looked at once more.
    const absl::Status access = CheckAccess(sent_->feed);
    MutexLock lock(mutex_);
    if (!written.ok() || cancelled_ || closing_) {
      busy_ = false;
      FinishLocked(!written.ok() ? written
                   : closing_    ? Error(absl::StatusCode::kUnavailable, "NODE_STOPPING", "This node is stopping.")
                                 : absl::CancelledError("The follower has gone."));
    } else if (!access.ok()) {
      TakeBack(*sent_);
      busy_ = false;
      awake_ = true;
      ScheduleLocked();
    } else {
      SendLocked();
    }
  }

  // The caller as it asks for one feed.
  Caller CallerFor(const StreamedFeed& feed) const {
    Caller caller = caller_;
    caller.purpose = feed.purpose != passport::v1::ACCESS_PURPOSE_UNSPECIFIED ? feed.purpose : caller_.purpose;
    return caller;
  }

  absl::Status CheckAccess(const record::FeedKey& key) const {
    const auto feed = absl::c_find_if(feeds_, [&key](const StreamedFeed& streamed) { return streamed.key == key; });
    return CheckFeedAccess(CallerFor(*feed), key, streams_.authenticator_, streams_.source_);
  }

  // What was not sent will be, if the feed opens again.
  void TakeBack(const SentEntries& entries) {
    for (StreamedFeed& feed : feeds_) {
      if (feed.key == entries.feed) {
        feed.sent = entries.from;
      }
    }
    bytes_.Clear();
  }

  // Fills bytes_ with what is to be sent next. Only one thread at a time is here: busy_.
  absl::StatusOr<bool> FindBytes() {
    CarriedFollowResponse message;
    sent_.reset();
    MEGURI_ASSIGN_OR_RETURN(const bool found, FindMessage(message));
    if (found) {
      MEGURI_ASSIGN_OR_RETURN(bytes_, ToBytes(message));
    }
    if (sent_.has_value()) {
      sent_->bytes = bytes_.Length();
    }
    return found;
  }

  absl::StatusOr<bool> FindMessage(CarriedFollowResponse& message) {
    bool waits_for_unknown = false;
    std::vector<absl::Status> access;
    access.reserve(feeds_.size());
    for (const StreamedFeed& feed : feeds_) {
      access.push_back(CheckFeedAccess(CallerFor(feed), feed.key, streams_.authenticator_, streams_.source_));
    }
    if (absl::c_none_of(access, [](const absl::Status& status) { return status.ok(); })) {
      return access.front();
    }
    for (size_t i = 0; i < feeds_.size(); ++i) {
      StreamedFeed& feed = feeds_[i];
      if (!access[i].ok()) {
        if (SayDenied(feed, access[i], message)) {
          return true;
        }
        continue;
      }
      feed.denial.clear();
      // A follower may also know of more than is here: of an own feed it will notice by the head what was lost; a copy
      // may come up to it.
      if (!feed.target.has_value() || feed.sent >= feed.target->size) {
        MEGURI_ASSIGN_OR_RETURN(const bool has_target, FindTarget(feed, message, waits_for_unknown));
        if (has_target) {
          return true;
        }
      }
      MEGURI_ASSIGN_OR_RETURN(const bool has_batch, FindBatch(feed, message));
      if (has_batch) {
        return true;
      }
    }
    {
      MutexLock lock(mutex_);
      waits_for_unknown_ = waits_for_unknown;
    }
    return FindHeartbeat(message);
  }

  // The head of a feed, if it is another than its follower was told last.
  absl::StatusOr<bool> FindTarget(StreamedFeed& feed, CarriedFollowResponse& message, bool& waits_for_unknown) {
    MEGURI_ASSIGN_OR_RETURN(FeedSource::Head head, streams_.source_.ReadHead(feed.key));
    NoteId(head.id, waits_for_unknown);
    if (feed.target.has_value() && head.checkpoint == feed.target->checkpoint) {
      return false;
    }
    message.mutable_target()->set_feed(feed.key.name.text());
    message.mutable_target()->set_checkpoint(head.checkpoint);
    if (head.base.has_value()) {
      *message.mutable_target()->mutable_base() = *head.base;
    }
    feed.target = std::move(head);
    return true;
  }

  // The next entries of a feed that has a target, if there are any that may go out.
  absl::StatusOr<bool> FindBatch(StreamedFeed& feed, CarriedFollowResponse& message) {
    if (feed.sent >= feed.target->size) {
      return false;
    }
    SentEntries sent{feed.key, feed.sent, feed.target->size, 0, "", 0};
    if (!LimitByGrant(CallerFor(feed), sent)) {
      return false;
    }
    MEGURI_ASSIGN_OR_RETURN(*message.mutable_batch(), streams_.source_.ReadBatch(feed.key, *feed.target->id, feed.sent,
                                                                                 feed.target->size, sent.to));
    sent.to = feed.sent + static_cast<uint64_t>(message.batch().items_size());
    feed.sent = sent.to;
    if (AuditEdge::IsNarrow(caller_, feed.key)) {
      sent_ = std::move(sent);
    }
    return true;
  }

  // Names the grant that opens the feed, if it is that of an offer, and cuts what is sent to the deliveries that the
  // grant still allows. False: none, which will be said when the feed is looked at next. Of a copy it is the grant by
  // which it is here.
  bool LimitByGrant(const Caller& caller, SentEntries& sent) const {
    if (IsHandedOnByOffer(sent.feed.name) && !streams_.source_.Publishes(sent.feed.publisher)) {
      std::shared_ptr<const OnwardCopy> copy;
      const OnwardVerdict verdict = streams_.authenticator_.JudgeHandingOn(caller, sent.feed, copy);
      sent.rule = std::string(verdict.rule);
      sent.grant = verdict.allowed ? verdict.grant->id : "";
      sent.purpose = verdict.allowed ? static_cast<uint32_t>(verdict.grant->purpose) : 0;
      return verdict.allowed;
    }
    const Reader reader = streams_.authenticator_.ReaderFor(caller);
    const GrantVerdict granted = GrantToFollow(reader, sent.feed.publisher, sent.feed.name);
    if (granted.grant == nullptr) {
      return true;
    }
    sent.grant = granted.grant->id;
    sent.purpose = static_cast<uint32_t>(granted.grant->purpose);
    const absl::optional<uint64_t> left = granted.grant->deliveries_left();
    sent.to = left.has_value() ? sent.from + std::min(*left, sent.to - sent.from) : sent.to;
    return sent.to > sent.from;
  }

  // Whether there is something to say: what was said is not said again. The feed begins with a target when it is open
  // once more.
  bool SayDenied(StreamedFeed& feed, const absl::Status& status, CarriedFollowResponse& message) {
    feed.target.reset();
    if (feed.denial == ReasonOf(status)) {
      return false;
    }
    feed.denial = ReasonOf(status);
    end_.Note(status);
    feed::v1::FeedDenial& denial = *message.mutable_denial();
    denial.set_feed(feed.key.name.text());
    denial.set_reason(feed.denial);
    denial.set_message(std::string(status.message()));
    return true;
  }

  void NoteId(absl::optional<storage::FeedId> id, bool& waits_for_unknown) {
    MutexLock lock(mutex_);
    if (id.has_value()) {
      ids_.insert(*id);
    } else {
      waits_for_unknown = true;
    }
  }

  absl::StatusOr<bool> FindHeartbeat(CarriedFollowResponse& message) {
    const absl::Time now = streams_.clock_.Now();
    for (StreamedFeed& feed : feeds_) {
      if (!feed.denial.empty()) {
        continue;
      }
      if (feed.key.name != record::FeedName::Registry()) {
        const bool is_whole = feed.sent == feed.target->size;  // else the follower knows of more than there is
        absl::optional<feed::v1::FeedHeartbeat> heartbeat;
        if (is_whole) {
          MEGURI_ASSIGN_OR_RETURN(heartbeat,
                                  streams_.source_.NextHeartbeat(feed.key, *feed.target, now, feed.heartbeat));
        }
        if (heartbeat.has_value()) {
          *message.mutable_heartbeat()->mutable_feed_heartbeat() = *std::move(heartbeat);
          return true;
        }
        continue;
      }
      absl::optional<record::v1::SignedBody> heartbeat = streams_.registry_.NewestHeartbeat();
      if (heartbeat.has_value() && heartbeat->body() != sent_heartbeat_) {
        sent_heartbeat_ = heartbeat->body();
        *message.mutable_heartbeat()->mutable_registry_heartbeat() = *std::move(heartbeat);
        return true;
      }
    }
    if (HeartbeatIsDue(now)) {
      message.mutable_heartbeat();
      return true;
    }
    return false;
  }

  void FinishLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!finished_) {
      finished_ = true;
      Finish(end_(status));
    }
  }

  FollowStreams& streams_;
  const Caller caller_;
  const CallEnd end_;
  std::vector<StreamedFeed> feeds_;   // used by one thread at a time: busy_
  grpc::ByteBuffer bytes_;            // likewise
  std::string sent_heartbeat_;        // likewise
  absl::optional<SentEntries> sent_;  // likewise: what bytes_ holds, if it must be written down
  std::shared_ptr<FollowStreamReactor> self_;

  mutable Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;   // looking for a message, or writing one
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;  // should look again
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool waits_for_unknown_ ABSL_GUARDED_BY(mutex_) = true;  // follows a feed that has no entry yet
  absl::flat_hash_set<storage::FeedId> ids_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_write_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

FollowStreams::FollowStreams(const Authenticator& authenticator, const FeedSource& source,
                             const RegistryState& registry, const AuditEdge& audit, Executor& executor,
                             const Clock& clock, Asked asked)
    : authenticator_(authenticator),
      source_(source),
      registry_(registry),
      audit_(audit),
      executor_(executor),
      clock_(clock),
      asked_(std::move(asked)) {}

FollowStreams::~FollowStreams() = default;

Reactor* FollowStreams::Start(absl::StatusOr<Caller> caller, const grpc::ByteBuffer& request, CallEnd end) {
  if (!caller.ok()) {
    return new RefusedStream(end(caller.status()));
  }
  absl::StatusOr<std::vector<StreamedFeed>> feeds = ParseFeeds(request);
  if (!feeds.ok()) {
    return new RefusedStream(end(feeds.status()));
  }
  const bool is_onward = !source_.Publishes(feeds->front().key.publisher);
  if (!is_onward && authenticator_.ReaderFor(*caller).active) {
    for (const StreamedFeed& feed : *feeds) {
      asked_(caller->acting_member, feed.key);
    }
  }
  const auto reactor = std::make_shared<FollowStreamReactor>(*this, *std::move(caller), *std::move(feeds), end);
  {
    MutexLock lock(mutex_);
    if (const absl::Status room = CheckRoomLocked(*reactor); !room.ok()) {
      return new RefusedStream(end(room));
    }
    reactors_.emplace(reactor.get(), reactor);
  }
  reactor->Start();
  return reactor.get();
}

absl::Status FollowStreams::CheckRoomLocked(const FollowStreamReactor& reactor) const {
  const auto full = [](absl::string_view message) {
    return Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS", message);
  };
  if (closed_) {
    return Error(absl::StatusCode::kUnavailable, "NODE_STOPPING", "This node is stopping.");
  }
  if (reactors_.size() >= kFollowStreamsMax) {
    return full("This node serves as many streams as it can; try again later.");
  }
  const auto is_onward = [&](const FollowStreamReactor& open) { return !source_.Publishes(open.publisher()); };
  const auto onward = absl::c_count_if(reactors_, [&](const auto& open) { return is_onward(*open.first); });
  if (is_onward(reactor) && static_cast<size_t>(onward) >= kOnwardStreamsMax) {
    return full("This node hands on copies in as many streams as it may; ask the publisher's node, or another one.");
  }
  const auto of_caller = absl::c_count_if(
      reactors_, [&](const auto& open) { return open.first->acting_member() == reactor.acting_member(); });
  if (static_cast<size_t>(of_caller) >= kFollowStreamsPerMemberMax) {
    return full(absl::StrCat("This node serves a member at most ", kFollowStreamsPerMemberMax,
                             " streams at once; follow several feeds in one."));
  }
  return absl::OkStatus();
}

void FollowStreams::WakeIf(absl::FunctionRef<bool(const FollowStreamReactor&)> wanted) {
  std::vector<std::shared_ptr<FollowStreamReactor>> reactors;
  {
    MutexLock lock(mutex_);
    for (const auto& [raw, weak] : reactors_) {
      reactors.push_back(weak.lock());
    }
  }
  for (const auto& reactor : reactors) {
    if (reactor != nullptr && wanted(*reactor)) {
      reactor->Wake();
    }
  }
}

void FollowStreams::OnGrown(const std::vector<storage::FeedId>& grown) {
  WakeIf([&](const FollowStreamReactor& reactor) { return reactor.Follows(grown); });
}

void FollowStreams::OnRightsChanged() {
  WakeIf([](const FollowStreamReactor&) { return true; });
}

void FollowStreams::Close() {
  std::vector<std::shared_ptr<FollowStreamReactor>> reactors;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    for (const auto& [raw, weak] : reactors_) {
      reactors.push_back(weak.lock());
    }
  }
  for (const auto& reactor : reactors) {
    if (reactor != nullptr) {
      reactor->Close();
    }
  }
}

void FollowStreams::Tick() {
  const absl::Time now = clock_.Now();
  WakeIf([now](const FollowStreamReactor& reactor) { return reactor.HeartbeatIsDue(now); });
}

void FollowStreams::Remove(FollowStreamReactor* reactor) {
  MutexLock lock(mutex_);
  reactors_.erase(reactor);
}

}  // namespace meguri::node
