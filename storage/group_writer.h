// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "storage/anchor.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/own_heads.h"
#include "storage/transaction.h"

namespace meguri::storage {

// Makes groups durable: first in the store, then in the anchor. Thread-compatible.
class GroupWriter {
 public:
  static constexpr size_t kBulkBytes = 16 << 20;  // a group of this size is applied in bulk

  // As Committer::Start. Both outlive the writer.
  static absl::StatusOr<std::unique_ptr<GroupWriter>> Open(OrderedStore& store, Anchor& anchor);

  // Applies what `group` has written as one commit. Returns the feeds that grew. After an error nothing more may be
  // written: whether the group is in the store shows at the next Open.
  absl::StatusOr<std::vector<FeedId>> Persist(Transaction& group);

  uint64_t commit() const { return state_.commit; }
  Feeds& feeds() { return feeds_; }

 private:
  GroupWriter(OrderedStore& store, Anchor& anchor) : store_(store), anchor_(anchor), feeds_(store) {}
  absl::Status CompareWithAnchor(uint64_t commit);
  record::Hash DigestOwnHeads() const;
  absl::StatusOr<uint64_t> SizeBefore(FeedId id) const;
  // Notes the new head of `id` if the feed is an own one. Returns whether it is longer than `size_before`.
  absl::StatusOr<bool> FollowHead(FeedId id, uint64_t size_before);

  OrderedStore& store_;
  Anchor& anchor_;
  Feeds feeds_;
  absl::flat_hash_map<HeldFeed, OwnHead> own_heads_;
  absl::optional<uint64_t> stored_fencing_;  // as the store must still hold it when the next group is applied
  AnchorState state_;                        // as the next anchor will say, but for commit and own heads
};

}  // namespace meguri::storage
