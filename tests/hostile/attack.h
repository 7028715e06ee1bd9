// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "meguri/feed/v1/feed_service.pb.h"
#include "tests/hostile/feed_of_lies.h"

namespace meguri::hostile {

// What a follower asked for, and of whom.
struct Scene {
  const Publisher& publisher;
  std::string feed;
  size_t position = 0;             // entries that the follower says it has
  int connection = 1;              // 1, 2 … since this program began
  record::v1::RecordFile foreign;  // a genuine record of another publisher, if there is one
};

// How a stream ends, if it does not stay open.
struct StreamEnd {
  int code = 0;         // a grpc::StatusCode
  std::string message;  // any bytes
  std::string reason;   // any bytes
};

// What the evil node answers.
struct Script {
  std::vector<feed::v1::FollowResponse> responses;
  absl::optional<StreamEnd> end;
};

struct Attack {
  std::string name;
  std::function<Script(const Scene&)> play;
};

// Every feed begins with so many sound entries, the same in every run: what a follower has before it is attacked.
inline constexpr size_t kHonestSize = 3;
// The sound entries of a feed, and `more` that no follower has seen.
std::vector<feed::v1::FeedItem> HonestItems(const Scene& scene, size_t more = 0);
// The items that HonestItems adds, in one signed batch.
std::vector<feed::v1::FeedItem> FreshItems(const Scene& scene, size_t count);

feed::v1::FollowResponse TargetOf(const Scene& scene, const std::string& checkpoint);
feed::v1::FollowResponse BatchOf(feed::v1::FeedBatch batch);
// Promises the whole of `feed` and sends it from the follower's position on.
Script Serve(const Scene& scene, const Feed& feed);
// One bit of `bytes` is not what it was.
void FlipBit(std::string& bytes);

// By kind. None is in two lists.
std::vector<Attack> ItemAttacks();
std::vector<Attack> BatchAttacks();
std::vector<Attack> CheckpointAttacks();
// All of them, and `honest`.
std::vector<Attack> Attacks();

}  // namespace meguri::hostile
