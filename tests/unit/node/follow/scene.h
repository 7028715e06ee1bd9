// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "node/follow/follow_runner.h"
#include "storage/committer.h"
#include "storage/memory/memory_store.h"
#include "storage/settings.h"
#include "tests/hostile/feed_of_lies.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

// A federation of an operator, a publisher with all its keys, and a node that follows.
namespace meguri::node::testing {

using certs::testing::ValueOf;
using hostile::Feed;

inline constexpr char kPublisher[] = "0199:publisher";
inline constexpr char kFollower[] = "0199:follower";

inline record::FeedName Name(absl::string_view text) { return ValueOf(record::FeedName::Parse(text)); }

// A registry that a test can change.
class FakeRegistry final : public FollowRegistry {
 public:
  explicit FakeRegistry(certs::TrustBundle bundle) : bundle_(std::move(bundle)) {}
  std::shared_ptr<const certs::Registry> Get() const override {
    MutexLock lock(mutex_);
    return registry_;
  }
  const certs::TrustBundle& bundle() const override { return bundle_; }
  absl::Status AcceptHeartbeat(const record::v1::SignedBody&) override { return absl::OkStatus(); }
  void Set(const std::vector<registry::v1::MemberEntry>& entries) {
    auto registry = ValueOf(certs::Registry::Make(bundle_, entries));
    MutexLock lock(mutex_);
    registry_ = std::move(registry);
  }

 private:
  const certs::TrustBundle bundle_;
  mutable Mutex mutex_;
  std::shared_ptr<const certs::Registry> registry_ ABSL_GUARDED_BY(mutex_);
};

// Streams whose other end is the test. The executor of the node has one thread, so a stream ends after what it brought.
class FakePeers final : public PeerClient {
 public:
  explicit FakePeers(Executor& executor) : executor_(executor) {}

  struct Stream {
    FollowCall call;
    std::shared_ptr<FollowSink> sink;
    bool open = true;
  };

  std::unique_ptr<FollowStream> Follow(const FollowCall& call, std::shared_ptr<FollowSink> sink) override {
    MutexLock lock(mutex_);
    const size_t index = streams_.size();
    streams_.push_back({call, std::move(sink), true});
    return std::make_unique<Handle>(*this, index);
  }
  size_t opened() const {
    MutexLock lock(mutex_);
    return streams_.size();
  }
  Stream stream(size_t index) const {
    MutexLock lock(mutex_);
    return streams_.at(index);
  }
  void End(size_t index, absl::Status status) {
    std::shared_ptr<FollowSink> sink;
    {
      MutexLock lock(mutex_);
      if (!streams_.at(index).open) {
        return;
      }
      streams_.at(index).open = false;
      sink = streams_.at(index).sink;
    }
    sink->OnEnd(std::move(status));
  }

 private:
  class Handle final : public FollowStream {
   public:
    Handle(FakePeers& peers, size_t index) : peers_(peers), index_(index) {}
    void Cancel() override {
      const bool queued = peers_.executor_.Submit(
          [&peers = peers_, index = index_] { peers.End(index, absl::CancelledError("cancelled")); });
      Invariant(queued, "the test's executor has room");
    }

   private:
    FakePeers& peers_;
    const size_t index_;
  };

  Executor& executor_;
  mutable Mutex mutex_;
  std::vector<Stream> streams_ ABSL_GUARDED_BY(mutex_);
};

// Remembers what was reported.
class FakeReporter final : public FollowReporter {
 public:
  void Report(const FollowReport& report) override {
    MutexLock lock(mutex_);
    reports_.push_back(report);
  }
  std::vector<FollowReport> Take() {
    MutexLock lock(mutex_);
    return std::exchange(reports_, {});
  }

 private:
  Mutex mutex_;
  std::vector<FollowReport> reports_ ABSL_GUARDED_BY(mutex_);
};

class Scene {
 public:
  Scene()
      : registry(operator_.Bundle()),
        publisher(operator_.Bundle(), certs::testing::Participant(kPublisher), member_.record_key, member_.feed_key) {
    registry.Set({Entry()});
    Start();
  }
  ~Scene() {
    runner->Stop();
    executor->Stop();
  }

  registry::v1::MemberEntry Entry() const {
    registry::v1::MemberEntry entry = plain_.Entry();
    *entry.mutable_keys(0) = certs::testing::KeyMessage(*member_.record_key, registry::v1::KEY_PURPOSE_RECORD);
    *entry.mutable_keys(1) = certs::testing::KeyMessage(*member_.feed_key, registry::v1::KEY_PURPOSE_FEED);
    return entry;
  }

  // The node goes and comes again; the store stays.
  void Restart() {
    runner->Stop();
    executor->Stop();
    runner.reset();
    committer.reset();
    Start();
    ValueOf(LoadAgain());
  }

  void Follow(const std::vector<std::string>& feeds) {
    std::vector<record::FeedName> names;
    names.reserve(feeds.size());
    for (const std::string& feed : feeds) {
      names.push_back(Name(feed));
    }
    const absl::Status added = runner->Add(holder, publisher.participant(), names);
    Invariant(added.ok(), added.ToString());
  }
  // Everything that was begun is done.
  void Drain() {
    for (int round = 0; round < 3; ++round) {
      absl::Notification done;
      Invariant(executor->Submit([&done] { done.Notify(); }), "the executor has room");
      done.WaitForNotification();
      Invariant(committer->SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }).ok(),
                "the store takes writes");
    }
  }
  // Opens what is due. Returns the number of the newest stream.
  size_t Tick(absl::Duration passed = absl::ZeroDuration()) {
    clock.Advance(passed);
    Drain();
    runner->Tick();
    Drain();
    return peers->opened() - 1;
  }
  void Send(size_t stream, FollowEvent event) {
    peers->stream(stream).sink->OnEvent(std::move(event), [] {});
    Drain();
  }
  void SendTarget(size_t stream, const std::string& feed, const std::string& note) {
    FollowEvent event;
    event.target.emplace();
    event.target->set_feed(feed);
    event.target->set_checkpoint(note);
    Send(stream, std::move(event));
  }
  void SendBatch(size_t stream, feed::v1::FeedBatch batch) {
    FollowEvent event;
    event.bytes = batch.ByteSizeLong();
    event.batch = std::move(batch);
    Send(stream, std::move(event));
  }
  // Promises all of `feed` and sends it from `start` on.
  void Serve(size_t stream, const std::string& name, const Feed& feed, size_t start = 0) {
    SendTarget(stream, name, feed.Checkpoint(feed.size()));
    if (start < feed.size()) {
      SendBatch(stream, feed.Batch(start, feed.size(), feed.size()));
    }
  }
  FollowStatus StatusOf(const std::string& feed) const {
    for (const FollowStatus& status : runner->Status(holder)) {
      if (status.feed.key.name.text() == feed) {
        return status;
      }
    }
    return {{holder, {holder, Name("owner"), 1}}, FollowState::kWaiting, 0, 0, 0, "no such follow", "NO_SUCH_FOLLOW"};
  }
  // The operator, with the keys that the trust bundle pins.
  hostile::Publisher RegistryPublisher() const {
    const auto borrow = [](const certs::SigningKey& key) {
      return std::shared_ptr<const certs::SigningKey>(std::shared_ptr<const certs::SigningKey>(), &key);
    };
    return {operator_.Bundle(), registry.bundle().operator_id(), borrow(*operator_.record_key),
            borrow(*operator_.feed_key)};
  }
  // The publisher at another host, which signs its feeds with `feed_key`.
  hostile::Publisher PublisherWith(std::shared_ptr<const certs::SigningKey> feed_key) const {
    return {operator_.Bundle(), publisher.participant(), member_.record_key, std::move(feed_key)};
  }
  std::vector<feed::v1::FeedItem> Items(size_t count, uint64_t seed = 1) const {
    return publisher.MakeItems(seed, count);
  }

 private:
  struct Keys {
    std::shared_ptr<const certs::SigningKey> record_key = certs::testing::NewKey();
    std::shared_ptr<const certs::SigningKey> feed_key = certs::testing::NewKey();
  };

  void Start() {
    committer = ValueOf(storage::Committer::Start(*store, *anchor));
    executor = std::make_unique<Executor>(1, 1024);
    peers = std::make_unique<FakePeers>(*executor);
    runner =
        std::make_unique<FollowRunner>(registry, *peers, *store, *committer, *executor, clock, random, reporter, quota);
  }
  absl::StatusOr<bool> LoadAgain() {
    const absl::Status loaded = runner->Load();
    return loaded.ok() ? absl::StatusOr<bool>(true) : loaded;
  }

  const certs::testing::Operator operator_;
  const certs::testing::Member plain_{kPublisher};
  const Keys member_;

 public:
  const record::ParticipantId holder = certs::testing::Participant(kFollower);
  meguri::testing::FakeClock clock{certs::testing::Now()};
  meguri::testing::SeededRandom random;
  FakeRegistry registry;
  FakeReporter reporter;
  hostile::Publisher publisher;
  std::shared_ptr<storage::MemoryDisk> disk = storage::MakeMemoryDisk();
  std::unique_ptr<storage::OrderedStore> store = storage::OpenMemoryStore(disk);
  std::unique_ptr<storage::Anchor> anchor = storage::MakeMemoryAnchor();
  FollowQuota quota{10'000, uint64_t{1} << 30};
  std::unique_ptr<storage::Committer> committer;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<FakePeers> peers;
  std::unique_ptr<FollowRunner> runner;
};

}  // namespace meguri::node::testing
