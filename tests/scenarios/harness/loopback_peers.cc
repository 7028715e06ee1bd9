// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/harness/loopback_peers.h"

#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "tests/unit/certs/federation.h"

namespace meguri::scenarios {

// Serves as the real edge does: a target whenever the feed has grown, batches up to it, then it waits.
class LoopbackPeers::Stream final : public node::FollowStream {
 public:
  Stream(node::FollowCall call, std::shared_ptr<node::FollowSink> sink, std::shared_ptr<Publisher> publisher)
      : call_(std::move(call)), sink_(std::move(sink)), publisher_(std::move(publisher)), thread_([this] { Run(); }) {}
  ~Stream() override {
    Cancel();
    thread_.join();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void Cancel() override {
    MutexLock lock(publisher_->mutex);
    cancelled_ = true;
    publisher_->changed.NotifyAll();
  }

 private:
  struct Served {
    record::FeedKey feed;
    uint64_t position = 0;
    bool announced = false;
    bool is_denied = false;
    uint64_t announced_size = 0;
    uint32_t purpose = 0;
  };

  void Run() {
    const absl::Status ended = Serve();
    {
      MutexLock lock(publisher_->mutex);
      --publisher_->streams;
      publisher_->changed.NotifyAll();
    }
    const std::shared_ptr<node::FollowSink> sink = std::move(sink_);
    sink->OnEnd(ended);
  }

  absl::Status Serve() {
    std::vector<Served> feeds;
    feeds.reserve(call_.feeds.size());
    for (const node::FollowPosition& position : call_.feeds) {
      feeds.push_back({{call_.publisher, position.feed, position.epoch}, position.size});
      feeds.back().purpose = position.purpose;
    }
    uint64_t seen = 0;
    while (true) {
      MEGURI_RETURN_IF_ERROR(WaitForWake(seen));
      for (Served& feed : feeds) {
        MEGURI_RETURN_IF_ERROR(ServeFeed(feed));
      }
    }
  }

  // `seen` is 0 at first: a new stream does not wait.
  absl::Status WaitForWake(uint64_t& seen) {
    MutexLock lock(publisher_->mutex);
    while (!IsOverLocked() && seen == publisher_->wake_count) {
      publisher_->changed.Wait(publisher_->mutex);
    }
    seen = publisher_->wake_count;
    return IsOverLocked() ? Closed() : absl::OkStatus();
  }

  absl::Status ServeFeed(Served& feed) {
    const node::FeedSource* source = nullptr;
    MayFollow may_follow;
    {
      MutexLock lock(publisher_->mutex);
      if (IsOverLocked()) {
        return Closed();
      }
      source = publisher_->source;  // stays while this stream is counted
      may_follow = publisher_->may_follow;
    }
    if (!may_follow(call_.acting_member, feed.feed, feed.purpose)) {
      return Deny(feed);
    }
    feed.is_denied = false;
    MEGURI_ASSIGN_OR_RETURN(const node::FeedSource::Head head, source->ReadHead(feed.feed));
    if (!feed.announced || head.size != feed.announced_size) {
      node::FollowEvent event;
      event.target.emplace();
      event.target->set_feed(feed.feed.name.text());
      event.target->set_checkpoint(head.checkpoint);
      MEGURI_RETURN_IF_ERROR(Send(std::move(event)));
      feed.announced = true;
      feed.announced_size = head.size;
    }
    while (feed.position < head.size) {
      MEGURI_ASSIGN_OR_RETURN(const feed::v1::CarriedFeedBatch batch,
                              source->ReadBatch(feed.feed, *head.id, feed.position, head.size, head.size));
      feed.position += static_cast<uint64_t>(batch.items_size());
      node::FollowEvent event;
      const bool is_read = event.batch.emplace().ParseFromString(batch.SerializeAsString());
      Invariant(is_read, "what is carried is what it says");
      MEGURI_RETURN_IF_ERROR(Send(std::move(event)));
    }
    return absl::OkStatus();
  }

  // Says it once; when the feed is open again, it begins with a target.
  absl::Status Deny(Served& feed) {
    if (std::exchange(feed.is_denied, true)) {
      return absl::OkStatus();
    }
    feed.announced = false;
    node::FollowEvent event;
    event.denial = node::FeedDenied{
        feed.feed.name.text(), Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_READABLE", "The feed is closed.")};
    return Send(std::move(event));
  }

  // Hands over one event and waits until the next one is wanted.
  absl::Status Send(node::FollowEvent event) {
    {
      MutexLock lock(publisher_->mutex);
      wanted_ = false;
    }
    sink_->OnEvent(std::move(event), [this] {
      MutexLock lock(publisher_->mutex);
      wanted_ = true;
      publisher_->changed.NotifyAll();
    });
    MutexLock lock(publisher_->mutex);
    // Whoever was given an event asks for the next one, even if the stream has been cancelled since.
    while (!wanted_) {
      publisher_->changed.Wait(publisher_->mutex);
    }
    return IsOverLocked() ? Closed() : absl::OkStatus();
  }

  bool IsOverLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(publisher_->mutex) {
    return cancelled_ || publisher_->source == nullptr;
  }

  static absl::Status Closed() {
    return Error(absl::StatusCode::kUnavailable, "STREAM_CLOSED", "The publisher's node closed the stream.");
  }

  const node::FollowCall call_;
  std::shared_ptr<node::FollowSink> sink_;
  const std::shared_ptr<Publisher> publisher_;
  bool cancelled_ ABSL_GUARDED_BY(publisher_->mutex) = false;
  bool wanted_ ABSL_GUARDED_BY(publisher_->mutex) = false;
  std::thread thread_;  // the last member: it uses the others
};

namespace {

// A stream that could not be opened has ended already.
class NoStream final : public node::FollowStream {
 public:
  explicit NoStream(std::shared_ptr<node::FollowSink> sink)
      : thread_([sink = std::move(sink)] {
          sink->OnEnd(Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "The publisher's node is off."));
        }) {}
  ~NoStream() override { thread_.join(); }
  NoStream(const NoStream&) = delete;
  NoStream& operator=(const NoStream&) = delete;
  void Cancel() override {}

 private:
  std::thread thread_;
};

}  // namespace

std::shared_ptr<LoopbackPeers::Publisher> LoopbackPeers::Find(const record::ParticipantId& publisher) {
  MutexLock lock(mutex_);
  std::shared_ptr<Publisher>& found = publishers_[publisher];
  if (found == nullptr) {
    found = std::make_shared<Publisher>();
  }
  return found;
}

void LoopbackPeers::Add(const record::ParticipantId& publisher, const node::FeedSource& source, Asked asked,
                        MayFollow may_follow, Opens opens) {
  const std::shared_ptr<Publisher> found = Find(publisher);
  MutexLock lock(found->mutex);
  found->source = &source;
  found->asked = std::move(asked);
  found->may_follow = std::move(may_follow);
  found->opens = std::move(opens);
  ++found->wake_count;
}

void LoopbackPeers::SetOpens(const record::ParticipantId& publisher, Opens opens) {
  const std::shared_ptr<Publisher> found = Find(publisher);
  MutexLock lock(found->mutex);
  found->opens = std::move(opens);
}

void LoopbackPeers::Remove(const record::ParticipantId& publisher) {
  const std::shared_ptr<Publisher> found = Find(publisher);
  MutexLock lock(found->mutex);
  found->source = nullptr;
  found->opens = nullptr;
  found->changed.NotifyAll();
  while (found->streams > 0) {
    found->changed.Wait(found->mutex);
  }
}

void LoopbackPeers::Wake(const record::ParticipantId& publisher) {
  const std::shared_ptr<Publisher> found = Find(publisher);
  MutexLock lock(found->mutex);
  ++found->wake_count;
  found->changed.NotifyAll();
}

void LoopbackPeers::GetOpenings(const node::OpeningCall& call, node::OpeningPeer::Done done) {
  const std::shared_ptr<Publisher> publisher = Find(call.publisher);
  absl::StatusOr<std::vector<feed::v1::FeedOpenings>> answer =
      Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "There is no such node.");
  {
    MutexLock lock(publisher->mutex);
    if (publisher->opens) {
      answer = publisher->opens(call);
    }
  }
  done(std::move(answer));
}

std::unique_ptr<node::FollowStream> LoopbackPeers::Follow(const node::FollowCall& call,
                                                          std::shared_ptr<node::FollowSink> sink) {
  const std::shared_ptr<Publisher> publisher =
      Find(certs::testing::ValueOf(certs::Identity::Parse(call.peer.node_identity)).participant);
  {
    MutexLock lock(publisher->mutex);
    if (publisher->source == nullptr) {
      return std::make_unique<NoStream>(std::move(sink));
    }
    ++publisher->streams;
    for (const node::FollowPosition& position : call.feeds) {
      publisher->asked(call.acting_member, {call.publisher, position.feed, position.epoch});
    }
  }
  return std::make_unique<Stream>(call, std::move(sink), publisher);
}

}  // namespace meguri::scenarios
