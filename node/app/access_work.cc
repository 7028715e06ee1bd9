// SPDX-License-Identifier: Apache-2.0
#include "node/app/access_work.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::node {

AccessWork::AccessWork(AccessState& access, storage::Committer& committer, Executor& executor, FollowRunner& follows,
                       const record::ParticipantId& member, Log& log)
    : access_(access), committer_(committer), executor_(executor), follows_(follows), member_(member), log_(log) {}

void AccessWork::Tick() {
  access_.Tick();
  if (const absl::Status error = access_.TakeError(); !error.ok()) {
    log_.Error("grants-closed", {{"reason", ReasonOf(error)},
                                 {"error", std::string(error.message())},
                                 {"cure", "run meguri-node fsck, then start the node again"}});
  }
  FillSoon();
  FollowSoon();
}

// One piece at a time, so that whoever publishes gets in between. What fails for another reason than a full queue is
// not tried again: the store is damaged, and that is said once.
void AccessWork::FillSoon() {
  if (is_stopping_ || !access_.HasBackfill() || is_filling_.exchange(true)) {
    return;
  }
  committer_.Submit([this](storage::CommitScope& scope) { return access_.NextBackfill(scope); },
                    [this](const absl::Status& status) {
                      is_filling_ = !status.ok() && !absl::IsResourceExhausted(status);
                      if (status.ok()) {
                        FillSoon();
                      } else if (is_filling_) {
                        log_.Error("offer-not-filled", {{"reason", ReasonOf(status)},
                                                        {"error", std::string(status.message())},
                                                        {"cure", "run meguri-node fsck, then start the node again"}});
                      }
                    });
}

void AccessWork::FollowSoon() {
  if (!access_.HasGrantedFeeds() || is_following_.exchange(true)) {
    return;
  }
  const bool queued = executor_.Submit([this] {
    if (const absl::Status followed = FollowGranted(); !followed.ok()) {
      log_.Warning("grant-not-followed", {{"reason", ReasonOf(followed)}, {"error", std::string(followed.message())}});
    }
    is_following_ = false;
  });
  if (!queued) {
    is_following_ = false;
  }
}

absl::Status AccessWork::FollowGranted() {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<GrantedFeed> granted, access_.TakeGrantedFeeds());
  absl::Status first_error;
  for (const auto& [feed, is_open, purpose] : granted) {
    const bool is_followed = follows_.Follows(member_, feed.publisher, feed.name);
    if (is_open && !is_followed) {
      first_error.Update(
          follows_.Add(member_, feed.publisher, {feed.name}, absl::nullopt, static_cast<uint32_t>(purpose)));
    } else if (!is_open && is_followed) {
      first_error.Update(follows_.Remove(member_, feed.publisher, {feed.name}).status());
    }
  }
  return first_error;
}

}  // namespace meguri::node
