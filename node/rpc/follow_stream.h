// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "node/follow/feed_source.h"
#include "node/membership/registry_state.h"
#include "node/rpc/audit_edge.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/call_end.h"
#include "storage/feeds.h"

namespace meguri::node {

class FollowStreamReactor;

// Whether `caller` may read `feed` now. PERMISSION_DENIED with reason FEED_NOT_READABLE, or that of its registration;
// otherwise as FeedSource::CheckServed. A copy of the feed of an offer that may not be handed on to the caller looks
// like one that is not here.
absl::Status CheckFeedAccess(const Caller& caller, const record::FeedKey& feed, const Authenticator& authenticator,
                             const FeedSource& source);

// The open Follow streams of this node. Thread-safe.
class FollowStreams {
 public:
  // Told of every feed that an active member asks for.
  using Asked = std::function<void(const record::ParticipantId& reader, const record::FeedKey& feed)>;

  FollowStreams(const Authenticator& authenticator, const FeedSource& source, const RegistryState& registry,
                const AuditEdge& audit, Executor& executor, const Clock& clock, Asked asked);
  ~FollowStreams();

  // Starts the reactor of one call; `request` holds a FollowRequest.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(absl::StatusOr<Caller> caller, const grpc::ByteBuffer& request,
                                                    CallEnd end);

  // Feeds have grown: those who follow them get the news now.
  void OnGrown(const std::vector<storage::FeedId>& grown);
  // The registry or its heartbeat has changed, or what is granted: every stream is judged again, and those whose right
  // is gone end.
  void OnRightsChanged();
  // Ends every stream; those that come later are refused.
  void Close();
  // Sends heartbeats where they are due. Call it about once a second.
  void Tick();

 private:
  friend class FollowStreamReactor;
  // Whether one more stream may be opened.
  absl::Status CheckRoomLocked(const FollowStreamReactor& reactor) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeIf(absl::FunctionRef<bool(const FollowStreamReactor&)> wanted);
  void Remove(FollowStreamReactor* reactor);

  const Authenticator& authenticator_;
  const FeedSource& source_;
  const RegistryState& registry_;
  const AuditEdge& audit_;
  Executor& executor_;
  const Clock& clock_;
  const Asked asked_;
  Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<FollowStreamReactor*, std::weak_ptr<FollowStreamReactor>> reactors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
