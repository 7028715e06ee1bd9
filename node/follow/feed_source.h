// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/mutex.h"
#include "meguri/feed/v1/carried.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/hash.h"
#include "record/public_key.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// The feed keys of the members that this node publishes for. Thread-safe.
class FeedSigners {
 public:
  virtual ~FeedSigners() = default;
  // The key that signs the heads of `feed` now. Null if this node does not publish for its member.
  virtual std::shared_ptr<const record::Signer> Find(const record::FeedKey& feed) const = 0;
};

// Serves the feeds that the members of this node publish: signed heads, and batches with proofs. Who may read which
// feed is the caller's decision. Thread-safe.
class FeedSource {
 public:
  // Borrowed arguments outlive the source.
  FeedSource(std::string federation, const storage::StoreReader& store, const FeedSigners& feed_signers);

  bool Publishes(const record::ParticipantId& publisher) const {
    return feed_signers_.Find({publisher, record::FeedName::Public(), 1}) != nullptr;
  }

  // A feed that does not exist yet is empty. NOT_FOUND (reason NOT_HOSTED) if the publisher is not of this node.
  struct Head {
    absl::optional<storage::FeedId> id;
    uint64_t size = 0;
    record::Hash root;
    std::string checkpoint;  // signed note
  };
  absl::StatusOr<Head> ReadHead(const record::FeedKey& feed) const;
  // Signs that `head` is the head of `feed` now.
  absl::StatusOr<feed::v1::FeedHeartbeat> SignHeartbeat(const record::FeedKey& feed, const Head& head,
                                                        absl::Time now) const;

  // The entries from `start` on, as many as fit into a message, none beyond `target_size`, with their records and the
  // proof to the tree of `target_size`. OUT_OF_RANGE (reason FEED_POSITION) if start > target_size.
  absl::StatusOr<feed::v1::CarriedFeedBatch> ReadBatch(const record::FeedKey& feed, storage::FeedId id, uint64_t start,
                                                       uint64_t target_size) const;

 private:
  absl::StatusOr<std::shared_ptr<const record::Signer>> SignerOf(const record::FeedKey& feed) const;

  const std::string federation_;
  const storage::StoreReader& store_;
  const FeedSigners& feed_signers_;

  // The newest note of each feed: a feed's head is asked for by every follower and signed once by the key in force.
  struct SignedNote {
    uint64_t size;
    std::string text;
    std::shared_ptr<const record::Signer> signer;
  };
  mutable Mutex mutex_;
  mutable absl::flat_hash_map<record::FeedKey, SignedNote> notes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
