// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "base/mutex.h"
#include "node/follow/follow_runner.h"
#include "record/participant_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Lets a member hear from those with whom it corresponds, whom nobody named beforehand: it follows the feed
// `to/<member>` of each member that it writes to, and of each that asks for what the member wrote to it. So the first
// letter makes the writer ask for an answer, and by asking, the reader learns that there is a letter (ADR 0021).
// Thread-safe.
class Correspondents {
 public:
  Correspondents(FollowRunner& follows, const record::ParticipantId& member, const storage::StoreReader& store);

  // Notes those to whom the member has written before.
  absl::Status Load();
  // Feeds have grown: notes those to whom the member has written now. On the committer's thread.
  void OnGrown(const std::vector<storage::FeedId>& grown);
  // `reader` has asked for `feed`.
  void OnAsked(const record::ParticipantId& reader, const record::FeedKey& feed);
  // Whether FollowNoted has anything to do.
  bool HasNoted() const;
  // Follows those who were noted, unless they are followed already; waits for the disk. Whom that failed for is left
  // until noted again.
  absl::Status FollowNoted();

 private:
  void Note(const record::ParticipantId& other);
  // Whom an own feed is for; nullopt of other feeds.
  absl::optional<record::ParticipantId> AddresseeOf(const storage::HeldFeed& feed) const;

  FollowRunner& follows_;
  const record::ParticipantId member_;
  const record::FeedName feed_;  // that of others which is for this member
  const storage::StoreReader& store_;
  // The committer's: a feed that grows is looked up once.
  absl::flat_hash_map<storage::FeedId, absl::optional<record::ParticipantId>> addressees_;
  mutable Mutex mutex_;
  absl::btree_set<record::ParticipantId> noted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
