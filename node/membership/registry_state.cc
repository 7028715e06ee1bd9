// SPDX-License-Identifier: Apache-2.0
#include "node/membership/registry_state.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/signature_time.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/merkle.h"
#include "storage/index.h"
#include "storage/records.h"

namespace meguri::node {
namespace {

constexpr uint64_t kEntriesAtOnce = 256;

struct MemberRecords {
  std::vector<registry::v1::MemberEntry> entries;
  absl::flat_hash_map<std::string, MemberRecordRef> refs;
  uint64_t size = 0;  // of the feed when reading began
};

// The newest entry of every member whose record is alive.
absl::StatusOr<MemberRecords> ReadMembers(const storage::StoreReader& store, const storage::HeldFeed& feed,
                                          const std::string& federation) {
  MemberRecords members;
  const storage::Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, storage::Feeds(store).Find(feed));
  if (!id.has_value()) {
    return members;
  }
  // Taken first: what is read below is at least of this size.
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, storage::Feeds(store).ReadHead(*id));
  members.size = head.size();
  storage::PostingCursor cursor = storage::Index(store).Find(*id, {"all", ""});
  for (; cursor.Valid(); cursor.Next()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::Posting posting, cursor.Get());
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(posting.arrival));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Section> sections,
                            records.ReadSections(posting.arrival, ~uint64_t{0}));
    for (const record::v1::Section& section : sections) {
      registry::v1::MemberEntry entry;
      if (section.type() != record::v1::SECTION_TYPE_MEMBER || !entry.ParseFromString(section.payload())) {
        continue;
      }
      // An entry that this version cannot read, or a second one for a member, must not hide all others: the member
      // concerned is unknown here, or is what its record of the lowest ID says.
      const MemberRecordRef ref{posting.record_id, posting.version, record::HeaderHash(stored.header())};
      if (certs::CheckMemberEntry(federation, entry).ok() && members.refs.emplace(entry.participant_id(), ref).second) {
        members.entries.push_back(std::move(entry));
      }
    }
  }
  MEGURI_RETURN_IF_ERROR(cursor.status());
  return members;
}

// Adds the member's entry that a registry feed entry names to `history`. What this program cannot read it does not
// judge either, as ReadMembers does not read it.
absl::Status JudgeEntry(const storage::Records& records, const record::FeedEntry& entry, const std::string& federation,
                        certs::KeyHistory& history) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records.FindByHash(entry.header_hash));
  if (!arrival.has_value()) {
    return absl::OkStatus();  // the second header of a version: its record is frozen
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Section> sections, records.ReadSections(*arrival, entry.slots));
  for (const record::v1::Section& section : sections) {
    registry::v1::MemberEntry member;
    if (section.type() == record::v1::SECTION_TYPE_MEMBER && member.ParseFromString(section.payload()) &&
        certs::CheckMemberEntry(federation, member).ok()) {
      history.Add(member);
    }
  }
  return absl::OkStatus();
}

record::FeedKey RegistryFeed(const certs::TrustBundle& bundle) {
  return {bundle.operator_id(), record::FeedName::Registry(), 1};
}

}  // namespace

RegistryState::RegistryState(certs::TrustBundle bundle, record::ParticipantId holder, absl::Duration stale_age,
                             const storage::StoreReader& store, const Clock& clock)
    : bundle_(std::move(bundle)),
      feed_{std::move(holder), RegistryFeed(bundle_)},
      stale_age_(stale_age),
      store_(store),
      clock_(clock),
      history_(bundle_.federation()) {}

absl::Status RegistryState::ExtendHistory() {
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed_));
  if (!id.has_value()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
  while (judged_size_ < head.size()) {
    const size_t count = std::min<uint64_t>(kEntriesAtOnce, head.size() - judged_size_);
    MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> entries, feeds.ReadEntries(*id, judged_size_, count));
    for (const std::string& bytes : entries) {
      MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(bytes));
      MEGURI_RETURN_IF_ERROR(JudgeEntry(storage::Records(store_), entry, bundle_.federation(), history_));
    }
    judged_size_ += entries.size();
  }
  return absl::OkStatus();
}

absl::Status RegistryState::Reload() {
  // One after the other: the last to begin must be the last to be seen.
  MutexLock reload_lock(reload_mutex_);
  MEGURI_ASSIGN_OR_RETURN(MemberRecords members, ReadMembers(store_, feed_, bundle_.federation()));
  // Afterwards, so that every entry which was read is judged.
  MEGURI_RETURN_IF_ERROR(ExtendHistory());
  MEGURI_ASSIGN_OR_RETURN(std::shared_ptr<const certs::Registry> registry,
                          certs::Registry::Make(bundle_, members.entries, &history_));
  std::vector<std::function<void()>> listeners;
  absl::optional<record::v1::SignedBody> ahead;
  {
    MutexLock lock(mutex_);
    registry_ = std::move(registry);
    records_ = std::move(members.refs);
    loaded_size_ = members.size;
    listeners = listeners_;
    ahead.swap(heartbeat_ahead_);
  }
  for (const std::function<void()>& listener : listeners) {
    listener();
  }
  if (ahead.has_value()) {
    const absl::Status accepted = AcceptHeartbeat(*ahead);
    if (!accepted.ok() && ReasonOf(accepted) != "HEARTBEAT_AHEAD") {
      return accepted;
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<const certs::Registry> RegistryState::Get() const {
  MutexLock lock(mutex_);
  Invariant(registry_ != nullptr, "the registry is loaded before it is used");
  return registry_;
}

KeyStanding RegistryState::StandingOf(absl::string_view key_id, const SeenAt& seen_at) const {
  const absl::StatusOr<record::Hash> parsed = record::Hash::Parse(key_id);
  if (!parsed.ok()) {
    return {"UNKNOWN_KEY", 0, 0};
  }
  const std::shared_ptr<const certs::Registry> registry = Get();
  const certs::RegisteredKey* key = registry->FindKey(*parsed);
  if (key == nullptr) {
    const absl::string_view why = registry->WhyUnknown(*parsed);
    return {std::string(why.data(), why.size()), 0, 0};
  }
  const absl::Time now = clock_.Now();
  certs::Judgement judged = certs::JudgeSignature(*key, absl::nullopt, now);
  if (judged.verdict == certs::Verdict::kIndeterminate) {
    judged = certs::JudgeSignature(*key, seen_at(), now);
  }
  KeyStanding standing{ReasonOf(judged.why), key->judgement.recovered_ms, 0};
  if (judged.verdict == certs::Verdict::kValidAt) {
    standing.valid_at_ms = static_cast<uint64_t>(absl::ToUnixMillis(judged.at));
    standing.valid_source = certs::NameOf(judged.source);
    for (const record::ParticipantId& member : judged.by) {
      standing.valid_by.push_back(member.text());
    }
  }
  return standing;
}

absl::optional<MemberRecordRef> RegistryState::FindRecord(const record::ParticipantId& participant) const {
  MutexLock lock(mutex_);
  const auto found = records_.find(participant.text());
  return found == records_.end() ? absl::nullopt : absl::make_optional(found->second);
}

absl::Status RegistryState::AcceptHeartbeat(const record::v1::SignedBody& signed_body) {
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::Heartbeat heartbeat, certs::OpenHeartbeat(signed_body, bundle_));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash root, record::Hash::Parse(heartbeat.root()));
  const absl::Time time = absl::FromUnixMillis(static_cast<int64_t>(heartbeat.time_ms()));
  if (time > clock_.Now() + kHeartbeatSkewMax) {
    return Error(absl::StatusCode::kInvalidArgument, "HEARTBEAT_TIME",
                 "The heartbeat is from the future: a clock, here or at the operator's, is wrong.");
  }
  const storage::Feeds feeds(store_);
  record::Frontier frontier;
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed_));
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
    frontier = head.frontier;
  }
  if (heartbeat.size() > std::min(frontier.size(), LoadedSize())) {
    // Until the members are read from those entries, this node does not know what the operator vouches for.
    MutexLock lock(mutex_);
    heartbeat_ahead_ = signed_body;
    return Error(absl::StatusCode::kFailedPrecondition, "HEARTBEAT_AHEAD",
                 absl::StrCat("The heartbeat speaks of ", heartbeat.size(), " registry entries; ", frontier.size(),
                              " are here."));
  }
  if (heartbeat.size() < frontier.size()) {
    MEGURI_ASSIGN_OR_RETURN(frontier, record::ReadFrontier(heartbeat.size(), [&](uint32_t level, uint64_t index) {
                              return feeds.ReadNode(*id, level, index);
                            }));
  }
  if (frontier.Root() != root) {
    return Error(
        absl::StatusCode::kDataLoss, "REGISTRY_FORK",
        absl::StrCat("The operator signed another registry of size ", heartbeat.size(), " than the one that is here."));
  }
  MutexLock lock(mutex_);
  if (time > heartbeat_time_) {
    heartbeat_time_ = time;
    heartbeat_ = signed_body;
  }
  return absl::OkStatus();
}

uint64_t RegistryState::LoadedSize() const {
  MutexLock lock(mutex_);
  return loaded_size_;
}

absl::optional<record::v1::SignedBody> RegistryState::NewestHeartbeat() const {
  MutexLock lock(mutex_);
  return heartbeat_;
}

absl::Duration RegistryState::Age() const {
  MutexLock lock(mutex_);
  return heartbeat_.has_value() ? clock_.Now() - heartbeat_time_ : absl::InfiniteDuration();
}

void RegistryState::AddListener(std::function<void()> listener) {
  MutexLock lock(mutex_);
  listeners_.push_back(std::move(listener));
}

}  // namespace meguri::node
