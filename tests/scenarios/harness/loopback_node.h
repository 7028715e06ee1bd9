// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "meguri/passport/v1/identity.pb.h"
#include "node/access/access_state.h"
#include "node/follow/checkpoint_exchange.h"
#include "node/follow/correspondents.h"
#include "node/follow/feed_source.h"
#include "node/follow/follow_runner.h"
#include "node/follow/opening_watch.h"
#include "node/follow/receipt_book.h"
#include "node/publish/heads_log.h"
#include "node/publish/publisher.h"
#include "node/query/prove.h"
#include "node/query/query.h"
#include "record/section.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"
#include "tests/scenarios/harness/loopback_peers.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

namespace meguri::scenarios {

// The registry as every node of a scenario knows it. Whoever changes it wakes those whom it concerns.
class FixedRegistry final : public node::PublisherRegistry, public node::FollowRegistry {
 public:
  FixedRegistry(certs::TrustBundle bundle, std::shared_ptr<const certs::Registry> registry)
      : bundle_(std::move(bundle)), registry_(std::move(registry)) {}
  std::shared_ptr<const certs::Registry> Get() const override {
    MutexLock lock(mutex_);
    return registry_;
  }
  void Set(std::shared_ptr<const certs::Registry> registry) {
    MutexLock lock(mutex_);
    registry_ = std::move(registry);
  }
  const certs::TrustBundle& bundle() const override { return bundle_; }
  absl::Status AcceptHeartbeat(const record::v1::SignedBody&) override { return absl::OkStatus(); }

 private:
  const certs::TrustBundle bundle_;
  mutable Mutex mutex_;
  std::shared_ptr<const certs::Registry> registry_ ABSL_GUARDED_BY(mutex_);
};

// Scenarios look at the state of follows, not at what was said of them; only what no state shows is kept.
class FewReports final : public node::FollowReporter {
 public:
  void Report(const node::FollowReport& report) override {
    if (report.kind == node::FollowReport::Kind::kContradicted) {
      MutexLock lock(mutex_);
      contradictions_.push_back(report);
    }
  }
  std::vector<node::FollowReport> contradictions() const {
    MutexLock lock(mutex_);
    return contradictions_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<node::FollowReport> contradictions_ ABSL_GUARDED_BY(mutex_);
};

// The feed key of one member, the same all the time.
class FixedFeedSigners final : public node::FeedSigners {
 public:
  explicit FixedFeedSigners(const certs::testing::Member& member) : member_(member) {}
  std::shared_ptr<const record::Signer> Find(const record::FeedKey& feed) const override {
    const record::Signer* key = feed.publisher.text() == member_.id ? member_.feed_key.get() : nullptr;
    return {std::shared_ptr<const record::Signer>(), key};  // the member outlives the node
  }

 private:
  const certs::testing::Member& member_;
};

// What a member publishes in a scenario. A passport has a public identity.
struct Draft {
  record::RecordId record_id;
  std::string name;
  std::vector<record::SectionDraft> more;
  // Else that of a batch of washing machines with this name.
  absl::optional<passport::v1::Identity> identity = absl::nullopt;
  record::v1::RecordType record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
  std::vector<std::string> addressees = {};
  uint64_t version = 1;
  absl::optional<record::Hash> previous = absl::nullopt;  // of the version before, unless this is the first
  bool is_tombstone = false;
  record::v1::TombstoneReason tombstone_reason = record::v1::TOMBSTONE_REASON_WITHDRAWN;
  record::v1::Audience identity_audience = record::v1::AUDIENCE_PUBLIC;  // of a passport
};

// Seals and signs versions of `drafts` under one signature.
std::vector<node::Publication> MakePublications(const std::vector<Draft>& drafts,
                                                const certs::testing::Member& publisher, absl::Time now,
                                                Random& random);

// One node of a scenario: everything of a real one but the edges. The store and the anchor are the disk, and outlive
// it.
class LoopbackNode {
 public:
  static constexpr uint64_t kBytesMax = uint64_t{1} << 40;
  // One that nothing comes near.
  static node::FollowQuota WideQuota() { return {1'000'000, kBytesMax}; }
  struct Disk {
    storage::OrderedStore& store;
    storage::Anchor& anchor;
  };
  LoopbackNode(const certs::testing::Member& member, FixedRegistry& registry, Disk disk, LoopbackPeers& peers,
               testing::FakeClock& clock, uint64_t seed, const node::FollowQuota& quota = WideQuota());
  ~LoopbackNode();

  const record::ParticipantId& id() const { return id_; }

  // Publishes and waits for the answer.
  absl::StatusOr<node::Published> Publish(std::vector<node::Publication> publications,
                                          const std::string& request_id = "");
  absl::Status Follow(const LoopbackNode& publisher, const std::vector<std::string>& feeds,
                      const absl::optional<record::ParticipantId>& relay = absl::nullopt, uint32_t purpose = 0);
  absl::Status Unfollow(const LoopbackNode& publisher, const std::string& feed);
  // Lets the follows run, and time pass, until `is_over`. False if it took longer than any scenario should.
  bool RunFollowsUntil(const std::function<bool()>& is_over);
  // Does once what time makes a node do.
  void Tick();
  // The same until the replica of `feed` holds `size` entries.
  bool CatchUp(const LoopbackNode& publisher, const std::string& feed, uint64_t size);
  bool Follows(const LoopbackNode& publisher, const std::string& feed) const {
    return follows_->Follows(id_, publisher.id(), certs::testing::ValueOf(record::FeedName::Parse(feed)));
  }
  node::FollowStatus StatusOf(const LoopbackNode& publisher, const std::string& feed) const;

  const node::Query& query() const { return *query_; }
  const node::Prover& prover() const { return *prover_; }
  node::CheckpointExchange& exchange() { return *exchange_; }
  const node::FeedSource& source() const { return *source_; }
  const node::KnownRelays& relays() const { return follows_->relays(); }
  // What was reported of own feeds that others contradict.
  std::vector<node::FollowReport> contradictions() const { return reports_.contradictions(); }
  storage::OrderedStore& store() { return disk_.store; }
  storage::Committer& committer() { return *committer_; }
  // The reader that this node's own clients are, and the one that another member's node is here.
  node::QueryReader Client() const;
  node::QueryReader ReaderFor(const record::ParticipantId& other, uint32_t purpose = 0) const;
  // Whether this node lets another member follow a feed, its own or a copy, as its edge decides.
  bool LetsFollow(const record::ParticipantId& other, const record::FeedKey& feed, uint32_t purpose) const;
  const node::AccessState& access() const { return *access_; }
  // What the clock of the node does by itself, without its follows.
  void TickAccess();
  // Takes up a head of `publisher`'s feed that witnesses have cosigned, as a node does that has asked them.
  void TakeCosigned(const LoopbackNode& publisher, const std::string& feed, const std::string& note);
  // Makes an entry of its feed `heads`.
  void CommitHeads();
  // What it answers to somebody who asks for openings.
  std::vector<feed::v1::FeedOpenings> Open(const node::OpeningCall& call) const;
  node::OpenedStatus OpenedOf(const LoopbackNode& publisher, const std::string& feed) const;
  // One piece of what it fills the feeds of offers with.
  void FillOnce();

 private:
  const record::ParticipantId id_;
  FixedRegistry& registry_;
  const Disk disk_;
  LoopbackPeers& peers_;
  testing::FakeClock& clock_;
  testing::SeededRandom random_;
  const FixedFeedSigners signers_;
  Mutex commit_mutex_;
  CondVar committed_;  // something was committed

  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<node::AccessState> access_;
  std::unique_ptr<node::Publisher> publisher_;
  std::unique_ptr<node::Query> query_;
  std::unique_ptr<node::FeedSource> source_;
  std::unique_ptr<node::HeadsLog> heads_log_;
  std::unique_ptr<node::Prover> prover_;
  FewReports reports_;
  std::unique_ptr<node::FollowRunner> follows_;
  std::unique_ptr<node::ReceiptBook> receipts_;
  std::unique_ptr<node::CheckpointExchange> exchange_;
  std::unique_ptr<node::OpeningWatch> opening_watch_;
  std::unique_ptr<node::Correspondents> correspondents_;
};

}  // namespace meguri::scenarios
