// SPDX-License-Identifier: Apache-2.0
#include "node/app/tenant.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "node/app/certificate_file.h"
#include "node/app/store_check.h"
#include "node/app/version.h"
#include "node/rpc/access_service.h"
#include "node/rpc/admin_service.h"
#include "node/rpc/audit_service.h"
#include "node/rpc/copy_service.h"
#include "node/rpc/erasure_service.h"
#include "node/rpc/feed_service.h"
#include "node/rpc/heads_service.h"
#include "node/rpc/limits.h"
#include "node/rpc/record_service.h"
#include "node/rpc/registry_service.h"
#include "node/rpc/witness_service.h"
#include "record/checkpoint.h"
#include "record/cosignature.h"
#include "record/heads_feed.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;
constexpr size_t kShareMin = 4 * kMebibyte;

// What one of `members` gets of so many mebibytes.
size_t ShareOf(int64_t mebibytes, size_t members) {
  const size_t whole = static_cast<size_t>(mebibytes) * kMebibyte;
  return members == 1 ? whole : std::max(whole / members, kShareMin);
}

// A caller that asks for what it may not have is for the operator to look at, and so is what this node cannot give now;
// wrong input is the caller's own affair.
LogLevel LevelOfRefusal(absl::StatusCode code) {
  const bool is_warning = code == absl::StatusCode::kUnauthenticated || code == absl::StatusCode::kPermissionDenied ||
                          code == absl::StatusCode::kResourceExhausted || code == absl::StatusCode::kUnavailable;
  return is_warning ? LogLevel::kWarning : LogLevel::kInfo;
}

CallLog::Sinks CallSinks(Log& log, StoreHealth& health, const AuditEdge& audit) {
  return {[&log, &health](const CallLog::Entry& entry) {
            health.Note(entry.status);
            log.Write(entry.is_ours ? LogLevel::kError : LevelOfRefusal(entry.status.code()),
                      entry.is_ours ? "call-failed" : "call-refused",
                      {{"peer", std::string(entry.peer)},
                       {"method", std::string(entry.method)},
                       {"reason", ReasonOf(entry.status)},
                       {"error", std::string(entry.status.message())}});
          },
          [&log](const CallLog::Repeats& repeats) {
            log.Warning("calls-refused", {{"peer", std::string(repeats.peer)},
                                          {"reason", std::string(repeats.reason)},
                                          {"again", absl::StrCat(repeats.again)}});
          },
          [&audit](const CallLog::Denial& denial) { audit.NoteDenial(denial); }};
}

// The key of page tokens, so that a client may go on after a restart. It opens nothing, and a lost one is made anew.
absl::StatusOr<PageTokens::Key> LoadTokenKey(const Folder& folder, Random& random) {
  PageTokens::Key key;
  absl::StatusOr<std::string> stored = certs::ReadPrivateFile(folder.token_key(), key.size());
  if (absl::IsNotFound(stored.status()) || (stored.ok() && stored->size() != key.size())) {
    random.Fill(absl::MakeSpan(key));
    stored = std::string(reinterpret_cast<const char*>(key.data()), key.size());
    MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.token_key(), *stored, 0600));
  }
  MEGURI_RETURN_IF_ERROR(stored.status());
  std::copy(stored->begin(), stored->end(), key.begin());
  return key;
}

FollowQuota QuotaOf(const Config& config, const GuestGuard* guest) {
  FollowQuota quota{static_cast<uint64_t>(config.GetInt("follow_quota_entries")),
                    static_cast<uint64_t>(config.GetInt("follow_quota_mib")) * kMebibyte};
  if (guest != nullptr) {
    quota.admit = [guest] { return guest->AdmitStorage(); };
  }
  return quota;
}

}  // namespace

Tenant::Tenant(const TenantSurroundings& around, Folder folder, record::ParticipantId member,
               certs::Certificate client_ca, const Office& office, Log& log)
    : around_(around),
      config_(around.config),
      bundle_(around.bundle),
      clock_(around.clock),
      folder_(std::move(folder)),
      participant_(std::move(member)),
      client_ca_(std::move(client_ca)),
      office_(office.certificates),
      is_witness_(office.is_witness),
      log_(log),
      follow_log_(log),
      key_notices_(log),
      store_health_(log),
      heartbeat_interval_(absl::Seconds(config_.GetInt("heartbeat_seconds"))),
      exchange_interval_(absl::Seconds(config_.GetInt("exchange_seconds"))),
      heads_interval_(absl::Seconds(config_.GetInt("heads_seconds"))) {}

absl::StatusOr<std::unique_ptr<Tenant>> Tenant::Open(const TenantSurroundings& around, Folder folder,
                                                     record::ParticipantId member, const Office& office, Log& log) {
  MEGURI_ASSIGN_OR_RETURN(certs::Certificate client_ca, ReadCertificateFile(folder.client_ca_certificate()));
  auto tenant =
      absl::WrapUnique(new Tenant(around, std::move(folder), std::move(member), std::move(client_ca), office, log));
  MEGURI_RETURN_IF_ERROR(tenant->ReadRevokedClientsAnew());
  MEGURI_RETURN_IF_ERROR(tenant->OpenStore());
  if (office.is_guest) {
    tenant->guest_ = std::make_unique<GuestGuard>(tenant->folder_, tenant->participant_, tenant->clock_);
    MEGURI_RETURN_IF_ERROR(tenant->WatchQuota());
  }
  MEGURI_RETURN_IF_ERROR(tenant->WireCapabilities());
  MEGURI_RETURN_IF_ERROR(tenant->FollowRegistryFeed());
  MEGURI_RETURN_IF_ERROR(tenant->SaveOwnEntry());
  // Before anything is signed: witnesses remember what this store may have forgotten.
  MEGURI_RETURN_IF_ERROR(tenant->witness_work_->CheckNothingLost());
  return tenant;
}

absl::Status Tenant::OpenStore() {
  MEGURI_RETURN_IF_ERROR(CheckStoreNotLost(folder_));
  storage::RocksdbOptions options;
  options.block_cache_bytes = ShareOf(config_.GetInt("block_cache_mib"), around_.members);
  options.write_buffer_bytes = ShareOf(config_.GetInt("write_buffer_mib"), around_.members);
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::OrderedStore> opened,
                          storage::OpenRocksdbStore(folder_.store(), options));
  MEGURI_ASSIGN_OR_RETURN(storage::SealedParts sealed,
                          storage::OpenSealed(std::move(opened), SectionKeysIn(folder_), around_.random));
  section_keys_ = std::move(sealed.keys);
  store_ = std::move(sealed.store);
  MEGURI_ASSIGN_OR_RETURN(anchor_, storage::OpenAnchorFile(folder_.anchor()));
  MEGURI_ASSIGN_OR_RETURN(committer_, storage::Committer::Start(*store_, *anchor_));
  durable_ = &committer_->durable();
  return absl::OkStatus();
}

absl::Status Tenant::OpenRegistry() {
  registry_ = std::make_unique<RegistryState>(bundle_, participant_,
                                              absl::Hours(config_.GetInt("registry_stale_hours")), *durable_, clock_);
  MEGURI_RETURN_IF_ERROR(registry_->Reload());
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> heartbeat, storage::Settings(*durable_).Heartbeat());
  record::v1::SignedBody signed_heartbeat;
  if (heartbeat.has_value() && signed_heartbeat.ParseFromString(*heartbeat)) {
    const absl::Status accepted = registry_->AcceptHeartbeat(signed_heartbeat);
    if (!accepted.ok()) {
      log_.Warning("stored-heartbeat-refused", {{"error", std::string(accepted.message())}});
    }
  }
  registry_view_ = std::make_unique<RegistryView>(*registry_);
  return absl::OkStatus();
}

absl::Status Tenant::WireCapabilities() {
  MEGURI_RETURN_IF_ERROR(OpenRegistry());
  feed_keys_ = std::make_unique<FeedKeys>(folder_, participant_, *registry_, clock_, log_);
  MEGURI_RETURN_IF_ERROR(feed_keys_->Load());
  feed_keys_->Refresh();
  executor_ = std::make_unique<Executor>(kWorkThreads, kWorkQueueMax);
  access_ = std::make_unique<AccessState>(participant_, *durable_, clock_);
  MEGURI_RETURN_IF_ERROR(access_->Load());
  publisher_ = std::make_unique<Publisher>(
      *registry_view_, *durable_, *committer_, clock_,
      PublishHooks{[this](const std::vector<OwnVersion>& versions, storage::CommitScope& scope) {
                     return access_->OnWritten(versions, scope);
                   },
                   [this](const std::vector<OwnVersion>& versions) { access_->OnDurable(versions); },
                   [this] { return guest_ != nullptr ? guest_->AdmitStorage() : absl::OkStatus(); }});
  MEGURI_ASSIGN_OR_RETURN(const PageTokens::Key token_key, LoadTokenKey(folder_, around_.random));
  WireQueries(PageTokens(token_key, clock_));
  WireFollows();
  WireWitnesses();
  if (is_witness_) {
    MEGURI_RETURN_IF_ERROR(witness_work_->OpenWitness(folder_));
  }
  WireErasures();
  WireOnward();
  access_work_ = std::make_unique<AccessWork>(*access_, *committer_, *executor_, *follows_, participant_, log_);
  WireAudit(PageTokens(token_key, clock_));
  WireEdges();
  WireListeners();
  return absl::OkStatus();
}

void Tenant::WireQueries(PageTokens tokens) {
  const std::vector<record::ParticipantId> hosted = {participant_};
  query_ = std::make_unique<Query>(*durable_, hosted, std::move(tokens));
  source_ = std::make_unique<FeedSource>(bundle_.federation(), *durable_, *feed_keys_,
                                         hands_on() ? absl::make_optional(participant_) : absl::nullopt);
  heads_log_ = std::make_unique<HeadsLog>(bundle_.federation(), participant_, *durable_, *committer_, around_.random);
  prover_ = std::make_unique<Prover>(
      *durable_, hosted, bundle_, [this] { return registry_->Get(); }, clock_,
      [this](const record::FeedKey& feed) -> absl::StatusOr<std::string> {
        MEGURI_ASSIGN_OR_RETURN(FeedSource::Head head, source_->ReadHead(feed));
        return std::move(head.checkpoint);
      },
      static_cast<size_t>(config_.GetInt("receipts_needed")));
}

void Tenant::WireFollows() {
  peers_ = std::make_unique<GrpcPeerClient>(around_.connections);
  follows_ = std::make_unique<FollowRunner>(*registry_view_, *peers_, *durable_, *committer_, *executor_, clock_,
                                            around_.random, follow_log_, QuotaOf(config_, guest_.get()));
  receipts_ = std::make_unique<ReceiptBook>(*registry_view_, *durable_, *committer_, participant_, clock_,
                                            around_.random, [this](absl::Time time) { return feed_keys_->At(time); });
  exchange_ = std::make_unique<CheckpointExchange>(
      *registry_view_, [this](const record::ParticipantId& member) { return ReaderNow(member); }, *follows_,
      follow_log_, *durable_, participant_, clock_, around_.random, *receipts_, hands_on());
  opening_watch_ = std::make_unique<OpeningWatch>(*registry_view_, *follows_, follow_log_, *peers_, *durable_,
                                                  *committer_, *executor_, participant_, clock_);
  if (config_.Get("follow_correspondents") == "yes") {
    correspondents_ = std::make_unique<Correspondents>(*follows_, participant_, *durable_);
  }
}

// The key that signs the member's feeds says what was erased for it.
void Tenant::WireErasures() {
  erasure_work_ = std::make_unique<ErasureWork>(*section_keys_, *store_, *committer_, *executor_, log_);
  const ErasureSurroundings around{
      participant_, [this] { return registry_->Get(); }, *peers_, *committer_, *executor_, clock_, log_};
  erasure_asking_ = std::make_unique<ErasureAsking>(around, [this](const record::ParticipantId& member) {
    return feed_keys_->Find({member, record::FeedName::Public(), 1});
  });
}

void Tenant::WireOnward() {
  OnwardReporting::Hooks hooks;
  hooks.registry = [this] { return registry_->Get(); };
  hooks.signer = [this] { return feed_keys_->Find({participant_, record::FeedName::Public(), 1}); };
  hooks.on_received = [this](const audit::v1::OnwardReport& report) {
    log_.Info("onward-report", {{"holder", report.holder()},
                                {"month", absl::StrCat(report.month())},
                                {"rows", absl::StrCat(report.rows_size())}});
    if (const absl::Status taken = erasure_asking_->outgoing().TakeReport(report); !taken.ok()) {
      log_.Warning("onward-report-unread", {{"reason", ReasonOf(taken)}, {"error", std::string(taken.message())}});
    }
  };
  hooks.on_problem = [this](const absl::Status& status) {
    log_.Warning("onward-not-reported", {{"reason", ReasonOf(status)}, {"error", std::string(status.message())}});
  };
  onward_reporting_ = std::make_unique<OnwardReporting>(participant_, std::move(hooks), *peers_, committer_->durable(),
                                                        *committer_, *executor_, clock_);
}

void Tenant::WireWitnesses() {
  CosigningHooks hooks;
  hooks.sign_head = [this](const record::FeedKey& feed) -> absl::StatusOr<std::string> {
    MEGURI_ASSIGN_OR_RETURN(const FeedSource::Head head, source_->ReadHead(feed));
    return record::KeepSignaturesOf(head.checkpoint, record::FeedOrigin(bundle_.federation(), feed));
  };
  hooks.on_cosigned = [this](storage::FeedId id) { streams_->OnGrown({id}); };
  hooks.on_contradiction = [this](const record::FeedKey& feed, const std::string& note) {
    if (feed.name == record::HeadsFeed()) {
      LoseHeads();
      return;
    }
    CompareWithWitness(feed, note);
    store_health_.Note(
        Error(absl::StatusCode::kDataLoss, "OWN_FEED_ROLLED_BACK",
              absl::StrCat("A witness holds a head of the feed ", feed.name.text(),
                           ", signed with this member's feed key, that the store here does not bear out: "
                           "stop this node, and see docs/operations.md.")));
  };
  witness_work_ = std::make_unique<WitnessWork>(
      WitnessSurroundings{*registry_view_, *peers_, participant_, *committer_, *executor_, clock_, log_},
      std::move(hooks),
      [this](const record::FeedKey& feed, const std::string& note) { CompareWithWitness(feed, note); });
}

void Tenant::WireAudit(PageTokens tokens) {
  GrantHooks hooks{
      [this](const record::RecordId& grant) { return access_->DeliveriesMax(grant); },
      [this](const record::RecordId& grant, uint64_t deliveries) { access_->OnDelivered(grant, deliveries); }};
  audit_log_ = std::make_unique<AuditLog>(*committer_, participant_, std::move(hooks), clock_, around_.random);
  audit_ = std::make_unique<AuditEdge>(*audit_log_, [this] { return registry_->entries_read(); });
  audit_list_ = std::make_unique<AuditList>(
      *durable_, participant_, bundle_.federation(),
      [this](const record::FeedKey& feed, const record::Checkpoint& checkpoint) -> absl::StatusOr<std::string> {
        const std::shared_ptr<const record::Signer> signer = feed_keys_->Find(feed);
        Invariant(signer != nullptr, "a node has a feed key of the member that it hosts");
        return record::SignCheckpoint(checkpoint, *signer);
      },
      std::move(tokens));
}

void Tenant::WireEdges() {
  authenticator_ = std::make_unique<Authenticator>(
      *registry_, *access_, std::vector<record::ParticipantId>{participant_}, client_ca_, revoked_clients_,
      Authenticator::Host{around_.node_identity, around_.departed,
                          [this] { return guest_ != nullptr ? guest_->AdmitCall() : absl::OkStatus(); }},
      clock_);
  call_log_ = std::make_unique<CallLog>(CallSinks(log_, store_health_, *audit_), clock_);
  resolver_ = std::make_unique<Resolver>(*authenticator_, *query_, *prover_, *registry_, *peers_, *peers_,
                                         follows_->relays(), *audit_, *executor_, clock_);
  streams_ = std::make_unique<FollowStreams>(*authenticator_, *source_, *registry_, *audit_, *executor_, clock_,
                                             [this](const record::ParticipantId& reader, const record::FeedKey& feed) {
                                               if (correspondents_ != nullptr) {
                                                 correspondents_->OnAsked(reader, feed);
                                               }
                                             });
}

void Tenant::WireListeners() {
  key_notices_.Report(*registry_->Get());
  registry_->AddListener([this] {
    key_notices_.Report(*registry_->Get());
    feed_keys_->Refresh();
    streams_->OnRightsChanged();
    follows_->RetryNow();
  });
  access_->AddListener([this] { streams_->OnRightsChanged(); });
  committer_->AddObserver([this](const std::vector<storage::FeedId>& grown) { OnGrown(grown); });
}

absl::Status Tenant::FollowRegistryFeed() {
  MEGURI_RETURN_IF_ERROR(follows_->Load());
  if (correspondents_ != nullptr) {
    MEGURI_RETURN_IF_ERROR(correspondents_->Load());
  }
  if (is_operator()) {
    return absl::OkStatus();
  }
  return follows_->KeepRegistry(participant_);
}

void Tenant::MakeServices() {
  const RpcContext rpc{*authenticator_, *executor_, *call_log_, *audit_};
  const NodeFacts facts{around_.node_identity, kVersion, around_.certificate_expires,
                        [this] { return store_health_.Get(); },
                        guest_ == nullptr ? nullptr : std::function([this] { return guest_->Usage(); })};
  services_.push_back(std::make_unique<RecordServiceEdge>(rpc, *publisher_, *query_, *prover_, *resolver_, *registry_));
  services_.push_back(std::make_unique<CopyServiceEdge>(rpc, *query_, *prover_, *source_, clock_));
  services_.push_back(std::make_unique<FeedServiceEdge>(rpc, *source_, *streams_, *exchange_));
  services_.push_back(std::make_unique<HeadsServiceEdge>(rpc, *source_, *heads_log_));
  services_.push_back(std::make_unique<RegistryServiceEdge>(rpc, *registry_, *query_, office_));
  services_.push_back(
      std::make_unique<AdminServiceEdge>(rpc, facts, *registry_, *follows_, *opening_watch_, *durable_, office_));
  services_.push_back(std::make_unique<AccessServiceEdge>(rpc, *query_, *registry_, *access_, clock_));
  services_.push_back(std::make_unique<AuditServiceEdge>(rpc, *audit_list_, *registry_, *peers_, *onward_reporting_));
  services_.push_back(
      std::make_unique<ErasureServiceEdge>(rpc, erasure_asking_->outgoing(), erasure_asking_->incoming()));
  if (witness_work_->witness() != nullptr) {
    services_.push_back(std::make_unique<WitnessServiceEdge>(rpc, *witness_work_->witness()));
  }
}

std::vector<grpc::Service*> Tenant::services() const {
  std::vector<grpc::Service*> borrowed;
  borrowed.reserve(services_.size());
  for (const std::unique_ptr<grpc::Service>& service : services_) {
    borrowed.push_back(service.get());
  }
  return borrowed;
}

void Tenant::StopServing() {
  if (streams_ != nullptr) {
    streams_->Close();
  }
  if (peers_ != nullptr) {
    peers_->StopAsking();
  }
}

// Callbacks of the committer and work of the executor refer to all parts, so these stop one by one and go together.
void Tenant::Stop() {
  if (access_work_ != nullptr) {
    access_work_->Stop();
  }
  if (erasure_asking_ != nullptr) {
    erasure_asking_->Stop();
  }
  if (onward_reporting_ != nullptr) {
    onward_reporting_->Stop();
  }
  if (follows_ != nullptr) {
    follows_->Stop();
  }
  if (executor_ != nullptr) {
    executor_->Stop();
  }
  if (audit_log_ != nullptr) {
    audit_log_->Flush();
  }
  committer_.reset();
}

Tenant::~Tenant() {
  StopServing();
  Stop();
}

}  // namespace meguri::node
