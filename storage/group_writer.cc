// SPDX-License-Identifier: Apache-2.0
#include "storage/group_writer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "storage/commit_keys.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

absl::Status Damaged(absl::string_view reason, absl::string_view found) {
  return Error(absl::StatusCode::kDataLoss, reason,
               absl::StrCat(found,
                            ": nothing may be signed or served as own. Put back the store and the ANCHOR that belong "
                            "to each other, from a backup if need be; meguri-node fsck tells what is whole"));
}

// The feeds whose heads `group` has written.
std::vector<FeedId> HeadsWritten(const Transaction& group) {
  std::vector<FeedId> ids;
  for (const std::string& key : group.KeysWritten(Family::kLookup, KindPrefix(KeyKind::kHead))) {
    const absl::optional<FeedId> id = ParseFeedIdKey(key);
    Invariant(id.has_value(), "a head key names its feed");
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GroupWriter>> GroupWriter::Open(OrderedStore& store, Anchor& anchor) {
  std::unique_ptr<GroupWriter> writer(new GroupWriter(store, anchor));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> commit, ReadNumber(store, kCommitKey));
  MEGURI_ASSIGN_OR_RETURN(writer->stored_fencing_, ReadNumber(store, kFencingKey));
  MEGURI_ASSIGN_OR_RETURN(std::vector<OwnHead> own_heads, ReadOwnHeads(writer->feeds_));
  for (OwnHead& head : own_heads) {
    HeldFeed feed = head.feed;
    writer->own_heads_.emplace(std::move(feed), std::move(head));
  }
  MEGURI_RETURN_IF_ERROR(writer->CompareWithAnchor(commit.value_or(0)));
  writer->state_.fencing = std::max(writer->state_.fencing, writer->stored_fencing_.value_or(0)) + 1;
  return writer;
}

// Leaves an anchor that tells of exactly this store. So a crash during the very next commit leaves the store one ahead
// again, never two.
absl::Status GroupWriter::CompareWithAnchor(uint64_t commit) {
  const record::Hash own_heads = DigestOwnHeads();
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<AnchorState> anchored, anchor_.Read());
  if (!anchored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const bool empty, IsEmpty(store_));
    if (!empty || commit > 0) {
      return Damaged("ANCHOR_MISSING", "the store holds commits but there was no ANCHOR file");
    }
    state_.own_heads = own_heads;
    return anchor_.Write(state_);
  }
  state_ = *anchored;
  if (commit < anchored->commit) {
    return Damaged("STORE_BEHIND_ANCHOR", absl::StrCat("the store ends at commit ", commit, " but commit ",
                                                       anchored->commit, " was acknowledged"));
  }
  if (commit > anchored->commit + 1) {
    return Damaged("ANCHOR_BEHIND_STORE", absl::StrCat("the store is at commit ", commit,
                                                       " and the ANCHOR file, an old copy, at ", anchored->commit));
  }
  if (commit == anchored->commit) {
    return own_heads == anchored->own_heads
               ? absl::OkStatus()
               : Damaged("STORE_BEHIND_ANCHOR", "the heads of the own feeds differ from the acknowledged ones");
  }
  state_.commit = commit;
  state_.own_heads = own_heads;
  return anchor_.Write(state_);
}

absl::StatusOr<std::vector<FeedId>> GroupWriter::Persist(Transaction& group) {
  std::vector<std::pair<FeedId, uint64_t>> sizes_before;
  for (const FeedId id : HeadsWritten(group)) {
    MEGURI_ASSIGN_OR_RETURN(const uint64_t size, SizeBefore(id));
    sizes_before.emplace_back(id, size);
  }
  const bool is_bulk = group.bytes() >= kBulkBytes;
  const uint64_t commit = state_.commit + 1;
  group.Put(Family::kLookup, kCommitKey, WrapU64(commit));
  group.Put(Family::kLookup, kFencingKey, WrapU64(state_.fencing));
  WriteBatch batch;
  batch.preconditions.push_back(Precondition{
      Family::kLookup, kFencingKey,
      stored_fencing_.has_value() ? absl::optional<std::string>(WrapU64(*stored_fencing_)) : absl::nullopt});
  group.MoveTo(batch);
  MEGURI_RETURN_IF_ERROR(is_bulk ? store_.ApplyBulk(batch) : store_.Apply(batch));

  std::vector<FeedId> grown;
  for (const auto& [id, size_before] : sizes_before) {
    MEGURI_ASSIGN_OR_RETURN(const bool is_longer, FollowHead(id, size_before));
    if (is_longer) {
      grown.push_back(id);
    }
  }
  stored_fencing_ = state_.fencing;
  state_.commit = commit;
  state_.own_heads = DigestOwnHeads();
  MEGURI_RETURN_IF_ERROR(anchor_.Write(state_));
  return grown;
}

record::Hash GroupWriter::DigestOwnHeads() const {
  std::vector<OwnHead> heads;
  heads.reserve(own_heads_.size());
  for (const auto& [feed, head] : own_heads_) {
    heads.push_back(head);
  }
  return OwnHeadsDigest(std::move(heads));
}

absl::StatusOr<uint64_t> GroupWriter::SizeBefore(FeedId id) const {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> stored, store_.Get(Family::kLookup, HeadKey(id)));
  if (!stored.has_value()) {
    return 0;
  }
  MEGURI_ASSIGN_OR_RETURN(const FeedHead head, feeds_.ReadHead(id));
  return head.size();
}

absl::StatusOr<bool> GroupWriter::FollowHead(FeedId id, uint64_t size_before) {
  MEGURI_ASSIGN_OR_RETURN(const FeedHead head, feeds_.ReadHead(id));
  MEGURI_ASSIGN_OR_RETURN(const HeldFeed feed, feeds_.Describe(id));
  if (feed.is_own()) {
    own_heads_.insert_or_assign(feed, OwnHead{feed, head.size(), head.frontier.Root()});
  }
  return head.size() > size_before;
}

}  // namespace meguri::storage
