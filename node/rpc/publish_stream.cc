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
  PublishStreamReactor(Caller caller, const Authenticator& authenticator, Publisher& publisher, Executor& executor)
      : caller_(std::move(caller)), authenticator_(authenticator), publisher_(publisher), executor_(executor) {}

  void Start() {
    self_ = shared_from_this();
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok || !failure_.ok()) {
      ended_ = true;
      FinishIfDoneLocked();
      return;
    }
    checking_ = true;
    auto request = std::make_shared<PublishStreamRequest>();
    request->Swap(&request_);
    const size_t bytes = request->ByteSizeLong();
    BeginLocked(bytes);
    if (!executor_.Submit([keep, request, bytes] { keep->PublishOne(*request, bytes); })) {
      EndLocked(bytes);
      checking_ = false;
      FailLocked(BusyStatus());
      FinishIfDoneLocked();
    }
  }

  void OnWriteDone(bool ok) override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    answers_.pop_front();
    writing_ = false;
    if (!ok) {
      FailLocked(absl::CancelledError("The client has gone."));
    }
    WriteLocked();
    FinishIfDoneLocked();
  }

  void OnCancel() override {
    const auto keep = shared_from_this();
    MutexLock lock(mutex_);
    FailLocked(absl::CancelledError("The client has gone."));
    FinishIfDoneLocked();
  }

  void OnDone() override { self_.reset(); }

 private:
  void BeginLocked(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++in_flight_;
    bytes_in_flight_ += bytes;
  }

  void EndLocked(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    --in_flight_;
    bytes_in_flight_ -= bytes;
  }

  void PublishOne(const PublishStreamRequest& request, size_t bytes) {
    const auto keep = shared_from_this();
    if (const absl::Status allowed = authenticator_.CheckRegistration(caller_); !allowed.ok()) {
      MutexLock lock(mutex_);
      --in_flight_;
      checking_ = false;
      FailLocked(allowed);
      FinishIfDoneLocked();
      return;
    }
    // The committer answers in the order of submission; reading goes on only after the check, so order is kept.
    publisher_.Publish(ToPublishCall(caller_.acting_member, request.publish()),
                       [keep, bytes](absl::StatusOr<std::vector<PublishedRecord>> published) {
                         keep->Answer(std::move(published), bytes);
                       });
    MutexLock lock(mutex_);
    checking_ = false;
    ReadLocked();
    FinishIfDoneLocked();
  }

  void Answer(absl::StatusOr<std::vector<PublishedRecord>> published, size_t bytes) {
    MutexLock lock(mutex_);
    EndLocked(bytes);
    if (!published.ok()) {
      FailLocked(published.status());
    } else if (failure_.ok()) {
      PublishStreamResponse response;
      ToResponse(*published, *response.mutable_published());
      answers_.push_back(std::move(response));
      WriteLocked();
    }
    ReadLocked();
    FinishIfDoneLocked();
  }

  void ReadLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool has_room = in_flight_ < kPublishStreamWindow && bytes_in_flight_ < kPublishStreamBytesMax;
    if (!checking_ && !reading_ && !ended_ && failure_.ok() && has_room) {
      reading_ = true;
      StartRead(&request_);
    }
  }

  void WriteLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!writing_ && !answers_.empty() && !finished_) {
      writing_ = true;
      StartWrite(&answers_.front());
    }
  }

  void FailLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (failure_.ok()) {
      failure_ = status;
    }
  }

  // Everything that was read is answered before the call ends, even when one was refused.
  void FinishIfDoneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool over = (ended_ || !failure_.ok()) && in_flight_ == 0 && !checking_ && !writing_;
    const bool written = answers_.empty() || !failure_.ok();
    if (over && written && !finished_) {
      finished_ = true;
      Finish(ToGrpcStatus(failure_));
    }
  }

  const Caller caller_;
  const Authenticator& authenticator_;
  Publisher& publisher_;
  Executor& executor_;
  PublishStreamRequest request_;  // being read
  std::shared_ptr<PublishStreamReactor> self_;

  Mutex mutex_;
  std::deque<PublishStreamResponse> answers_ ABSL_GUARDED_BY(mutex_);  // the first is being written
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool checking_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = true;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Says no.
class RefusedStream final : public Reactor {
 public:
  explicit RefusedStream(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

Reactor* StartPublishStream(absl::StatusOr<Caller> caller, const Authenticator& authenticator, Publisher& publisher,
                            Executor& executor) {
  if (!caller.ok()) {
    return new RefusedStream(caller.status());
  }
  const auto reactor = std::make_shared<PublishStreamReactor>(*std::move(caller), authenticator, publisher, executor);
  reactor->Start();
  return reactor.get();
}

}  // namespace meguri::node
