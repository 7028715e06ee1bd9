// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// Of the heads of a followed feed the newest is kept with the time at which it was here first, and for good the last of
// each such span of time: so an entry can be shown to have been here at most so long after it came.
inline constexpr absl::Duration kFirstSeenSpan = absl::Minutes(10);

// A signed head all of whose entries were here.
struct SeenHead {
  uint64_t size = 0;
  absl::Time time;

  friend bool operator==(const SeenHead&, const SeenHead&) = default;
};

// When heads of replicas were here first, by the clock of this node. Stateless; thread-safe.
class FirstSeen {
 public:
  explicit FirstSeen(const StoreReader& store) : store_(store) {}

  // Keeps that the head of `size` entries is here now, unless one as large was before. A clock that goes back does not
  // make it earlier than a smaller head.
  static absl::Status Note(Transaction& transaction, FeedId feed, uint64_t size, absl::Time now);

  // Lets go of all that is kept of a feed, which is no replica any more.
  absl::Status Forget(Transaction& transaction, FeedId feed) const;

  // The earliest head with the entry `index`; nullopt if it is not known when one came.
  absl::optional<SeenHead> Covering(FeedId feed, uint64_t index) const;
  // At most `count` heads: the newest, and then older ones from the size `from` on and around.
  std::vector<SeenHead> Some(FeedId feed, uint64_t from, size_t count) const;

 private:
  absl::optional<SeenHead> Newest(FeedId feed) const;

  const StoreReader& store_;
};

// For fsck: whether a setting is one of these, and what is wrong with it. A head that is not here cannot have been
// seen.
bool IsFirstSeenKey(absl::string_view key);
absl::Status CheckFirstSeen(const StoreReader& store, absl::string_view key, absl::string_view stored);

}  // namespace meguri::storage
