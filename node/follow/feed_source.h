// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/mutex.h"
#include "meguri/feed/v1/carried.pb.h"
#include "meguri/registry/v1/feed_base.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/hash.h"
#include "record/participant_id.h"
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
  // What shows a reader of `feed` where it stood when its publisher moved here; nullopt if the registry entry shows it,
  // or if it began since.
  virtual absl::optional<registry::v1::FeedBaseProof> BaseOf(const record::FeedKey& feed) const {
    (void)feed;
    return absl::nullopt;
  }
};

// Serves the feeds that the members of this node publish: signed heads, and batches with proofs. It hands on copies of
// others' feeds that are open to everyone or to every member, and of those of offers, with the heads, proofs and
// heartbeats of their publishers, byte for byte: whoever follows them trusts nothing of this node. Who may read which
// feed is the caller's decision, and of a copy of the feed of an offer, JudgeOnward's alone. Thread-safe.
class FeedSource {
 public:
  // Borrowed arguments outlive the source. What `relays_for` holds is handed on; nullopt: nothing is.
  FeedSource(std::string federation, const storage::StoreReader& store, const FeedSigners& feed_signers,
             absl::optional<record::ParticipantId> relays_for = absl::nullopt);

  bool Publishes(const record::ParticipantId& publisher) const {
    return feed_signers_.Find({publisher, record::FeedName::Public(), 1}) != nullptr;
  }

  // Serves the own feeds `heads` no more, and signs no head of them: others know of entries that are not here, and what
  // is signed on from here would be a fork. FAILED_PRECONDITION with reason HEADS_LOST from then on.
  void WithholdHeads() { are_heads_withheld_ = true; }

  // Whether such feeds are handed on if they are here.
  bool HandsOn(const record::FeedName& name) const;
  // What is said of a feed that is not served here.
  static absl::Status NotHandedOn(const record::FeedKey& feed);
  // OK if `feed` is served here. NOT_FOUND (reason NOT_HOSTED) if its publisher is not of this node, and no copy is
  // handed on. FAILED_PRECONDITION (reason COPY_QUARANTINED) if its publisher contradicted itself; UNAVAILABLE (reason
  // COPY_BEHIND) while no signed head proves the entries of the copy.
  absl::Status CheckServed(const record::FeedKey& feed) const;

  // An own feed that does not exist yet is empty. Not OK as CheckServed.
  struct Head {
    absl::optional<storage::FeedId> id;
    uint64_t size = 0;
    record::Hash root;
    std::string checkpoint;                                            // signed note
    absl::optional<registry::v1::FeedBaseProof> base = absl::nullopt;  // as of FeedSigners
  };
  absl::StatusOr<Head> ReadHead(const record::FeedKey& feed) const;
  // The publisher's word that `head` is the head of `feed`: signed now, once kFeedHeartbeat has passed since `last`; of
  // a copy, as it came, if it is newer than `last`, which is moved on to its time.
  absl::StatusOr<absl::optional<feed::v1::FeedHeartbeat>> NextHeartbeat(const record::FeedKey& feed, const Head& head,
                                                                        absl::Time now, absl::Time& last) const;

  // The entries from `start` on, as many as fit into a message and none from `end_max` on, with their records and the
  // proof to the tree of `target_size`, which has them all. OUT_OF_RANGE (reason FEED_POSITION) if start > target_size.
  absl::StatusOr<feed::v1::CarriedFeedBatch> ReadBatch(const record::FeedKey& feed, storage::FeedId id, uint64_t start,
                                                       uint64_t target_size, uint64_t end_max) const;

 private:
  absl::Status CheckNotWithheld(const record::FeedKey& feed) const;
  absl::Status CheckHandedOn(const record::FeedKey& feed) const;
  absl::StatusOr<Head> ReadCopyHead(const record::FeedKey& feed) const;
  absl::StatusOr<feed::v1::FeedHeartbeat> SignHeartbeat(const record::FeedKey& feed, const Head& head, absl::Time now,
                                                        const record::Signer& signer) const;
  absl::StatusOr<absl::optional<feed::v1::FeedHeartbeat>> CopiedHeartbeat(const record::FeedKey& feed, const Head& head,
                                                                          absl::Time& last) const;

  const std::string federation_;
  const storage::StoreReader& store_;
  const FeedSigners& feed_signers_;
  const absl::optional<record::ParticipantId> relays_for_;
  std::atomic<bool> are_heads_withheld_ = false;

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
