// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// Notes of feeds, own or replicas, that witnesses have signed too, and all of whose entries are here: the newest of
// each feed, and older ones that show how early entries were there. Stateless; thread-safe.
class CosignedNotes {
 public:
  explicit CosignedNotes(const StoreReader& store) : store_(store) {}

  // The newest; "" if nobody has cosigned a head of the feed.
  absl::StatusOr<std::string> Find(FeedId feed) const;
  absl::StatusOr<std::string> Find(const Transaction& transaction, FeedId feed) const;
  static void Put(Transaction& transaction, FeedId feed, absl::string_view note);

  // Kept notes of heads that include the entry `index`, the smallest first, at most `count`.
  absl::StatusOr<std::vector<std::string>> KeptCovering(FeedId feed, uint64_t index, size_t count) const;
  // Keeps `note`, of a head of `size` entries, for good. What is there of that size stays.
  static absl::Status Keep(Transaction& transaction, FeedId feed, uint64_t size, absl::string_view note);

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
