// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "meguri/feed/v1/feed.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "record/feed.h"

namespace meguri::node {

// The publisher does not send a feed, now.
struct FeedDenied {
  std::string feed;
  absl::Status status;
};

// What a followed stream brings: one of these, or none for an idle heartbeat.
struct FollowEvent {
  absl::optional<feed::v1::FeedTarget> target;
  absl::optional<feed::v1::FeedBatch> batch;
  absl::optional<FeedDenied> denial;
  absl::optional<record::v1::SignedBody> registry_heartbeat;
  absl::optional<feed::v1::FeedHeartbeat> feed_heartbeat;
  size_t bytes = 0;  // of the whole message
};

struct FollowPosition {
  record::FeedName feed;
  uint64_t epoch = 1;
  uint64_t size = 0;
  uint32_t purpose = 0;  // that is stated, a number of AccessPurpose; 0: none
};

// Whom to call.
struct PeerAddress {
  record::ParticipantId member;  // who is asked, of the members that the node may host
  // What the other end's certificate must say; one that ends in "/node/" stands for any node of that member.
  std::string node_identity;
  std::vector<std::string> addresses;  // host:port, tried in turn
};

struct FollowCall {
  PeerAddress peer;
  record::ParticipantId acting_member;
  record::ParticipantId publisher;
  std::vector<FollowPosition> feeds;
};

// Takes what a stream brings. Calls come one at a time.
class FollowSink {
 public:
  virtual ~FollowSink() = default;
  // The next event comes only after `more` was called. May be called on any thread; must not block.
  virtual void OnEvent(FollowEvent event, absl::AnyInvocable<void()> more) = 0;
  // The last call: the stream has ended.
  virtual void OnEnd(absl::Status status) = 0;
};

// An open stream. Cancelling is asynchronous: OnEnd still comes.
class FollowStream {
 public:
  virtual ~FollowStream() = default;
  virtual void Cancel() = 0;
};

// Calls to other nodes, as following needs them. Thread-safe.
class PeerClient {
 public:
  virtual ~PeerClient() = default;
  // Never blocks. `sink` lives until its OnEnd has returned.
  virtual std::unique_ptr<FollowStream> Follow(const FollowCall& call, std::shared_ptr<FollowSink> sink) = 0;
};

}  // namespace meguri::node
