// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/attack.h"

#include <utility>

#include "base/bytes.h"

namespace meguri::hostile {
namespace {

constexpr uint64_t kFreshSeed = 1000;

}  // namespace

std::vector<feed::v1::FeedItem> FreshItems(const Scene& scene, size_t count) {
  return scene.publisher.MakeItems(kFreshSeed + count, count);
}

std::vector<feed::v1::FeedItem> HonestItems(const Scene& scene, size_t more) {
  // Another feed holds other records.
  std::vector<feed::v1::FeedItem> items =
      scene.publisher.MakeItems(ReadU64(record::Sha256(scene.feed).view()), kHonestSize);
  if (more > 0) {
    for (feed::v1::FeedItem& item : FreshItems(scene, more)) {
      items.push_back(std::move(item));
    }
  }
  return items;
}

feed::v1::FollowResponse TargetOf(const Scene& scene, const std::string& checkpoint) {
  feed::v1::FollowResponse response;
  response.mutable_target()->set_feed(scene.feed);
  response.mutable_target()->set_checkpoint(checkpoint);
  return response;
}

feed::v1::FollowResponse BatchOf(feed::v1::FeedBatch batch) {
  feed::v1::FollowResponse response;
  *response.mutable_batch() = std::move(batch);
  return response;
}

Script Serve(const Scene& scene, const Feed& feed) {
  Script script;
  script.responses.push_back(TargetOf(scene, feed.Checkpoint(feed.size())));
  if (scene.position < feed.size()) {
    script.responses.push_back(BatchOf(feed.Batch(scene.position, feed.size(), feed.size())));
  }
  return script;
}

void FlipBit(std::string& bytes) {
  Invariant(!bytes.empty(), "there is a bit to flip");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
}

std::vector<Attack> Attacks() {
  std::vector<Attack> attacks = {{"honest", [](const Scene& scene) {
                                    return Serve(scene, Feed(scene.publisher, scene.feed, HonestItems(scene)));
                                  }}};
  for (std::vector<Attack> (*list)() : {&ItemAttacks, &BatchAttacks, &CheckpointAttacks}) {
    for (Attack& attack : list()) {
      attacks.push_back(std::move(attack));
    }
  }
  return attacks;
}

}  // namespace meguri::hostile
