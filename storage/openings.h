// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/storage/v1/heads.pb.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// What the newest entries of an own feed `heads` are opened with. Older ones are opened no more: at one entry in five
// minutes these are those of a week.
inline constexpr uint64_t kOpenableEntriesMax = 2016;

// Of what was committed of a feed the last opening is kept for good in each such span of entries, which is an hour at
// one entry in five minutes, if the feed has grown: it shows how early entries were there.
inline constexpr uint64_t kOpeningSpan = 12;

// The feed `heads` of `publisher`, as `holder` has it.
HeldFeed HeadsFeedOf(const record::ParticipantId& holder, const record::ParticipantId& publisher);

// What opens entries of feeds `heads`, own ones and those of publishers that are followed. Stateless; thread-safe.
class Openings {
 public:
  explicit Openings(const StoreReader& store) : store_(store) {}

  // Own: appends `entry` to the feed `heads` of `member`, keeps what opens it, and lets go of what opened the one that
  // is kOpenableEntriesMax entries older. Returns the index.
  static absl::StatusOr<uint64_t> Append(const record::ParticipantId& member, const record::FeedEntry& entry,
                                         const v1::StoredHeadsEntry& opens, const Feeds& feeds,
                                         Transaction& transaction);
  // What opens the entry `index`; nullopt if it is too old, or not there.
  absl::optional<v1::StoredHeadsEntry> Find(FeedId heads, uint64_t index) const;

  // Of a narrower feed, own or replica: how far it was opened; nullopt if nobody has looked yet.
  absl::StatusOr<absl::optional<v1::StoredOpened>> Opened(FeedId feed) const;
  absl::StatusOr<absl::optional<v1::StoredOpened>> Opened(const Transaction& transaction, FeedId feed) const;
  // Keeps it, and `opened.newest` for good: in place of the one before if that is of the same span, and not at all if
  // the feed has not grown.
  absl::Status PutOpened(Transaction& transaction, FeedId feed, const v1::StoredOpened& opened) const;
  // Openings that are kept for good of heads that include the entry `index`, the smallest first, at most `count`.
  absl::StatusOr<std::vector<record::v1::Opening>> KeptCovering(FeedId feed, uint64_t index, size_t count) const;
  // As if nobody had looked yet.
  static void ForgetOpened(Transaction& transaction, FeedId feed);

 private:
  const StoreReader& store_;
};

// For fsck: whether a setting is one of these, and what is wrong with it. What the messages say must be so by itself,
// and roots must be those of the feeds that are here.
bool IsOpeningKey(absl::string_view key);
absl::Status CheckOpeningSetting(const StoreReader& store, absl::string_view key, absl::string_view stored);

}  // namespace meguri::storage
