// SPDX-License-Identifier: Apache-2.0
#include "node/publish/heads_log.h"

#include <algorithm>
#include <utility>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "record/hash.h"
#include "record/heads_feed.h"
#include "storage/value.h"

namespace meguri::node {

HeadsLog::HeadsLog(std::string federation, record::ParticipantId member, const storage::SnapshotReader& store,
                   storage::Committer& committer, Random& random)
    : federation_(std::move(federation)),
      member_(std::move(member)),
      store_(store),
      committer_(committer),
      random_(random) {}

absl::StatusOr<HeadsLog::Committed> HeadsLog::CommitNow() const {
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds feeds(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const auto held, feeds.HeldBy(member_));
  const record::Hash key(random_.Bytes<record::kHashSize>());
  Committed committed;
  committed.opens.set_key(key.ToString());
  std::vector<record::Checkpoint> heads;
  for (const auto& [feed, id] : held) {
    if (!feed.is_own() || !record::IsCommittedInHeads(feed.key.name)) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(id));
    record::Checkpoint& checkpoint = heads.emplace_back(
        record::Checkpoint{record::FeedOrigin(federation_, feed.key), head.size(), head.frontier.Root()});
    storage::v1::StoredHeadsEntry::Head& stored = *committed.opens.add_heads();
    stored.set_feed(id);
    stored.set_size(checkpoint.size);
    stored.set_root(checkpoint.root.ToString());
    MEGURI_ASSIGN_OR_RETURN(const auto opened, storage::Openings(*snapshot).Opened(id));
    if (checkpoint.size > (opened.has_value() ? opened->kept_size() : 0)) {
      committed.grown.emplace_back(id, checkpoint.origin);
    }
  }
  committed.tree = std::make_shared<const record::HeadsTree>(key, heads);
  return committed;
}

// What was published is proven to others by openings that are older than those which followers may ask for.
absl::Status HeadsLog::Write(const Committed& committed, storage::CommitScope& scope) const {
  MEGURI_ASSIGN_OR_RETURN(
      const uint64_t index,
      storage::Openings::Append(member_, committed.tree->entry(), committed.opens, scope.feeds, scope.transaction));
  for (const auto& [id, origin] : committed.grown) {
    const absl::optional<record::Opening> opening = committed.tree->Open(origin, index);
    if (opening.has_value()) {
      storage::v1::StoredOpened opened;
      opened.set_next(index + 1);
      *opened.mutable_newest() = record::ToMessage(*opening);
      MEGURI_RETURN_IF_ERROR(storage::Openings(store_).PutOpened(scope.transaction, id, opened));
    }
  }
  return absl::OkStatus();
}

void HeadsLog::Append(Done done) {
  if (is_appending_.exchange(true)) {
    done(absl::OkStatus());
    return;
  }
  absl::StatusOr<Committed> committed = CommitNow();
  if (!committed.ok()) {
    is_appending_ = false;
    done(committed.status());
    return;
  }
  committer_.Submit(
      [this, committed = *std::move(committed)](storage::CommitScope& scope) { return Write(committed, scope); },
      [this, done = std::move(done)](const absl::Status& status) mutable {
        is_appending_ = false;
        done(status);
      });
}

absl::StatusOr<std::shared_ptr<const record::HeadsTree>> HeadsLog::TreeOf(const storage::StoreReader& store,
                                                                          storage::FeedId heads, uint64_t index) const {
  {
    MutexLock lock(mutex_);
    const auto known = trees_.find(index);
    if (known != trees_.end()) {
      return known->second;
    }
  }
  const absl::optional<storage::v1::StoredHeadsEntry> opens = storage::Openings(store).Find(heads, index);
  if (!opens.has_value()) {
    return std::shared_ptr<const record::HeadsTree>();
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key, record::Hash::Parse(opens->key()));
  const storage::Feeds feeds(store);
  std::vector<record::Checkpoint> committed;
  for (const storage::v1::StoredHeadsEntry::Head& head : opens->heads()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, feeds.Describe(head.feed()));
    MEGURI_ASSIGN_OR_RETURN(const record::Hash root, record::Hash::Parse(head.root()));
    committed.push_back({record::FeedOrigin(federation_, feed.key), head.size(), root});
  }
  auto tree = std::make_shared<const record::HeadsTree>(key, committed);
  MutexLock lock(mutex_);
  trees_.emplace(index, tree);
  if (trees_.size() > kHeadsTreesKept) {
    trees_.erase(trees_.begin());
  }
  return tree;
}

absl::StatusOr<std::vector<std::vector<record::Opening>>> HeadsLog::Open(
    const std::vector<OpeningsAsked>& asked) const {
  std::vector<std::vector<record::Opening>> opened(asked.size());
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds feeds(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> heads,
                          feeds.Find(storage::HeadsFeedOf(member_, member_)));
  if (!heads.has_value()) {
    return opened;
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*heads));
  const uint64_t oldest = head.size() - std::min(head.size(), storage::kOpenableEntriesMax);
  size_t looked_at = 0;
  size_t count = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    const std::string origin = record::FeedOrigin(federation_, {member_, asked[i].feed, 1});
    for (uint64_t index = std::max(asked[i].from, oldest);
         index < head.size() && count < kOpeningsMax && looked_at < kOpenedEntriesMax; ++index, ++looked_at) {
      MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const record::HeadsTree> tree, TreeOf(*snapshot, *heads, index));
      absl::optional<record::Opening> opening =
          tree != nullptr ? tree->Open(origin, index) : absl::optional<record::Opening>();
      if (opening.has_value()) {
        opened[i].push_back(*std::move(opening));
        ++count;
      }
    }
  }
  return opened;
}

}  // namespace meguri::node
