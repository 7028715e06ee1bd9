// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/random.h"
#include "record/feed.h"
#include "record/heads.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/openings.h"
#include "storage/ordered_store.h"

namespace meguri::node {

inline constexpr size_t kOpeningsMax = 256;       // in one answer
inline constexpr size_t kOpenedEntriesMax = 512;  // that are looked at for one answer
inline constexpr size_t kHeadsTreesKept = 8;      // in memory: followers ask for the newest

// What is asked of one feed: openings from this entry of `heads` on.
struct OpeningsAsked {
  record::FeedName feed;
  uint64_t from = 0;
};

// The feed `heads` of one member, in which it commits what it keeps in the feeds that not everybody may read.
// Thread-safe.
class HeadsLog {
 public:
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  // Borrowed arguments outlive the log.
  HeadsLog(std::string federation, record::ParticipantId member, const storage::SnapshotReader& store,
           storage::Committer& committer, Random& random);

  // Appends an entry that commits the narrower feeds as they are now; also if nothing has changed since the last one,
  // so that their number tells nothing. Nothing while the one before is being written. `done` is called once, on any
  // thread.
  void Append(Done done);

  // For each of `asked`, what opens it in the entries from there on, ascending; together at most kOpeningsMax. Entries
  // that are too old, and in which the feed is not committed, are left out.
  absl::StatusOr<std::vector<std::vector<record::Opening>>> Open(const std::vector<OpeningsAsked>& asked) const;

 private:
  struct Committed {
    storage::v1::StoredHeadsEntry opens;
    std::shared_ptr<const record::HeadsTree> tree;
    // Numbers and origins of those that have grown since an opening of them was kept.
    std::vector<std::pair<storage::FeedId, std::string>> grown;
  };
  absl::StatusOr<Committed> CommitNow() const;
  absl::Status Write(const Committed& committed, storage::CommitScope& scope) const;
  // The tree of an entry; null if the entry cannot be opened.
  absl::StatusOr<std::shared_ptr<const record::HeadsTree>> TreeOf(const storage::StoreReader& store,
                                                                  storage::FeedId heads, uint64_t index) const;

  const std::string federation_;
  const record::ParticipantId member_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  Random& random_;
  std::atomic<bool> is_appending_ = false;
  mutable Mutex mutex_;
  mutable std::map<uint64_t, std::shared_ptr<const record::HeadsTree>> trees_ ABSL_GUARDED_BY(mutex_);  // by index
};

}  // namespace meguri::node
