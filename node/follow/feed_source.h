// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/mutex.h"
#include "meguri/feed/v1/feed.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/public_key.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Serves the feeds that the members of this node publish: signed heads, and batches with proofs. Who may read which
// feed is the caller's decision. Thread-safe.
class FeedSource {
 public:
  // `feed_signers` holds the feed key of every hosted member.
  FeedSource(std::string federation, const storage::OrderedStore& store,
             absl::flat_hash_map<record::ParticipantId, const record::Signer*> feed_signers);

  bool Publishes(const record::ParticipantId& publisher) const { return feed_signers_.contains(publisher); }

  // A feed that does not exist yet is empty. NOT_FOUND (reason NOT_HOSTED) if the publisher is not of this node.
  struct Head {
    absl::optional<storage::FeedId> id;
    uint64_t size = 0;
    std::string checkpoint;  // signed note
  };
  absl::StatusOr<Head> ReadHead(const record::FeedKey& feed) const;

  // The entries from `start` on, as many as fit into a message, none beyond `target_size`, with their records and the
  // proof to the tree of `target_size`. OUT_OF_RANGE (reason FEED_POSITION) if start > target_size.
  absl::StatusOr<feed::v1::FeedBatch> ReadBatch(const record::FeedKey& feed, storage::FeedId id, uint64_t start,
                                                uint64_t target_size) const;

 private:
  const std::string federation_;
  const storage::OrderedStore& store_;
  const absl::flat_hash_map<record::ParticipantId, const record::Signer*> feed_signers_;

  // The newest note of each feed: a feed's head is asked for by every follower and signed once.
  mutable Mutex mutex_;
  mutable absl::flat_hash_map<record::FeedKey, std::pair<uint64_t, std::string>> notes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
