// SPDX-License-Identifier: Apache-2.0
// What a tenant does while it is served.
#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/registry.h"
#include "node/app/clients.h"
#include "node/app/entry_file.h"
#include "node/app/tenant.h"
#include "node/query/carried_envelope.h"
#include "storage/audit_rows.h"
#include "storage/records.h"
#include "storage/requests.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

constexpr size_t kExpireAtOnce = 1000;
constexpr absl::Duration kFollowTick = absl::Milliseconds(100);
constexpr absl::Duration kCorrespondentTick = absl::Milliseconds(200);
constexpr absl::Duration kAccessTick = absl::Milliseconds(100);
constexpr absl::Duration kErasureTick = absl::Seconds(1);
constexpr absl::Duration kStreamTick = absl::Seconds(1);
constexpr absl::Duration kCosignTick = absl::Seconds(1);
constexpr absl::Duration kOpeningTick = absl::Seconds(5);
constexpr absl::Duration kExpireTick = absl::Minutes(10);
constexpr absl::Duration kRevokedTick = absl::Milliseconds(200);
constexpr absl::Duration kQuotaTick = absl::Seconds(1);
constexpr absl::Duration kKeyTick = absl::Seconds(30);
constexpr absl::Duration kWarnTick = absl::Minutes(5);

}  // namespace

Reader Tenant::ReaderNow(const record::ParticipantId& member) const {
  const std::shared_ptr<const certs::Registry> members = registry_->Get();
  Reader reader = ReaderOf(*members, member, registry_->IsStale());
  AddGrants(access_->GrantsOf(member), *members, clock_.Now(), passport::v1::ACCESS_PURPOSE_UNSPECIFIED, reader);
  return reader;
}

// What a witness saw is one more head that others know of.
void Tenant::CompareWithWitness(const record::FeedKey& feed, const std::string& note) {
  feed::v1::KnownCheckpoints told;
  feed::v1::KnownHead& head = *told.add_heads();
  head.mutable_feed()->set_publisher(feed.publisher.text());
  head.mutable_feed()->set_name(feed.name.text());
  head.mutable_feed()->set_epoch(feed.epoch);
  head.set_checkpoint(note);
  exchange_->Take(told).IgnoreError();  // what proves nothing is passed over
}

// Who had the evidence against a quarantined registry dropped has it followed anew.
void Tenant::KeepRegistrySoon() {
  if (is_operator() || follows_->Follows(participant_, bundle_.operator_id(), record::FeedName::Registry())) {
    return;
  }
  const auto keep = [this] {
    if (const absl::Status kept = follows_->KeepRegistry(participant_); !kept.ok()) {
      log_.Error("registry-not-followed", {{"reason", ReasonOf(kept)}, {"error", std::string(kept.message())}});
    }
  };
  if (!executor_->Submit(keep)) {
    log_.Warning("registry-follow-delayed");
  }
}

// Runs on the committer's thread.
void Tenant::OnGrown(const std::vector<storage::FeedId>& grown) {
  if (IsAuditAlone(grown)) {
    return;
  }
  access_->OnGrown(grown);
  streams_->OnGrown(grown);
  if (correspondents_ != nullptr) {
    correspondents_->OnGrown(grown);
  }
  const absl::StatusOr<absl::optional<storage::FeedId>> id = storage::Feeds(*durable_).Find(registry_->feed());
  if (id.ok() && id->has_value() && std::find(grown.begin(), grown.end(), **id) != grown.end()) {
    registry_is_dirty_ = true;
    ReloadRegistrySoon();
  }
}

// Nobody waits for the audit feed, which grows with every delivery.
bool Tenant::IsAuditAlone(const std::vector<storage::FeedId>& grown) {
  if (grown.size() != 1) {
    return false;
  }
  if (!audit_feed_.has_value()) {
    const auto found = storage::Feeds(*durable_).Find(storage::AuditFeedOf(participant_));
    audit_feed_ = found.ok() ? *found : absl::nullopt;
  }
  return audit_feed_ == grown.front();
}

void Tenant::FollowCorrespondentsSoon() {
  if (correspondents_ == nullptr || !correspondents_->HasNoted() || is_following_correspondents_.exchange(true)) {
    return;
  }
  const bool queued = executor_->Submit([this] {
    if (const absl::Status followed = correspondents_->FollowNoted(); !followed.ok()) {
      log_.Warning("correspondent-not-followed",
                   {{"reason", ReasonOf(followed)}, {"error", std::string(followed.message())}});
    }
    is_following_correspondents_ = false;
  });
  if (!queued) {
    is_following_correspondents_ = false;
  }
}

// An entry more would be one of another feed than others know. Everything else goes on.
void Tenant::LoseHeads() {
  if (!are_heads_lost_.exchange(true)) {
    source_->WithholdHeads();
    log_.Error("heads-lost", {{"reason", "HEADS_LOST"},
                              {"error",
                               "A witness knows of entries of this member's feed heads that the store does not have: "
                               "it is an old copy. No more are made, so what is published from now on in feeds that "
                               "not everybody may read is committed to nobody. Put back the newest store and ANCHOR; "
                               "see docs/operations.md."}});
  }
}

void Tenant::CommitHeadsSoon() {
  if (are_heads_lost_) {
    return;
  }
  const auto warn = [this](const absl::Status& status) {
    if (!status.ok()) {
      log_.Warning("heads-not-committed", {{"reason", ReasonOf(status)}, {"error", std::string(status.message())}});
    }
  };
  if (!executor_->Submit([this, warn] { heads_log_->Append(warn); })) {
    log_.Warning("heads-delayed");
  }
}

void Tenant::CompareOpeningsSoon() {
  if (!is_comparing_openings_.exchange(true) && !executor_->Submit([this] {
        opening_watch_->Step();
        is_comparing_openings_ = false;
      })) {
    is_comparing_openings_ = false;
  }
}

void Tenant::ReloadRegistrySoon() {
  // If there is no room, the ticker tries again: what was not reloaded stays dirty.
  if (registry_is_dirty_ && !executor_->Submit([this] { ReloadRegistry(); })) {
    log_.Warning("registry-reload-delayed");
  }
}

void Tenant::ReloadRegistry() {
  if (!registry_is_dirty_.exchange(false)) {
    return;
  }
  const absl::Status reloaded = registry_->Reload();
  if (!reloaded.ok()) {
    registry_is_dirty_ = true;
    store_health_.Note(reloaded);
    log_.Error("registry-reload-failed", {{"reason", ReasonOf(reloaded)}, {"error", std::string(reloaded.message())}});
    return;
  }
  if (const absl::Status saved = SaveOwnEntry(); !saved.ok()) {
    log_.Warning("registry-entry-not-saved", {{"reason", ReasonOf(saved)}, {"error", std::string(saved.message())}});
  }
  if (is_operator()) {
    SignHeartbeat();
  }
}

// So that commands on the folder know what the registry says of this member.
absl::Status Tenant::SaveOwnEntry() const {
  const absl::optional<MemberRecordRef> ref = registry_->FindRecord(participant_);
  if (!ref.has_value()) {
    return absl::OkStatus();
  }
  QueryReader holder;
  holder.reader.participant = registry_->feed().holder;
  holder.is_client = true;
  MEGURI_ASSIGN_OR_RETURN(const RecordView view,
                          query_->Get(holder, ref->record_id, bundle_.operator_id().text(), ref->version, {}));
  MEGURI_ASSIGN_OR_RETURN(const record::v1::Envelope envelope, ToEnvelope(view.envelope));
  return WriteEntryFile(folder_.registry_entry(), envelope);
}

absl::Status Tenant::MakeHeartbeat() {
  const storage::Feeds feeds(*durable_);
  record::Frontier frontier;
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(registry_->feed()));
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(storage::FeedHead head, feeds.ReadHead(*id));
    frontier = std::move(head.frontier);
  }
  registry::v1::Heartbeat heartbeat;
  heartbeat.set_origin(bundle_.message().registry_origin());
  heartbeat.set_size(frontier.size());
  heartbeat.set_root(frontier.Root().ToString());
  heartbeat.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
  heartbeat.set_next_update_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now() + heartbeat_interval_)));
  MEGURI_ASSIGN_OR_RETURN(
      const record::v1::SignedBody signed_body,
      certs::SignHeartbeat(heartbeat, bundle_.federation(), participant_, *feed_keys_->ForRegistry()));
  return registry_->AcceptHeartbeat(signed_body);
}

void Tenant::SignHeartbeat() {
  const absl::Status made = MakeHeartbeat();
  // Entries that came just now are read first; the heartbeat counts then.
  if (!made.ok() && ReasonOf(made) != "HEARTBEAT_AHEAD") {
    log_.Error("heartbeat-failed", {{"error", std::string(made.message())}});
  }
  streams_->OnRightsChanged();
}

absl::Status Tenant::ReadRevokedClientsAnew() {
  // The time is taken first: what is written while the file is read is read once more.
  std::error_code absent;
  revoked_clients_time_ = std::filesystem::last_write_time(folder_.revoked_clients(), absent);
  MEGURI_ASSIGN_OR_RETURN(absl::flat_hash_set<std::string> names, ReadRevokedClients(folder_));
  revoked_clients_.Set(std::move(names));
  return absl::OkStatus();
}

void Tenant::WatchRevokedClients() {
  std::error_code absent;
  if (std::filesystem::last_write_time(folder_.revoked_clients(), absent) == revoked_clients_time_) {
    return;
  }
  if (const absl::Status status = ReadRevokedClientsAnew(); !status.ok()) {
    log_.Error("revoked-clients-unreadable", {{"reason", ReasonOf(status)}, {"error", std::string(status.message())}});
    return;
  }
  streams_->OnRightsChanged();
  log_.Info("revoked-clients-read");
}

absl::Status Tenant::WatchQuota() {
  if (guest_ == nullptr) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const uint64_t records, storage::Records(*durable_).Count());
  return guest_->Refresh(records);
}

void Tenant::ExpireRequests() {
  auto expired = std::make_shared<size_t>(0);
  committer_->Submit(
      [this, expired](storage::CommitScope& scope) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(*expired,
                                storage::Requests().Expire(*durable_, scope.transaction, clock_.Now(), kExpireAtOnce));
        return absl::OkStatus();
      },
      [this, expired](const absl::Status& status) {
        if (status.ok() && *expired == kExpireAtOnce) {
          ExpireRequests();
        }
      });
  // So that a restart does not have to wait for the operator to serve members.
  const absl::optional<record::v1::SignedBody> heartbeat = registry_->NewestHeartbeat();
  if (heartbeat.has_value()) {
    committer_->Submit(
        [this, heartbeat](storage::CommitScope& scope) {
          return storage::Settings(*durable_).PutHeartbeat(scope.transaction, heartbeat->SerializeAsString());
        },
        [](const absl::Status&) {});
  }
}

void Tenant::WatchStore() {
  const absl::Status writing = committer_->health();
  store_health_.Note(writing);
  // What the operator says from now on is not kept: nothing may be open that a suspension would close.
  if (!writing.ok() && !registry_->IsStale()) {
    registry_->SetWritable(false);
    streams_->OnRightsChanged();
  }
}

void Tenant::WarnOfAge() {
  const absl::Duration age = registry_->Age();
  if (age > kRegistryWarnAge) {
    log_.Warning("registry-old",
                 {{"age", absl::FormatDuration(age)}, {"cure", "check that the operator's node can be reached"}});
  }
}

std::vector<Ticker::Task> Tenant::Tasks() {
  std::vector<Ticker::Task> tasks;
  tasks.push_back({kFollowTick, [this] { follows_->Tick(); }});
  tasks.push_back({kCorrespondentTick, [this] { FollowCorrespondentsSoon(); }});
  tasks.push_back({kAccessTick, [this] { access_work_->Tick(); }});
  tasks.push_back({kErasureTick, [this] {
                     erasure_work_->Tick();
                     erasure_asking_->Tick();
                     onward_reporting_->Tick();
                   }});
  tasks.push_back({kStreamTick, [this] {
                     streams_->Tick();
                     call_log_->Tick();
                     audit_log_->Tick();
                     WatchStore();
                     KeepRegistrySoon();
                     ReloadRegistrySoon();
                   }});
  tasks.push_back({exchange_interval_, [this] { exchange_->ExchangeWithNext(*peers_, *executor_); },
                   clock_.Now() + exchange_interval_});
  tasks.push_back({exchange_interval_, [this] { witness_work_->WatchSoon(); }, clock_.Now() + exchange_interval_});
  tasks.push_back({heads_interval_, [this] { CommitHeadsSoon(); }, clock_.Now() + heads_interval_});
  tasks.push_back({std::min(heads_interval_, kOpeningTick), [this] { CompareOpeningsSoon(); }});
  tasks.push_back({kCosignTick, [this] { witness_work_->Tick(); }});
  tasks.push_back({kExpireTick, [this] { ExpireRequests(); }});
  tasks.push_back({kRevokedTick, [this] { WatchRevokedClients(); }});
  tasks.push_back({kQuotaTick, [this] {
                     if (const absl::Status read = WatchQuota(); !read.ok()) {
                       log_.Error("quota-unreadable",
                                  {{"reason", ReasonOf(read)}, {"error", std::string(read.message())}});
                     }
                   }});
  tasks.push_back({kWarnTick, [this] { WarnOfAge(); }, clock_.Now() + kWarnTick});
  tasks.push_back({kKeyTick, [this] { feed_keys_->Refresh(); }});
  if (is_operator()) {
    tasks.push_back({heartbeat_interval_, [this] { SignHeartbeat(); }});
  }
  return tasks;
}

}  // namespace meguri::node
