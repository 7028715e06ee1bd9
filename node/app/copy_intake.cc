// SPDX-License-Identifier: Apache-2.0
#include "node/app/copy_intake.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/strict_parse.h"
#include "node/follow/quota.h"
#include "record/feed.h"
#include "storage/feeds.h"
#include "storage/first_seen.h"

namespace meguri::node {
namespace {

constexpr char kReason[] = "COPY_FILE";

absl::Status Refuse(absl::string_view why) { return Error(absl::StatusCode::kInvalidArgument, kReason, why); }

// `status`, and of which feed in which file.
absl::Status InFeed(const absl::Status& status, const std::string& feed, const std::string& path) {
  return status.ok() ? status
                     : Error(status.code(), ReasonOf(status),
                             absl::StrCat(path, ", feed ", feed, ": ", status.message(),
                                          " Nothing was made. Leave this file out if its holder cannot make another."));
}

}  // namespace

CopyIntake::CopyIntake(const certs::TrustBundle& bundle, record::ParticipantId member,
                       const storage::StoreReader& store, storage::Committer& committer, absl::Time now)
    : bundle_(bundle), member_(std::move(member)), store_(store), committer_(committer), now_(now) {}

absl::Status CopyIntake::TakeRegistry(const std::string& path) {
  // The operator alone, whose keys the bundle pins: that is enough for its own feed.
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const certs::Registry> pinned, certs::Registry::Make(bundle_, {}));
  return Take(path, *pinned, true);
}

absl::Status CopyIntake::TakeFeeds(const std::string& path, const certs::Registry& registry) {
  return Take(path, registry, false);
}

absl::StatusOr<std::string> CopyIntake::CheckHeader(const storage::v1::MoveFrame& frame) const {
  const storage::v1::CopyHeader& header = frame.copied();
  if (frame.has_header()) {
    return Refuse(
        "it is what a host has exported, not a copy that a follower gives back: take it in with `meguri-node "
        "host import`, or `init --from`");
  }
  if (!frame.has_copied() || header.format_version() != kCopyFormatVersion) {
    return Refuse(absl::StrCat("it has format version ", header.format_version(), ", expected ", kCopyFormatVersion));
  }
  if (header.federation() != bundle_.federation()) {
    return Refuse(absl::StrCat("it is from another federation than ", bundle_.federation()));
  }
  if (header.participant_id() != member_.text()) {
    return Refuse(absl::StrCat("it holds feeds of ", header.participant_id(), ", not of ", member_.text()));
  }
  return header.holder();
}

absl::Status CopyIntake::Take(const std::string& path, const certs::Registry& registry, bool is_registry_wanted) {
  MEGURI_ASSIGN_OR_RETURN(MoveFileReader file, MoveFileReader::Open(path));
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame first, file.Next());
  absl::StatusOr<std::string> holder = CheckHeader(first);
  if (!holder.ok()) {
    return Refuse(absl::StrCat(path, ": ", holder.status().message(), "."));
  }
  const Source source{path, *std::move(holder), registry, is_registry_wanted};
  for (auto& [key, feed] : feeds_) {
    feed.is_passed_over = false;
  }
  for (;;) {
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame frame, file.Next());
    if (frame.content_case() == storage::v1::MoveFrame::CONTENT_NOT_SET) {
      return absl::OkStatus();
    }
    if (frame.has_target()) {
      feed::v1::FeedTarget target;
      MEGURI_RETURN_IF_ERROR(certs::ParseStrictly(frame.target(), kMoveFrameBytesMax, kReason, target));
      MEGURI_RETURN_IF_ERROR(InFeed(TakeTarget(target, source), target.feed(), path));
    } else if (frame.has_batch()) {
      feed::v1::FeedBatch batch;
      MEGURI_RETURN_IF_ERROR(certs::ParseStrictly(frame.batch(), kMoveFrameBytesMax, kReason, batch));
      const std::string name = batch.feed();
      MEGURI_RETURN_IF_ERROR(InFeed(TakeBatch(std::move(batch), source), name, path));
    } else {
      return Refuse(absl::StrCat(path, ": it holds what is no part of a copy."));
    }
  }
}

// Null if it is not what is wanted now.
absl::StatusOr<CopyIntake::Feed*> CopyIntake::FindFeed(const std::string& name, const Source& source) {
  MEGURI_ASSIGN_OR_RETURN(record::FeedName feed_name, record::FeedName::Parse(name));
  const bool is_registry = feed_name == record::FeedName::Registry();
  if (is_registry != source.is_registry_wanted) {
    return static_cast<Feed*>(nullptr);
  }
  const record::FeedKey key{is_registry ? bundle_.operator_id() : member_, std::move(feed_name), 1};
  Feed& feed = feeds_[key];
  if (feed.follower == nullptr) {
    MEGURI_ASSIGN_OR_RETURN(
        feed.follower, Follower::Make({member_, key}, bundle_.federation(),
                                      is_registry ? absl::make_optional(bundle_.registry_feed_key()) : absl::nullopt,
                                      store_, verified_roots_));
  }
  return &feed;
}

absl::Status CopyIntake::TakeTarget(const feed::v1::FeedTarget& target, const Source& source) {
  MEGURI_ASSIGN_OR_RETURN(Feed * feed, FindFeed(target.feed(), source));
  if (feed == nullptr || feed->is_passed_over) {
    return absl::OkStatus();
  }
  absl::Status taken = feed->follower->TakeTarget(target.checkpoint(), source.registry, now_, ShownBy::kRelay);
  // A copy that has not been followed since an earlier move proves nothing; the same feed of others may.
  if (ReasonOf(taken) == "HEAD_OF_FORMER_HOST" || ReasonOf(taken) == "HEAD_BEYOND_MOVE") {
    feed->is_passed_over = true;
    passed_over_.push_back(absl::StrCat(source.path, ", feed ", target.feed(), ": ", taken.message()));
    return absl::OkStatus();
  }
  return taken;
}

absl::Status CopyIntake::TakeBatch(feed::v1::FeedBatch batch, const Source& source) {
  MEGURI_ASSIGN_OR_RETURN(Feed * feed, FindFeed(batch.feed(), source));
  if (feed == nullptr || feed->is_passed_over) {
    return absl::OkStatus();
  }
  Follower& follower = *feed->follower;
  const uint64_t end = batch.start() + static_cast<uint64_t>(batch.items_size());
  if (end <= follower.size()) {
    return absl::OkStatus();  // somebody else had it too
  }
  if (batch.start() < follower.size()) {
    const uint64_t known = follower.size() - batch.start();
    batch.mutable_items()->DeleteSubrange(0, static_cast<int>(known));
    batch.set_start(follower.size());
  }
  MEGURI_ASSIGN_OR_RETURN(VerifiedBatch verified, follower.TakeBatch(std::move(batch), source.registry, now_));
  if (verified.unread > 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "NEWER_FORMAT",
                 "The member has published records of a format that is newer than this program: run a newer one.");
  }
  feed->from = source.holder;
  return Write(follower.feed(), std::move(verified), follower.checkpoint_note());
}

absl::Status CopyIntake::Write(const storage::HeldFeed& feed, VerifiedBatch batch, const std::string& note) {
  FrozenRecords frozen;
  return committer_.SubmitAndWait([&](storage::CommitScope& scope) {
    return WriteBatchOf(feed, batch, note, FollowQuota(), now_, store_, scope, frozen);
  });
}

std::vector<RecoveredFeed> CopyIntake::Feeds() const {
  std::vector<RecoveredFeed> rows;
  for (const auto& [key, feed] : feeds_) {
    if (key.publisher == member_) {
      rows.push_back({key.name.text(), feed.follower->size(), feed.follower->target_size(), feed.from});
    }
  }
  return rows;
}

absl::Status CopyIntake::Finish() {
  return committer_.SubmitAndWait([this](storage::CommitScope& scope) -> absl::Status {
    for (const auto& [key, feed] : feeds_) {
      if (key.publisher != member_ || feed.follower->size() == 0) {
        continue;
      }
      MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, {member_, key}));
      MEGURI_RETURN_IF_ERROR(scope.feeds.SetCheckpoint(scope.transaction, id, ""));
      MEGURI_RETURN_IF_ERROR(scope.feeds.SetSettled(scope.transaction, id, ""));
      MEGURI_RETURN_IF_ERROR(scope.feeds.SetPromises(scope.transaction, id, {}));
      MEGURI_RETURN_IF_ERROR(storage::FirstSeen(store_).Forget(scope.transaction, id));
    }
    return absl::OkStatus();
  });
}

}  // namespace meguri::node
