// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "record/feed.h"
#include "record/merkle.h"
#include "record/participant_id.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// A feed as one member holds it: its own, or its replica of a peer's. The number is local to this store.
using FeedId = uint32_t;

struct HeldFeed {
  record::ParticipantId holder;  // the member on whose behalf it is kept; equals key.publisher for an own feed
  record::FeedKey key;

  bool is_own() const { return holder == key.publisher; }
  friend auto operator<=>(const HeldFeed&, const HeldFeed&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const HeldFeed& feed) {
    return H::combine(std::move(state), feed.holder, feed.key);
  }
};

struct FeedHead {
  FeedId id = 0;
  record::Frontier frontier;
  // Replica: newest verified note of the publisher, whose size may be ahead of the frontier. Own: empty.
  std::string checkpoint;
  // Replica: older notes whose size is ahead of the frontier too, ascending.
  std::vector<std::string> promises;
  // Replica: the newest note all of whose entries are here, with which they are proven to others. Empty before there is
  // one, and in a store from before it was kept.
  std::string settled;
  // Replica: when, as its publisher signed, the feed had no more than is here. InfinitePast: never.
  absl::Time heard = absl::InfinitePast();

  uint64_t size() const { return frontier.size(); }
};

// Feeds with their Merkle trees. Reading is stateless and thread-safe; appending goes through a transaction.
//
// Level 0 hashes are kept as tiles of 256 once full, and derived from the entries before that; each higher tile holds
// the hashes 8 levels up. So a proof reads O(log n) values.
class Feeds {
 public:
  explicit Feeds(const StoreReader& store) : store_(store) {}

  // The number of a feed, or nullopt if this store holds none.
  absl::StatusOr<absl::optional<FeedId>> Find(const HeldFeed& feed) const;
  // NOT_FOUND with reason FEED_UNKNOWN if the number is not assigned, here and below.
  absl::StatusOr<HeldFeed> Describe(FeedId id) const;
  absl::StatusOr<HeldFeed> Describe(const Transaction& transaction, FeedId id) const;
  // Every feed that `holder` holds, own and replica, by key.
  absl::StatusOr<std::vector<std::pair<HeldFeed, FeedId>>> HeldBy(const record::ParticipantId& holder) const;
  // Every own feed of every member.
  absl::StatusOr<std::vector<std::pair<HeldFeed, FeedId>>> All() const;
  absl::StatusOr<FeedHead> ReadHead(FeedId id) const;
  // Up to `count` entries from `start` on, as their 41 bytes.
  absl::StatusOr<std::vector<std::string>> ReadEntries(FeedId id, uint64_t start, size_t count) const;
  // The hash of the perfect subtree (level, index) of leaves that are stored. DATA_LOSS if they are not.
  absl::StatusOr<record::Hash> ReadNode(FeedId id, uint32_t level, uint64_t index) const;

  // Returns the number of `feed`, assigning one if it is new.
  absl::StatusOr<FeedId> FindOrCreate(Transaction& transaction, const HeldFeed& feed) const;
  // Appends an entry (41 bytes) to the tree. Returns its index.
  absl::StatusOr<uint64_t> Append(Transaction& transaction, FeedId id, absl::string_view entry) const;
  // Appends entries in order, which costs less than one by one: the head is read and written once, each tile too.
  // Returns the index of the first.
  absl::StatusOr<uint64_t> AppendMany(Transaction& transaction, FeedId id, absl::Span<const std::string> entries) const;
  // The head as `transaction` leaves it.
  absl::StatusOr<FeedHead> ReadHead(const Transaction& transaction, FeedId id) const;
  // Replica: keeps the publisher's newest verified note.
  absl::Status SetCheckpoint(Transaction& transaction, FeedId id, absl::string_view note) const;
  // Replica: keeps the newest note all of whose entries are stored.
  absl::Status SetSettled(Transaction& transaction, FeedId id, absl::string_view note) const;
  // Replica: keeps when the publisher last said that there is no more. Never goes back.
  absl::Status SetHeard(Transaction& transaction, FeedId id, absl::Time heard) const;
  // Replica: keeps the older notes that are not made good yet, in place of those that were kept.
  absl::Status SetPromises(Transaction& transaction, FeedId id, absl::Span<const std::string> notes) const;

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
