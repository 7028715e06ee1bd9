// SPDX-License-Identifier: Apache-2.0
#include "node/follow/correspondents.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::node {
namespace {

constexpr char kTo[] = "to";

record::FeedName FeedFor(const record::ParticipantId& member) {
  absl::StatusOr<record::FeedName> name = record::FeedName::Parse(absl::StrCat(kTo, "/", member.text()));
  Invariant(name.ok(), "every member has a feed name");
  return *std::move(name);
}

}  // namespace

Correspondents::Correspondents(FollowRunner& follows, const record::ParticipantId& member,
                               const storage::StoreReader& store)
    : follows_(follows), member_(member), feed_(FeedFor(member)), store_(store) {}

absl::optional<record::ParticipantId> Correspondents::AddresseeOf(const storage::HeldFeed& feed) const {
  if (!feed.is_own() || feed.key.publisher != member_ || feed.key.name.kind() != kTo) {
    return absl::nullopt;
  }
  const absl::StatusOr<record::ParticipantId> addressee = record::ParticipantId::Parse(feed.key.name.scope());
  return addressee.ok() && *addressee != member_ ? absl::make_optional(*addressee) : absl::nullopt;
}

absl::Status Correspondents::Load() {
  MEGURI_ASSIGN_OR_RETURN(const auto held, storage::Feeds(store_).HeldBy(member_));
  for (const auto& [feed, id] : held) {
    const absl::optional<record::ParticipantId> addressee = AddresseeOf(feed);
    if (addressee.has_value()) {
      Note(*addressee);
    }
  }
  return absl::OkStatus();
}

void Correspondents::OnGrown(const std::vector<storage::FeedId>& grown) {
  for (const storage::FeedId id : grown) {
    auto known = addressees_.find(id);
    if (known == addressees_.end()) {
      const absl::StatusOr<storage::HeldFeed> feed = storage::Feeds(store_).Describe(id);
      if (!feed.ok()) {
        continue;
      }
      known = addressees_.emplace(id, AddresseeOf(*feed)).first;
    }
    if (known->second.has_value()) {
      Note(*known->second);
    }
  }
}

void Correspondents::OnAsked(const record::ParticipantId& reader, const record::FeedKey& feed) {
  if (reader != member_ && feed.publisher == member_ && feed.name == FeedFor(reader)) {
    Note(reader);
  }
}

void Correspondents::Note(const record::ParticipantId& other) {
  MutexLock lock(mutex_);
  noted_.insert(other);
}

bool Correspondents::HasNoted() const {
  MutexLock lock(mutex_);
  return !noted_.empty();
}

absl::Status Correspondents::FollowNoted() {
  absl::btree_set<record::ParticipantId> noted;
  {
    MutexLock lock(mutex_);
    noted.swap(noted_);
  }
  absl::Status first_error;
  for (const record::ParticipantId& other : noted) {
    if (!follows_.Follows(member_, other, feed_)) {
      first_error.Update(follows_.Add(member_, other, {feed_}));
    }
  }
  return first_error;
}

}  // namespace meguri::node
