// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "node/follow/feed_source.h"
#include "node/follow/opening_watch.h"
#include "node/follow/peer_client.h"
#include "record/participant_id.h"

namespace meguri::scenarios {

// The network of a scenario: a stream is a thread that reads one node's feeds and hands them to another's sink.
// Thread-safe.
class LoopbackPeers final : public node::PeerClient, public node::OpeningPeer {
 public:
  LoopbackPeers() = default;

  // Told who asks for which feed.
  using Asked = std::function<void(const record::ParticipantId& reader, const record::FeedKey& feed)>;
  // Whether a reader may follow a feed now, who states a purpose (an AccessPurpose).
  using MayFollow =
      std::function<bool(const record::ParticipantId& reader, const record::FeedKey& feed, uint32_t purpose)>;

  // What a publisher opens of feeds that the reader may follow.
  using Opens = std::function<std::vector<feed::v1::FeedOpenings>(const node::OpeningCall& call)>;

  // A node that can be followed, until it is taken away. Its streams end then.
  void Add(const record::ParticipantId& publisher, const node::FeedSource& source, Asked asked, MayFollow may_follow,
           Opens opens = nullptr);
  // Lets it answer otherwise.
  void SetOpens(const record::ParticipantId& publisher, Opens opens);
  void Remove(const record::ParticipantId& publisher);
  // Its feeds may have grown, or who may read them may have changed.
  void Wake(const record::ParticipantId& publisher);

  std::unique_ptr<node::FollowStream> Follow(const node::FollowCall& call,
                                             std::shared_ptr<node::FollowSink> sink) override;
  void GetOpenings(const node::OpeningCall& call, node::OpeningPeer::Done done) override;

 private:
  // What all streams of a publisher wait for.
  struct Publisher {
    Mutex mutex;
    CondVar changed;
    const node::FeedSource* source ABSL_GUARDED_BY(mutex) = nullptr;
    Asked asked ABSL_GUARDED_BY(mutex);
    MayFollow may_follow ABSL_GUARDED_BY(mutex);
    Opens opens ABSL_GUARDED_BY(mutex);
    uint64_t wake_count ABSL_GUARDED_BY(mutex) = 0;
    int streams ABSL_GUARDED_BY(mutex) = 0;
  };
  class Stream;

  std::shared_ptr<Publisher> Find(const record::ParticipantId& publisher);

  Mutex mutex_;
  std::map<record::ParticipantId, std::shared_ptr<Publisher>> publishers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::scenarios
