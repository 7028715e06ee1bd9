// SPDX-License-Identifier: Apache-2.0
#include "node/follow/opening_watch.h"

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/follow/limits.h"
#include "node/follow/opening_check.h"
#include "record/heads_feed.h"

namespace meguri::node {
namespace {

constexpr char kOtherFace[] =
    "The publisher committed, in its feed heads, to another feed than the one which it shows here.";

// While this member was away entries may have become too old to be opened: it goes on with the oldest that is not.
bool ComesNext(uint64_t index, uint64_t next, uint64_t heads_size) {
  const uint64_t oldest = heads_size - std::min(heads_size, storage::kOpenableEntriesMax);
  return index == next || (next < oldest && index >= oldest && index <= oldest + kOpeningsLostMax);
}

}  // namespace

OpeningWatch::OpeningWatch(FollowRegistry& registry, FollowRunner& follows, FollowReporter& reporter,
                           OpeningPeer& peers, const storage::SnapshotReader& store, storage::Committer& committer,
                           Executor& executor, record::ParticipantId member, const Clock& clock)
    : registry_(registry),
      follows_(follows),
      reporter_(reporter),
      peers_(peers),
      store_(store),
      committer_(committer),
      executor_(executor),
      member_(std::move(member)),
      clock_(clock) {}

void OpeningWatch::NoteStateLocked(const FollowStatus& status, absl::Time now) {
  Feed& feed = feeds_[status.feed.key];
  // What its publisher opens to others it does not open to this member.
  const bool is_live = status.state == FollowState::kLive && status.size > 0 && !status.relay.has_value();
  if (is_live && feed.live_at != absl::InfinitePast()) {
    feed.live_for += now - feed.live_at;
  }
  feed.live_at = is_live ? now : absl::InfinitePast();
  const bool is_unopened = IsUnopened(feed);
  if (is_unopened && !feed.reported_unopened) {
    reporter_.Report({FollowReport::Kind::kUnopened, status.feed, status.size, kFeedUnopened,
                      feed.problem.empty() ? kUnopened : feed.problem});
  }
  feed.reported_unopened = is_unopened;
}

void OpeningWatch::Step() {
  const absl::Time now = clock_.Now();
  std::map<record::ParticipantId, std::vector<record::FeedName>> narrower;
  std::set<record::ParticipantId> due;
  {
    const std::vector<FollowStatus> statuses = follows_.Status(member_);
    MutexLock lock(mutex_);
    for (const FollowStatus& status : statuses) {
      const record::FeedKey& key = status.feed.key;
      if (key.name == record::HeadsFeed()) {
        const Publisher& publisher = publishers_[key.publisher];
        if (status.size > 0 && status.state != FollowState::kQuarantined && !publisher.is_asking &&
            now >= publisher.next) {
          due.insert(key.publisher);
        }
      } else if (record::IsCommittedInHeads(key.name)) {
        NoteStateLocked(status, now);
        if (status.size > 0 && status.state != FollowState::kQuarantined && !status.relay.has_value()) {
          narrower[key.publisher].push_back(key.name);
        }
      }
    }
  }
  for (const record::ParticipantId& publisher : due) {
    Ask(publisher, narrower[publisher]);
  }
}

absl::StatusOr<OpeningCall> OpeningWatch::MakeCall(const record::ParticipantId& publisher,
                                                   const std::vector<record::FeedName>& feeds) const {
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds replicas(*snapshot);
  OpeningCall call{{publisher, "", {}}, member_, publisher, {}};
  MEGURI_ASSIGN_OR_RETURN(const auto heads, replicas.Find(storage::HeadsFeedOf(member_, publisher)));
  const registry::v1::MemberEntry* entry = registry_.Get()->Find(publisher);
  if (!heads.has_value() || entry == nullptr) {
    return call;
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, replicas.ReadHead(*heads));
  for (const record::FeedName& name : feeds) {
    MEGURI_ASSIGN_OR_RETURN(const auto id, replicas.Find({member_, {publisher, name, 1}}));
    if (!id.has_value() || head.size() == 0 || call.feeds.size() == kFollowFeedsMax) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const auto opened, storage::Openings(*snapshot).Opened(*id));
    const uint64_t next = opened.has_value() ? opened->next() : head.size() - 1;
    if (next < head.size()) {
      feed::v1::OpeningsFrom& from = call.feeds.emplace_back();
      from.set_feed(name.text());
      from.set_index(next);
    }
  }
  call.peer.node_identity = entry->hosting().node_identity();
  call.peer.addresses.assign(entry->hosting().addresses().begin(), entry->hosting().addresses().end());
  return call;
}

void OpeningWatch::Ask(const record::ParticipantId& publisher, const std::vector<record::FeedName>& feeds) {
  const absl::StatusOr<OpeningCall> call = MakeCall(publisher, feeds);
  if (!call.ok() || call->feeds.empty()) {
    return;
  }
  {
    MutexLock lock(mutex_);
    publishers_[publisher].is_asking = true;
  }
  peers_.GetOpenings(*call, [this, publisher](absl::StatusOr<Openings> answer) {
    const bool queued = answer.ok() && executor_.Submit([this, publisher, opened = *std::move(answer)] {
      End(publisher, Take(publisher, opened));
    });
    if (!queued) {
      End(publisher, false);
    }
  });
}

void OpeningWatch::End(const record::ParticipantId& publisher, bool has_progress) {
  MutexLock lock(mutex_);
  Publisher& asked = publishers_[publisher];
  asked.is_asking = false;
  asked.next = has_progress ? absl::InfinitePast() : clock_.Now() + kOpeningPause;
}

bool OpeningWatch::Take(const record::ParticipantId& publisher, const Openings& opened) {
  bool has_progress = false;
  for (const feed::v1::FeedOpenings& of : opened) {
    const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(of.feed());
    if (!name.ok() || !record::IsCommittedInHeads(*name) || !follows_.Follows(member_, publisher, *name)) {
      continue;
    }
    const record::FeedKey feed{publisher, *name, 1};
    const absl::StatusOr<bool> taken = TakeFeed(feed, of);
    has_progress = has_progress || (taken.ok() && *taken);
    MutexLock lock(mutex_);
    feeds_[feed].problem = taken.ok() ? "" : std::string(taken.status().message());
  }
  return has_progress;
}

absl::StatusOr<bool> OpeningWatch::TakeFeed(const record::FeedKey& feed, const feed::v1::FeedOpenings& opened) {
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds replicas(*snapshot);
  const storage::HeldFeed held{member_, feed};
  MEGURI_ASSIGN_OR_RETURN(const auto id, replicas.Find(held));
  MEGURI_ASSIGN_OR_RETURN(const auto heads, replicas.Find(storage::HeadsFeedOf(member_, feed.publisher)));
  if (!id.has_value() || !heads.has_value()) {
    return false;
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead heads_head, replicas.ReadHead(*heads));
  MEGURI_ASSIGN_OR_RETURN(absl::optional<storage::v1::StoredOpened> state, storage::Openings(*snapshot).Opened(*id));
  absl::optional<record::Opening> earlier;
  if (state.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(earlier, record::ParseOpening(state->newest()));
  }
  std::vector<storage::v1::StoredOpened> steps;
  for (const record::v1::Opening& message : opened.openings()) {
    MEGURI_ASSIGN_OR_RETURN(const record::Opening opening, record::ParseOpening(message));
    if (state.has_value() && !ComesNext(opening.index, state->next(), heads_head.size())) {
      break;
    }
    MEGURI_ASSIGN_OR_RETURN(OpeningVerdict verdict, CheckOpening(replicas, registry_.bundle().federation(),
                                                                 {held, *id, *heads}, opening, earlier));
    if (verdict.kind == OpeningVerdict::Kind::kContradicts) {
      follows_.Accuse(held, verdict.evidence, kOtherFace);
    }
    if (verdict.kind != OpeningVerdict::Kind::kHolds) {
      break;
    }
    if (steps.empty() || earlier->size < opening.size) {
      steps.emplace_back();  // what shows how early the entries were there
    }
    earlier = opening;
    state.emplace();
    state->set_next(opening.index + 1);
    *state->mutable_newest() = message;
    steps.back() = *state;
  }
  const bool has_progress = !steps.empty();
  if (has_progress) {
    Keep(feed, *id, std::move(steps));
  }
  return has_progress;
}

void OpeningWatch::Keep(const record::FeedKey& feed, storage::FeedId id, std::vector<storage::v1::StoredOpened> steps) {
  const absl::Time now = clock_.Now();
  {
    MutexLock lock(mutex_);
    feeds_[feed].opened = now;
    feeds_[feed].live_for = absl::ZeroDuration();
    feeds_[feed].opened_size = steps.back().newest().size();
  }
  committer_.Submit(
      [&store = store_, id, now, steps = std::move(steps)](storage::CommitScope& scope) mutable -> absl::Status {
        for (storage::v1::StoredOpened& step : steps) {
          step.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
          MEGURI_RETURN_IF_ERROR(storage::Openings(store).PutOpened(scope.transaction, id, step));
        }
        return absl::OkStatus();
      },
      [](const absl::Status&) {});
}

OpenedStatus OpeningWatch::StatusOf(const record::FeedKey& feed) const {
  MutexLock lock(mutex_);
  const auto found = feeds_.find(feed);
  return found == feeds_.end()
             ? OpenedStatus()
             : OpenedStatus{found->second.opened_size, found->second.opened, IsUnopened(found->second)};
}

}  // namespace meguri::node
