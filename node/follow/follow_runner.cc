// SPDX-License-Identifier: Apache-2.0
#include "node/follow/follow_runner.h"

#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/follow/unread.h"
#include "node/policy/onward.h"
#include "record/heads_feed.h"
#include "storage/openings.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

constexpr size_t kHandedOnNumber = std::numeric_limits<size_t>::max();

// Whoever decides to follow a feed as it is now begins anew with what its publisher commits of it, too.
absl::Status ForgetOpened(const storage::HeldFeed& feed, storage::CommitScope& scope) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, feed));
  storage::Openings::ForgetOpened(scope.transaction, id);
  return absl::OkStatus();
}

}  // namespace

FollowRunner::FollowRunner(FollowRegistry& registry, PeerClient& peers, const storage::StoreReader& store,
                           storage::Committer& committer, Executor& executor, const Clock& clock, Random& random,
                           FollowReporter& reporter, const FollowQuota& quota)
    : context_{registry, peers, store, committer, executor, clock, random, reporter, quota} {}

FollowRunner::~FollowRunner() { Stop(); }

void FollowRunner::Stop() {
  const std::vector<std::shared_ptr<FollowSession>> sessions = Sessions();
  for (const std::shared_ptr<FollowSession>& session : sessions) {
    session->Stop();
  }
  for (const std::shared_ptr<FollowSession>& session : sessions) {
    session->Wait();
  }
}

std::vector<std::shared_ptr<FollowSession>> FollowRunner::Sessions() const {
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<FollowSession>> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_) {
    sessions.push_back(session);
  }
  return sessions;
}

std::vector<std::shared_ptr<FollowSession>> FollowRunner::SessionsWith(const record::ParticipantId& member,
                                                                       const record::ParticipantId& publisher) const {
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<FollowSession>> sessions;
  sessions.reserve(sessions_.size());
  for (auto found = sessions_.lower_bound({member, publisher, 0, ""});
       found != sessions_.end() && found->first.member == member && found->first.publisher == publisher; ++found) {
    sessions.push_back(found->second);
  }
  return sessions;
}

FollowRunner::SessionKey FollowRunner::SessionOf(const storage::FollowSetting& follow) const {
  SessionKey key{follow.member, follow.feed.publisher, 0, ""};
  if (follow.feed.name == record::FeedName::Registry()) {
    return key;
  }
  if (follow.via.has_value()) {
    key.number = kHandedOnNumber;
    key.handed_on = absl::StrCat(follow.feed.name.text(), " ", follow.via->text());
    return key;
  }
  absl::optional<size_t> with_room;
  for (key.number = 1;; ++key.number) {
    const auto session = sessions_.find(key);
    if (session != sessions_.end() && session->second->Has(follow.feed.name)) {
      return key;
    }
    if (!with_room.has_value() &&
        (session == sessions_.end() || session->second->FeedNames().size() < kFollowFeedsMax)) {
      with_room = key.number;
    }
    if (session == sessions_.end()) {
      key.number = *with_room;
      return key;
    }
  }
}

void FollowRunner::AddToSession(const storage::FollowSetting& follow) {
  MutexLock lock(mutex_);
  const SessionKey key = SessionOf(follow);
  std::shared_ptr<FollowSession>& session = sessions_[key];
  if (session == nullptr) {
    session = std::make_shared<FollowSession>(context_, follow.member, follow.feed.publisher, follow.via);
  }
  // It may have been followed in another way until now. What still comes that way finds its place taken.
  for (const auto& [other, open] : sessions_) {
    if (other.member == key.member && other.publisher == key.publisher && open != session) {
      open->RemoveFeed(follow.feed.name);
    }
  }
  session->AddFeed(follow.feed.name, follow.quarantine_reason, follow.purpose);
}

absl::Status FollowRunner::Load() {
  MEGURI_RETURN_IF_ERROR(InterpretUnread(context_.store, context_.committer));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FollowSetting> follows,
                          storage::Settings(context_.store).Follows());
  for (const storage::FollowSetting& follow : follows) {
    AddToSession(follow);
  }
  // An older program did not follow what commits these feeds.
  for (const storage::FollowSetting& follow : follows) {
    if (NeedsHeads(follow.member, follow.feed.publisher, {follow.feed.name})) {
      MEGURI_RETURN_IF_ERROR(Add(follow.member, follow.feed.publisher, {record::HeadsFeed()}));
    }
  }
  return absl::OkStatus();
}

bool FollowRunner::NeedsHeads(const record::ParticipantId& member, const record::ParticipantId& publisher,
                              const std::vector<record::FeedName>& feeds) const {
  return member != publisher && absl::c_any_of(feeds, record::IsCommittedInHeads) &&
         !absl::c_linear_search(feeds, record::HeadsFeed()) && !Follows(member, publisher, record::HeadsFeed());
}

// To follow a feed again is a decision, and it costs the evidence: it must not happen by saying the same thing twice.
absl::Status FollowRunner::CheckMayAdd(const record::ParticipantId& member, const record::ParticipantId& publisher,
                                       const std::vector<record::FeedName>& feeds) const {
  absl::btree_set<record::FeedName> followed(feeds.begin(), feeds.end());
  for (const std::shared_ptr<FollowSession>& session : SessionsWith(member, publisher)) {
    for (const record::FeedName& feed : feeds) {
      if (session->IsQuarantined(feed)) {
        return Error(
            absl::StatusCode::kFailedPrecondition, "QUARANTINED",
            absl::StrCat("The feed ", feed.text(), " of ", publisher.text(),
                         " is quarantined; `feed list` says why. To follow it all the same, unfollow it first."));
      }
    }
    for (record::FeedName& name : session->FeedNames()) {
      followed.insert(std::move(name));
    }
  }
  followed.erase(record::FeedName::Registry());
  if (followed.size() > kFollowFeedsPerPublisherMax) {
    return Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_FEEDS",
                 absl::StrCat("That would be ", followed.size(), " feeds of ", publisher.text(), "; at most ",
                              kFollowFeedsPerPublisherMax,
                              " are followed of one publisher. Unfollow some that are no longer needed."));
  }
  return absl::OkStatus();
}

absl::Status FollowRunner::Add(const record::ParticipantId& member, const record::ParticipantId& publisher,
                               const std::vector<record::FeedName>& named,
                               const absl::optional<record::ParticipantId>& relay, uint32_t purpose) {
  MutexLock lock(changing_);
  std::vector<record::FeedName> feeds = named;
  if (NeedsHeads(member, publisher, named)) {
    feeds.push_back(record::HeadsFeed());
  }
  MEGURI_RETURN_IF_ERROR(CheckMayAdd(member, publisher, feeds));
  const std::vector<std::shared_ptr<FollowSession>> sessions = SessionsWith(member, publisher);
  const auto setting_of = [&](const record::FeedName& feed) {
    storage::FollowSetting setting{member, {publisher, feed, 1}, "", {}};
    if (IsHandedOnByOffer(feed)) {
      setting.via = relay == publisher ? absl::nullopt : relay;
      setting.purpose = purpose;
    }
    return setting;
  };
  const auto put = [&](storage::CommitScope& scope) -> absl::Status {
    if (relay == publisher) {
      storage::Settings::DeleteRelay(scope.transaction, member, publisher);
    } else if (relay.has_value() && !absl::c_all_of(named, IsHandedOnByOffer)) {
      storage::Settings::PutRelay(scope.transaction, member, publisher, *relay);
    }
    for (const record::FeedName& feed : feeds) {
      // To say again what is so already must not let the publisher off.
      if (absl::c_none_of(sessions, [&](const auto& session) { return session->Has(feed); })) {
        MEGURI_RETURN_IF_ERROR(
            ForgetPromises({member, {publisher, feed, 1}}, context_.registry.bundle().federation(), scope));
        MEGURI_RETURN_IF_ERROR(ForgetOpened({member, {publisher, feed, 1}}, scope));
      }
      MEGURI_RETURN_IF_ERROR(storage::Settings(context_.store).PutFollow(scope.transaction, setting_of(feed)));
    }
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(context_.committer.SubmitAndWait(put));
  for (const record::FeedName& feed : feeds) {
    AddToSession(setting_of(feed));
    context_.reporter.Report({FollowReport::Kind::kStarted, {member, {publisher, feed, 1}}, 0, "", ""});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<record::FeedName>> FollowRunner::FeedsToRemove(
    const record::ParticipantId& publisher, const std::vector<record::FeedName>& named,
    const std::vector<std::shared_ptr<FollowSession>>& sessions) const {
  const bool is_operator = publisher == context_.registry.bundle().operator_id();
  absl::btree_set<record::FeedName> names;
  bool are_heads_needed = false;
  bool are_heads_followed = false;
  for (const std::shared_ptr<FollowSession>& session : sessions) {
    for (record::FeedName& name : session->FeedNames()) {
      const bool is_registry = is_operator && name == record::FeedName::Registry();
      const bool is_named = absl::c_linear_search(named, name);
      if (is_registry && is_named && !session->IsQuarantined(name)) {
        return Error(absl::StatusCode::kFailedPrecondition, "REGISTRY_FOLLOW",
                     absl::StrCat("The registry of ", publisher.text(),
                                  " is always followed: from it this node learns who is suspended and which keys are "
                                  "revoked. To unfollow other feeds of that member, name them."));
      }
      are_heads_followed = are_heads_followed || name == record::HeadsFeed();
      if (is_named || (named.empty() && !is_registry)) {
        names.insert(std::move(name));
      } else {
        are_heads_needed = are_heads_needed || record::IsCommittedInHeads(name);
      }
    }
  }
  if (are_heads_followed && !are_heads_needed && absl::c_any_of(names, record::IsCommittedInHeads)) {
    names.insert(record::HeadsFeed());
  }
  return std::vector<record::FeedName>(names.begin(), names.end());
}

absl::StatusOr<std::vector<record::FeedName>> FollowRunner::Remove(const record::ParticipantId& member,
                                                                   const record::ParticipantId& publisher,
                                                                   const std::vector<record::FeedName>& feeds) {
  MutexLock lock(changing_);
  const std::vector<std::shared_ptr<FollowSession>> sessions = SessionsWith(member, publisher);
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::FeedName> names, FeedsToRemove(publisher, feeds, sessions));
  const bool is_operator = publisher == context_.registry.bundle().operator_id();
  if (names.empty() && !(feeds.empty() && is_operator)) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOLLOWED",
                 absl::StrCat("Nothing of that is followed of ", publisher.text(), "; `feed list` shows what is."));
  }
  const auto remove = [&](storage::CommitScope& scope) -> absl::Status {
    for (const record::FeedName& feed : names) {
      MEGURI_RETURN_IF_ERROR(
          storage::Settings(context_.store).DeleteFollow(scope.transaction, member, {publisher, feed, 1}));
    }
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(context_.committer.SubmitAndWait(remove));
  for (const record::FeedName& name : names) {
    for (const std::shared_ptr<FollowSession>& session : sessions) {
      if (session->RemoveFeed(name)) {
        context_.reporter.Report({FollowReport::Kind::kStopped, {member, {publisher, name, 1}}, 0, "", ""});
      }
    }
  }
  return names;
}

absl::Status FollowRunner::KeepRegistry(const record::ParticipantId& member) {
  const record::ParticipantId& publisher = context_.registry.bundle().operator_id();
  if (Follows(member, publisher, record::FeedName::Registry())) {
    return absl::OkStatus();
  }
  return Add(member, publisher, {record::FeedName::Registry()});
}

bool FollowRunner::Follows(const record::ParticipantId& member, const record::ParticipantId& publisher,
                           const record::FeedName& feed) const {
  return absl::c_any_of(SessionsWith(member, publisher), [&](const auto& session) { return session->Has(feed); });
}

void FollowRunner::Accuse(const storage::HeldFeed& feed, const storage::FeedEvidence& evidence,
                          absl::string_view message) {
  for (const std::shared_ptr<FollowSession>& session : SessionsWith(feed.holder, feed.key.publisher)) {
    session->Accuse(feed.key.name, evidence, message);
  }
}

std::vector<FollowStatus> FollowRunner::Status(const record::ParticipantId& member) const {
  MutexLock lock(mutex_);
  std::vector<FollowStatus> statuses;
  for (const auto& [key, session] : sessions_) {
    if (key.member == member) {
      session->AppendStatus(statuses);
    }
  }
  return statuses;
}

void FollowRunner::Tick() {
  for (const std::shared_ptr<FollowSession>& session : Sessions()) {
    session->Tick();
  }
}

void FollowRunner::RetryNow() {
  for (const std::shared_ptr<FollowSession>& session : Sessions()) {
    session->RetryNow();
  }
}

}  // namespace meguri::node
