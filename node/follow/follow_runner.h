// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/random.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "node/follow/follower.h"
#include "node/follow/peer_client.h"
#include "record/batch.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"
#include "storage/settings.h"

namespace meguri::node {

enum class FollowState { kConnecting, kCatchingUp, kLive, kWaiting, kQuarantined };

struct FollowStatus {
  storage::HeldFeed feed;
  FollowState state = FollowState::kWaiting;
  uint64_t size = 0;
  uint64_t target_size = 0;
  std::string last_error;
  std::string last_error_reason;
};

// What following needs of the registry.
class FollowRegistry {
 public:
  virtual ~FollowRegistry() = default;
  virtual std::shared_ptr<const certs::Registry> Get() const = 0;
  virtual const certs::TrustBundle& bundle() const = 0;
  virtual absl::Status AcceptHeartbeat(const record::v1::SignedBody& heartbeat) = 0;
};

// Keeps the replicas of hosted members: one stream per (member, publisher) with all its feeds. A stream that breaks is
// tried again with growing, jittered pauses; a publisher that is caught (rollback, fork) is quarantined until an
// operator removes and adds the follow. Thread-safe.
class FollowRunner {
 public:
  FollowRunner(FollowRegistry& registry, PeerClient& peers, const storage::StoreReader& store,
               storage::Committer& committer, Executor& executor, const Clock& clock, Random& random);
  ~FollowRunner();
  // Cancels every stream, waits until they have ended, and opens none any more.
  void Stop();

  // Takes up what the store says is followed.
  absl::Status Load();
  // Starts (or continues) following; kept over restarts. FAILED_PRECONDITION with reason QUARANTINED.
  absl::Status Add(const record::ParticipantId& member, const record::ParticipantId& publisher,
                   const std::vector<record::FeedName>& feeds);
  // Stops following; what was received stays. No feeds: all of the publisher's.
  absl::Status Remove(const record::ParticipantId& member, const record::ParticipantId& publisher,
                      const std::vector<record::FeedName>& feeds);
  std::vector<FollowStatus> Status(const record::ParticipantId& member) const;

  // Opens the streams that are due. Call it some times a second.
  void Tick();
  // Lets every stream that waits try again at the next Tick: the registry has changed.
  void RetryNow();

 private:
  class Session;
  struct SessionKey {
    record::ParticipantId member;
    record::ParticipantId publisher;
    friend auto operator<=>(const SessionKey&, const SessionKey&) = default;
  };

  absl::Status CheckNoneIsQuarantined(const SessionKey& key, const std::vector<record::FeedName>& feeds) const;
  std::shared_ptr<Session> FindOrAddSession(const SessionKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FollowRegistry& registry_;
  PeerClient& peers_;
  const storage::StoreReader& store_;
  storage::Committer& committer_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  record::VerifiedRoots verified_roots_;

  mutable Mutex mutex_;
  std::map<SessionKey, std::shared_ptr<Session>> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
