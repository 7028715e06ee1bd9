// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/publish_stream.h"

#include <deque>
#include <memory>
#include <utility>

#include "absl/types/optional.h"
#include "base/mutex.h"
#include "node/rpc/limits.h"
#include "node/rpc/publish_convert.h"
#include "node/rpc/unary.h"

namespace meguri::node {
namespace {

using record::v1::PublishStreamRequest;
using record::v1::PublishStreamResponse;
using Reactor = grpc::ServerBidiReactor<PublishStreamRequest, PublishStreamResponse>;

// The call's state. It keeps itself alive until OnDone; every method holds on to it, because Finish may bring OnDone on
// another thread before the method has returned.
class PublishStreamReactor final : public Reactor, public std::enable_shared_from_this<PublishStreamReactor> {
 public:
  PublishStreamReactor(Caller caller, StillAllowed still_allowed, Publisher& publisher, Executor& executor, CallEnd end)
      : caller_(std::move(caller)),
        still_allowed_(std::move(still_allowed)),
        publisher_(publisher),
        executor_(executor),
        end_(end) {}

  void Start() {
    self_ = shared_from_this();
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok || sequence_->IsOverBefore(next_position_)) {
      ended_ = true;
      FinishIfDoneLocked();
      return;
    }
    const uint64_t position = next_position_++;
    checking_ = true;
    auto request = std::make_shared<PublishStreamRequest>();
    request->Swap(&request_);
    unanswered_.push_back({request->ByteSizeLong(), absl::nullopt});
    bytes_in_flight_ += unanswered_.back().bytes;
    if (!executor_.Submit([keep, request, position] { keep->PublishOne(*request, position); })) {
      checking_ = false;
      TakeLocked(position, BusyStatus());
    }
  }

  void OnWriteDone(bool ok) override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) {
      is_gone_ = true;
    }
    MoveOnLocked();
  }

  void OnCancel() override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    is_gone_ = true;
    MoveOnLocked();
  }

  void OnDone() override { self_.reset(); }

 private:
  using Outcome = absl::StatusOr<Published>;
  struct Unanswered {
    size_t bytes = 0;
    absl::optional<Outcome> outcome;  // nullopt: not known yet
  };

  void PublishOne(const PublishStreamRequest& request, uint64_t position) {
    const auto keep = shared_from_this();
    if (const absl::Status allowed = still_allowed_(caller_); !allowed.ok()) {
      MutexLock lock(mutex_);
      checking_ = false;
      TakeLocked(position, allowed);
      return;
    }
    // Reading goes on only after the check, so requests reach the committer in order.
    PublishCall call = ToPublishCall(caller_.acting_member, request.publish());
    call.sequence = sequence_;
    call.position = position;
    publisher_.Publish(std::move(call), [keep, position](Outcome published) {
      MutexLock lock(keep->mutex_);
      keep->TakeLocked(position, std::move(published));
    });
    MutexLock lock(mutex_);
    checking_ = false;
    MoveOnLocked();
  }

  // A refusal may overtake what waits for the disk: outcomes are put in order here.
  void TakeLocked(uint64_t position, Outcome outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!outcome.ok()) {
      sequence_->Refuse(position);
    }
    Unanswered& request = unanswered_[position - first_position_];
    request.outcome = std::move(outcome);
    bytes_in_flight_ -= request.bytes;
    MoveOnLocked();
  }

  void MoveOnLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    WriteLocked();
    ReadLocked();
    FinishIfDoneLocked();
  }

  void ReadLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool has_room = unanswered_.size() < kPublishStreamWindow && bytes_in_flight_ < kPublishStreamBytesMax;
    const bool may_read = has_room && !sequence_->IsOverBefore(next_position_);
    if (may_read && !checking_ && !reading_ && !ended_ && !is_gone_) {
      reading_ = true;
      StartRead(&request_);
    }
  }

  // Answers the oldest request, once its outcome is known. The first refusal ends the call; those behind it were
  // refused too and need no answer.
  void WriteLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || is_gone_ || !failure_.ok() || unanswered_.empty() || !unanswered_.front().outcome.has_value()) {
      return;
    }
    const Outcome outcome = *std::move(unanswered_.front().outcome);
    unanswered_.pop_front();
    ++first_position_;
    if (!outcome.ok()) {
      failure_ = outcome.status();
      return;
    }
    answer_.Clear();
    ToResponse(*outcome, *answer_.mutable_published());
    writing_ = true;
    StartWrite(&answer_);
  }

  // Everything that holds is answered before the call ends, even when a later request was refused.
  void FinishIfDoneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool answered = unanswered_.empty() || is_gone_ || !failure_.ok();
    const bool over = ended_ || is_gone_ || !failure_.ok();
    if (over && answered && !checking_ && !writing_ && !finished_) {
      finished_ = true;
      Finish(end_(is_gone_ ? absl::CancelledError("The client has gone.") : failure_));
    }
  }

  const Caller caller_;
  const StillAllowed still_allowed_;
  Publisher& publisher_;
  Executor& executor_;
  const CallEnd end_;
  const std::shared_ptr<PublishSequence> sequence_ = std::make_shared<PublishSequence>();
  PublishStreamRequest request_;  // being read
  PublishStreamResponse answer_;  // being written
  std::shared_ptr<PublishStreamReactor> self_;

  Mutex mutex_;
  std::deque<Unanswered> unanswered_ ABSL_GUARDED_BY(mutex_);  // oldest first
  uint64_t first_position_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_position_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;  // of requests whose outcome is not known yet
  bool checking_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = true;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_gone_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Says no.
class RefusedStream final : public Reactor {
 public:
  explicit RefusedStream(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

Reactor* StartPublishStream(absl::StatusOr<Caller> caller, StillAllowed still_allowed, Publisher& publisher,
                            Executor& executor, CallEnd end) {
  if (!caller.ok()) {
    return new RefusedStream(end(caller.status()));
  }
  const auto reactor =
      std::make_shared<PublishStreamReactor>(*std::move(caller), std::move(still_allowed), publisher, executor, end);
  reactor->Start();
  return reactor.get();
}

}  // namespace meguri::node
