// SPDX-License-Identifier: Apache-2.0
#include "node/app/node.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/registry.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "node/access/access_state.h"
#include "node/app/access_work.h"
#include "node/app/certificate_renewal.h"
#include "node/app/clients.h"
#include "node/app/entry_file.h"
#include "node/app/erasure_work.h"
#include "node/app/feed_keys.h"
#include "node/app/folder.h"
#include "node/app/follow_log.h"
#include "node/app/key_notice_log.h"
#include "node/app/store_check.h"
#include "node/app/store_health.h"
#include "node/app/ticker.h"
#include "node/app/version.h"
#include "node/app/witness_work.h"
#include "node/audit/audit_log.h"
#include "node/follow/checkpoint_exchange.h"
#include "node/follow/correspondents.h"
#include "node/follow/feed_source.h"
#include "node/follow/follow_runner.h"
#include "node/membership/certificate_office.h"
#include "node/membership/registry_state.h"
#include "node/peer/grpc_peer_client.h"
#include "node/publish/publisher.h"
#include "node/query/audit_list.h"
#include "node/query/carried_envelope.h"
#include "node/query/prove.h"
#include "node/query/query.h"
#include "node/rpc/access_service.h"
#include "node/rpc/admin_service.h"
#include "node/rpc/audit_edge.h"
#include "node/rpc/audit_service.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/call_end.h"
#include "node/rpc/copy_service.h"
#include "node/rpc/feed_service.h"
#include "node/rpc/follow_stream.h"
#include "node/rpc/limits.h"
#include "node/rpc/record_service.h"
#include "node/rpc/registry_service.h"
#include "node/rpc/resolver.h"
#include "node/rpc/revoked_clients.h"
#include "node/rpc/server.h"
#include "node/rpc/witness_service.h"
#include "record/checkpoint.h"
#include "record/cosignature.h"
#include "storage/anchor.h"
#include "storage/audit_rows.h"
#include "storage/committer.h"
#include "storage/requests.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

constexpr size_t kBundleBytesMax = size_t{1} << 20;
constexpr size_t kExpireAtOnce = 1000;
constexpr absl::Duration kFollowTick = absl::Milliseconds(100);
constexpr absl::Duration kCorrespondentTick = absl::Milliseconds(200);
constexpr absl::Duration kAccessTick = absl::Milliseconds(100);
constexpr absl::Duration kErasureTick = absl::Seconds(1);
constexpr absl::Duration kStreamTick = absl::Seconds(1);
constexpr absl::Duration kCosignTick = absl::Seconds(1);
constexpr absl::Duration kExpireTick = absl::Minutes(10);
constexpr absl::Duration kMemoryTick = absl::Minutes(5);
constexpr absl::Duration kRevokedTick = absl::Milliseconds(200);
constexpr absl::Duration kRenewTick = absl::Seconds(30);
constexpr absl::Duration kRenewTimeout = absl::Seconds(10);
constexpr absl::Duration kWarnTick = absl::Minutes(5);
constexpr absl::Duration kBundleTick = absl::Hours(24);
constexpr absl::Duration kBundleWarnTime = absl::Hours(30 * 24);
constexpr size_t kMebibyte = size_t{1} << 20;

// What publishing and following see of the registry.
class RegistryView final : public PublisherRegistry, public FollowRegistry, public WitnessRegistry {
 public:
  explicit RegistryView(RegistryState& state) : state_(state) {}
  std::shared_ptr<const certs::Registry> Get() const override { return state_.Get(); }
  const certs::TrustBundle& bundle() const override { return state_.bundle(); }
  absl::Status AcceptHeartbeat(const record::v1::SignedBody& heartbeat) override {
    return state_.AcceptHeartbeat(heartbeat);
  }
  bool IsStale() const override { return state_.IsStale(); }

 private:
  RegistryState& state_;
};

// What is wrong with the contents of a file of the folder; that cannot be read at all, the error of reading tells.
absl::Status InFile(const std::string& path, const absl::Status& status) {
  return Error(status.code(), ReasonOf(status), absl::StrCat(path, ": ", status.message()));
}

absl::StatusOr<certs::Certificate> ReadCertificate(const std::string& path) {
  MEGURI_ASSIGN_OR_RETURN(const std::string pem, certs::ReadFile(path, kBundleBytesMax));
  absl::StatusOr<certs::Certificate> certificate = certs::Certificate::ParsePem(pem);
  return certificate.ok() ? std::move(certificate) : InFile(path, certificate.status());
}

// The roots by which callers and peers are judged, as gRPC wants them: files.
absl::Status WriteRoots(const Folder& folder, const certs::TrustBundle& bundle, const certs::Certificate& client_ca) {
  std::string federation;
  for (const certs::Certificate& root : bundle.tls_roots()) {
    federation += root.ToPem();
  }
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.federation_roots(), federation, 0644));
  return certs::WriteFileAtomically(folder.peer_roots(), federation + client_ca.ToPem(), 0644);
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

FollowQuota QuotaOf(const Config& config) {
  return {static_cast<uint64_t>(config.GetInt("follow_quota_entries")),
          static_cast<uint64_t>(config.GetInt("follow_quota_mib")) * kMebibyte};
}

absl::StatusOr<certs::TrustBundle> OpenBundle(const Folder& folder, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(folder.trust_bundle(), kBundleBytesMax));
  absl::StatusOr<certs::TrustBundle> bundle = certs::TrustBundle::Open(bytes, now);
  return bundle.ok() ? std::move(bundle) : InFile(folder.trust_bundle(), bundle.status());
}

}  // namespace

// The parts in the order in which they are made; ~Node takes them down in reverse.
struct Node::Parts {
  Parts(const Config& config, record::ParticipantId id, certs::TrustBundle trust_bundle, certs::Certificate authority,
        const Clock& node_clock, Random& node_random, Log& node_log)
      : folder(config.data_folder()),
        participant(std::move(id)),
        bundle(std::move(trust_bundle)),
        client_ca(std::move(authority)),
        clock(node_clock),
        random(node_random),
        log(node_log),
        follow_log(node_log),
        key_notices(node_log),
        store_health(node_log) {}

  bool is_operator() const { return participant == bundle.operator_id(); }

  absl::Status OpenStore(const Config& config);
  absl::Status LoadKeys(const Config& config);
  absl::Status OpenRegistry(const Config& config);
  absl::Status WireCapabilities(const Config& config);
  void WireAudit(PageTokens tokens);
  void WireWitnesses();
  void CompareWithWitness(const record::FeedKey& feed, const std::string& note);
  absl::Status Serve(const Config& config);
  absl::Status FollowRegistryFeed();

  Reader ReaderNow(const record::ParticipantId& member) const;
  void OnGrown(const std::vector<storage::FeedId>& grown);
  bool IsAuditAlone(const std::vector<storage::FeedId>& grown);
  void FollowCorrespondentsSoon();
  void KeepRegistrySoon();
  void ReloadRegistrySoon();
  void ReloadRegistry();
  absl::Status SaveOwnEntry() const;
  void SignHeartbeat();
  absl::StatusOr<certs::Certificate> AskForCertificate(const std::string& request) const;
  absl::Status ReadRevokedClientsAnew();
  void WatchRevokedClients();
  void ExpireRequests();
  void WatchStore();
  void WarnOfAge();
  void WarnOfBundle();
  std::vector<Ticker::Task> Tasks();

  const Folder folder;
  const record::ParticipantId participant;
  const certs::TrustBundle bundle;
  const certs::Certificate client_ca;
  const Clock& clock;
  Random& random;
  Log& log;
  FollowLog follow_log;
  KeyNoticeLog key_notices;
  StoreHealth store_health;
  std::string node_identity;
  absl::Duration heartbeat_interval;
  absl::Duration exchange_interval;
  absl::optional<storage::FeedId> audit_feed;  // the committer's thread's; nullopt: there is none yet
  std::atomic<bool> is_following_correspondents{false};
  std::atomic<bool> registry_is_dirty{false};  // entries have come that the members were not read from yet
  RevokedClients revoked_clients;
  std::filesystem::file_time_type revoked_clients_time;  // of the file when it was last read; the ticker's

  std::unique_ptr<storage::SectionKeys> section_keys;
  std::unique_ptr<storage::OrderedStore> store;
  std::unique_ptr<storage::Anchor> anchor;
  std::unique_ptr<CertificateOffice> office;
  std::unique_ptr<RegistryState> registry;
  std::unique_ptr<RegistryView> registry_view;
  std::unique_ptr<AccessState> access;
  std::unique_ptr<FeedKeys> feed_keys;
  std::unique_ptr<CertificateRenewal> renewal;
  std::unique_ptr<storage::Committer> committer;
  const storage::SnapshotReader* durable = nullptr;  // the committer's: the store as everybody else may see it
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<Query> query;
  std::unique_ptr<FeedSource> source;
  std::unique_ptr<Prover> prover;
  std::unique_ptr<CheckpointExchange> exchange;  // answers to what the peers were asked come to it, to the last
  std::unique_ptr<WitnessWork> witness_work;     // likewise
  std::unique_ptr<GrpcPeerClient> peers;
  std::unique_ptr<FollowRunner> follows;
  std::unique_ptr<Correspondents> correspondents;  // null if it is not wished
  std::unique_ptr<AccessWork> access_work;
  std::unique_ptr<ErasureWork> erasure_work;
  std::unique_ptr<Authenticator> authenticator;
  std::unique_ptr<AuditLog> audit_log;
  std::unique_ptr<AuditEdge> audit;
  std::unique_ptr<AuditList> audit_list;
  std::unique_ptr<CallLog> call_log;
  std::unique_ptr<Resolver> resolver;
  std::unique_ptr<FollowStreams> streams;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<GrpcServer> server;
  std::unique_ptr<Ticker> ticker;
};

absl::Status Node::Parts::OpenStore(const Config& config) {
  MEGURI_RETURN_IF_ERROR(CheckStoreNotLost(folder));
  storage::RocksdbOptions options;
  options.block_cache_bytes = static_cast<size_t>(config.GetInt("block_cache_mib")) * kMebibyte;
  options.write_buffer_bytes = static_cast<size_t>(config.GetInt("write_buffer_mib")) * kMebibyte;
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::OrderedStore> opened,
                          storage::OpenRocksdbStore(folder.store(), options));
  MEGURI_ASSIGN_OR_RETURN(storage::SealedParts sealed,
                          storage::OpenSealed(std::move(opened), SectionKeysIn(folder), random));
  section_keys = std::move(sealed.keys);
  store = std::move(sealed.store);
  MEGURI_ASSIGN_OR_RETURN(anchor, storage::OpenAnchorFile(folder.anchor()));
  MEGURI_ASSIGN_OR_RETURN(committer, storage::Committer::Start(*store, *anchor));
  durable = &committer->durable();
  return absl::OkStatus();
}

absl::Status Node::Parts::LoadKeys(const Config& config) {
  MEGURI_RETURN_IF_ERROR(TakeUpNextCertificate(folder));
  MEGURI_RETURN_IF_ERROR(certs::SigningKey::Load(folder.node_key()).status());
  const absl::StatusOr<certs::Certificate> certificate = ReadCertificate(folder.node_certificate());
  if (absl::IsNotFound(certificate.status())) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_ENROLLED",
                 absl::StrCat("There is no node certificate in ", folder.node_certificate(),
                              ". Send enrolment-request to the operator and run `meguri-node join` with the answer."));
  }
  MEGURI_RETURN_IF_ERROR(certificate.status());
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certificate->identity());
  node_identity = identity.ToUri();
  const certs::Identity expected{bundle.federation(), participant, certs::Identity::Class::kNode,
                                 config.Get("node_name")};
  if (identity != expected) {
    return Error(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_IDENTITY",
                 absl::StrCat("The node certificate is for ", node_identity, ", the configuration is for ",
                              expected.ToUri(), "."));
  }
  if (clock.Now() < certificate->not_before()) {
    return Error(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_NOT_YET_VALID",
                 absl::StrCat("The node certificate is valid from ",
                              absl::FormatTime(certificate->not_before(), absl::UTCTimeZone()),
                              ", and the clock of "
                              "this machine says ",
                              absl::FormatTime(clock.Now(), absl::UTCTimeZone()),
                              ". Set the clock: no peer and no client could connect."));
  }
  // It could neither serve nor ask for another one. The operator's node makes its own.
  if (!is_operator() && clock.Now() > certificate->not_after()) {
    return Error(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_EXPIRED",
                 absl::StrCat("The node certificate expired at ",
                              absl::FormatTime(certificate->not_after(), absl::UTCTimeZone()),
                              ". Run `meguri-node request-certificate`, send the request to the operator, and run "
                              "`meguri-node join` with the answer."));
  }
  if (is_operator()) {
    MEGURI_ASSIGN_OR_RETURN(
        certs::CertificateAuthority authority,
        certs::CertificateAuthority::Load(folder.federation_ca_key(), folder.federation_ca_certificate()));
    office = std::make_unique<CertificateOffice>(std::move(authority), random, clock);
  }
  renewal = std::make_unique<CertificateRenewal>(
      folder, node_identity, bundle, *certificate,
      [this](const std::string& request) { return AskForCertificate(request); }, clock, log);
  MEGURI_RETURN_IF_ERROR(ReadRevokedClientsAnew());
  return WriteRoots(folder, bundle, client_ca);
}

absl::Status Node::Parts::OpenRegistry(const Config& config) {
  heartbeat_interval = absl::Seconds(config.GetInt("heartbeat_seconds"));
  registry = std::make_unique<RegistryState>(bundle, participant, absl::Hours(config.GetInt("registry_stale_hours")),
                                             *durable, clock);
  MEGURI_RETURN_IF_ERROR(registry->Reload());
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> heartbeat, storage::Settings(*durable).Heartbeat());
  record::v1::SignedBody signed_heartbeat;
  if (heartbeat.has_value() && signed_heartbeat.ParseFromString(*heartbeat)) {
    const absl::Status accepted = registry->AcceptHeartbeat(signed_heartbeat);
    if (!accepted.ok()) {
      log.Warning("stored-heartbeat-refused", {{"error", std::string(accepted.message())}});
    }
  }
  registry_view = std::make_unique<RegistryView>(*registry);
  return absl::OkStatus();
}

absl::Status Node::Parts::WireCapabilities(const Config& config) {
  MEGURI_RETURN_IF_ERROR(OpenRegistry(config));
  feed_keys = std::make_unique<FeedKeys>(folder, participant, *registry, clock, log);
  MEGURI_RETURN_IF_ERROR(feed_keys->Load());
  feed_keys->Refresh();
  executor = std::make_unique<Executor>(kWorkThreads, kWorkQueueMax);
  access = std::make_unique<AccessState>(participant, *durable, clock);
  MEGURI_RETURN_IF_ERROR(access->Load());
  publisher = std::make_unique<Publisher>(
      *registry_view, *durable, *committer, clock,
      PublishHooks{[this](const std::vector<OwnVersion>& versions, storage::CommitScope& scope) {
                     return access->OnWritten(versions, scope);
                   },
                   [this](const std::vector<OwnVersion>& versions) { access->OnDurable(versions); }});
  MEGURI_ASSIGN_OR_RETURN(const PageTokens::Key token_key, LoadTokenKey(folder, random));
  query =
      std::make_unique<Query>(*durable, std::vector<record::ParticipantId>{participant}, PageTokens(token_key, clock));
  const bool hands_on = config.Get("hand_on") == "yes";
  source = std::make_unique<FeedSource>(bundle.federation(), *durable, *feed_keys,
                                        hands_on ? absl::make_optional(participant) : absl::nullopt);
  prover = std::make_unique<Prover>(*durable, std::vector<record::ParticipantId>{participant}, bundle.federation(),
                                    [this](const record::FeedKey& feed) -> absl::StatusOr<std::string> {
                                      MEGURI_ASSIGN_OR_RETURN(FeedSource::Head head, source->ReadHead(feed));
                                      return std::move(head.checkpoint);
                                    });
  peers = std::make_unique<GrpcPeerClient>(
      PeerTlsFiles{folder.node_key(), folder.node_certificate(), folder.federation_roots()}, config.Get("http_proxy"));
  follows = std::make_unique<FollowRunner>(*registry_view, *peers, *durable, *committer, *executor, clock, random,
                                           follow_log, QuotaOf(config));
  exchange = std::make_unique<CheckpointExchange>(
      *registry_view, [this](const record::ParticipantId& member) { return ReaderNow(member); }, *follows, follow_log,
      *durable, participant, clock, random, hands_on);
  exchange_interval = absl::Seconds(config.GetInt("exchange_seconds"));
  WireWitnesses();
  if (config.Get("witness") == "yes") {
    MEGURI_RETURN_IF_ERROR(witness_work->OpenWitness(folder));
  }
  if (config.Get("follow_correspondents") == "yes") {
    correspondents = std::make_unique<Correspondents>(*follows, participant, *durable);
  }
  erasure_work = std::make_unique<ErasureWork>(*section_keys, *store, *committer, *executor, log);
  access_work = std::make_unique<AccessWork>(*access, *committer, *executor, *follows, participant, log);
  authenticator = std::make_unique<Authenticator>(*registry, *access, std::vector<record::ParticipantId>{participant},
                                                  client_ca, revoked_clients, clock);
  WireAudit(PageTokens(token_key, clock));
  call_log = std::make_unique<CallLog>(CallSinks(log, store_health, *audit), clock);
  resolver = std::make_unique<Resolver>(*authenticator, *query, *registry, *peers, *peers, follows->relays(), *audit,
                                        *executor, clock);
  streams = std::make_unique<FollowStreams>(*authenticator, *source, *registry, *audit, *executor, clock,
                                            [this](const record::ParticipantId& reader, const record::FeedKey& feed) {
                                              if (correspondents != nullptr) {
                                                correspondents->OnAsked(reader, feed);
                                              }
                                            });
  key_notices.Report(*registry->Get());
  registry->AddListener([this] {
    key_notices.Report(*registry->Get());
    feed_keys->Refresh();
    streams->OnRightsChanged();
    follows->RetryNow();
  });
  access->AddListener([this] { streams->OnRightsChanged(); });
  committer->AddObserver([this](const std::vector<storage::FeedId>& grown) { OnGrown(grown); });
  return absl::OkStatus();
}

Reader Node::Parts::ReaderNow(const record::ParticipantId& member) const {
  const std::shared_ptr<const certs::Registry> members = registry->Get();
  Reader reader = ReaderOf(*members, member, registry->IsStale());
  AddGrants(access->GrantsOf(member), *members, clock.Now(), reader);
  return reader;
}

void Node::Parts::WireWitnesses() {
  CosigningHooks hooks;
  hooks.sign_head = [this](const record::FeedKey& feed) -> absl::StatusOr<std::string> {
    MEGURI_ASSIGN_OR_RETURN(const FeedSource::Head head, source->ReadHead(feed));
    return record::KeepSignaturesOf(head.checkpoint, record::FeedOrigin(bundle.federation(), feed));
  };
  hooks.on_cosigned = [this](storage::FeedId id) { streams->OnGrown({id}); };
  hooks.on_contradiction = [this](const record::FeedKey& feed, const std::string& note) {
    CompareWithWitness(feed, note);
    store_health.Note(Error(absl::StatusCode::kDataLoss, "OWN_FEED_ROLLED_BACK",
                            absl::StrCat("A witness holds a head of the feed ", feed.name.text(),
                                         ", signed with this member's feed key, that the store here does not bear out: "
                                         "stop this node, and see docs/operations.md.")));
  };
  witness_work = std::make_unique<WitnessWork>(
      WitnessSurroundings{*registry_view, *peers, participant, *committer, *executor, clock, log}, std::move(hooks),
      [this](const record::FeedKey& feed, const std::string& note) { CompareWithWitness(feed, note); });
}

// What a witness saw is one more head that others know of.
void Node::Parts::CompareWithWitness(const record::FeedKey& feed, const std::string& note) {
  feed::v1::KnownCheckpoints told;
  feed::v1::KnownHead& head = *told.add_heads();
  head.mutable_feed()->set_publisher(feed.publisher.text());
  head.mutable_feed()->set_name(feed.name.text());
  head.mutable_feed()->set_epoch(feed.epoch);
  head.set_checkpoint(note);
  exchange->Take(told).IgnoreError();  // what proves nothing is passed over
}

void Node::Parts::WireAudit(PageTokens tokens) {
  audit_log = std::make_unique<AuditLog>(*committer, participant, clock, random);
  audit = std::make_unique<AuditEdge>(*audit_log, [this] { return registry->entries_read(); });
  audit_list = std::make_unique<AuditList>(
      *durable, participant, bundle.federation(),
      [this](const record::FeedKey& feed, const record::Checkpoint& checkpoint) -> absl::StatusOr<std::string> {
        const std::shared_ptr<const record::Signer> signer = feed_keys->Find(feed);
        Invariant(signer != nullptr, "a node has a feed key of the member that it hosts");
        return record::SignCheckpoint(checkpoint, *signer);
      },
      std::move(tokens));
}

absl::Status Node::Parts::FollowRegistryFeed() {
  MEGURI_RETURN_IF_ERROR(follows->Load());
  if (correspondents != nullptr) {
    MEGURI_RETURN_IF_ERROR(correspondents->Load());
  }
  if (is_operator()) {
    return absl::OkStatus();
  }
  return follows->KeepRegistry(participant);
}

// Who had the evidence against a quarantined registry dropped has it followed anew.
void Node::Parts::KeepRegistrySoon() {
  if (is_operator() || follows->Follows(participant, bundle.operator_id(), record::FeedName::Registry())) {
    return;
  }
  const auto keep = [this] {
    if (const absl::Status kept = follows->KeepRegistry(participant); !kept.ok()) {
      log.Error("registry-not-followed", {{"reason", ReasonOf(kept)}, {"error", std::string(kept.message())}});
    }
  };
  if (!executor->Submit(keep)) {
    log.Warning("registry-follow-delayed");
  }
}

absl::Status Node::Parts::Serve(const Config& config) {
  const RpcContext rpc{*authenticator, *executor, *call_log, *audit};
  const NodeFacts facts{node_identity, kVersion, [this] { return renewal->expires(); },
                        [this] { return store_health.Get(); }};
  services.push_back(std::make_unique<RecordServiceEdge>(rpc, *publisher, *query, *prover, *resolver));
  services.push_back(std::make_unique<CopyServiceEdge>(rpc, *query, *prover, *source, clock));
  services.push_back(std::make_unique<FeedServiceEdge>(rpc, *source, *streams, *exchange));
  services.push_back(std::make_unique<RegistryServiceEdge>(rpc, *registry, *query, office.get()));
  services.push_back(std::make_unique<AdminServiceEdge>(rpc, facts, *registry, *follows, *durable, office.get()));
  services.push_back(std::make_unique<AccessServiceEdge>(rpc, *query, *registry, *access, clock));
  services.push_back(std::make_unique<AuditServiceEdge>(rpc, *audit_list, *registry, *peers));
  if (witness_work->witness() != nullptr) {
    services.push_back(std::make_unique<WitnessServiceEdge>(rpc, *witness_work->witness()));
  }
  std::vector<grpc::Service*> borrowed;
  borrowed.reserve(services.size());
  for (const std::unique_ptr<grpc::Service>& service : services) {
    borrowed.push_back(service.get());
  }
  MEGURI_ASSIGN_OR_RETURN(
      server, GrpcServer::Start(config.Get("listen"),
                                {folder.node_key(), folder.node_certificate(), folder.peer_roots()}, borrowed));
  ticker = std::make_unique<Ticker>(Tasks(), clock);
  return absl::OkStatus();
}

// Runs on the committer's thread.
void Node::Parts::OnGrown(const std::vector<storage::FeedId>& grown) {
  if (IsAuditAlone(grown)) {
    return;
  }
  access->OnGrown(grown);
  streams->OnGrown(grown);
  if (correspondents != nullptr) {
    correspondents->OnGrown(grown);
  }
  const absl::StatusOr<absl::optional<storage::FeedId>> id = storage::Feeds(*durable).Find(registry->feed());
  if (id.ok() && id->has_value() && std::find(grown.begin(), grown.end(), **id) != grown.end()) {
    registry_is_dirty = true;
    ReloadRegistrySoon();
  }
}

// Nobody waits for the audit feed, which grows with every delivery.
bool Node::Parts::IsAuditAlone(const std::vector<storage::FeedId>& grown) {
  if (grown.size() != 1) {
    return false;
  }
  if (!audit_feed.has_value()) {
    const auto found = storage::Feeds(*durable).Find(storage::AuditFeedOf(participant));
    audit_feed = found.ok() ? *found : absl::nullopt;
  }
  return audit_feed == grown.front();
}

void Node::Parts::FollowCorrespondentsSoon() {
  if (correspondents == nullptr || !correspondents->HasNoted() || is_following_correspondents.exchange(true)) {
    return;
  }
  const bool queued = executor->Submit([this] {
    if (const absl::Status followed = correspondents->FollowNoted(); !followed.ok()) {
      log.Warning("correspondent-not-followed",
                  {{"reason", ReasonOf(followed)}, {"error", std::string(followed.message())}});
    }
    is_following_correspondents = false;
  });
  if (!queued) {
    is_following_correspondents = false;
  }
}

void Node::Parts::ReloadRegistrySoon() {
  // If there is no room, the ticker tries again: what was not reloaded stays dirty.
  if (registry_is_dirty && !executor->Submit([this] { ReloadRegistry(); })) {
    log.Warning("registry-reload-delayed");
  }
}

void Node::Parts::ReloadRegistry() {
  if (!registry_is_dirty.exchange(false)) {
    return;
  }
  const absl::Status reloaded = registry->Reload();
  if (!reloaded.ok()) {
    registry_is_dirty = true;
    store_health.Note(reloaded);
    log.Error("registry-reload-failed", {{"reason", ReasonOf(reloaded)}, {"error", std::string(reloaded.message())}});
    return;
  }
  if (const absl::Status saved = SaveOwnEntry(); !saved.ok()) {
    log.Warning("registry-entry-not-saved", {{"reason", ReasonOf(saved)}, {"error", std::string(saved.message())}});
  }
  if (is_operator()) {
    SignHeartbeat();
  }
}

// So that commands on the folder know what the registry says of this member.
absl::Status Node::Parts::SaveOwnEntry() const {
  const absl::optional<MemberRecordRef> ref = registry->FindRecord(participant);
  if (!ref.has_value()) {
    return absl::OkStatus();
  }
  QueryReader holder;
  holder.reader.participant = registry->feed().holder;
  holder.is_client = true;
  MEGURI_ASSIGN_OR_RETURN(const RecordView view,
                          query->Get(holder, ref->record_id, bundle.operator_id().text(), ref->version, {}));
  MEGURI_ASSIGN_OR_RETURN(const record::v1::Envelope envelope, ToEnvelope(view.envelope));
  return WriteEntryFile(folder.registry_entry(), envelope);
}

void Node::Parts::SignHeartbeat() {
  const auto sign = [this]() -> absl::Status {
    const storage::Feeds feeds(*durable);
    record::Frontier frontier;
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(registry->feed()));
    if (id.has_value()) {
      MEGURI_ASSIGN_OR_RETURN(storage::FeedHead head, feeds.ReadHead(*id));
      frontier = std::move(head.frontier);
    }
    registry::v1::Heartbeat heartbeat;
    heartbeat.set_origin(bundle.message().registry_origin());
    heartbeat.set_size(frontier.size());
    heartbeat.set_root(frontier.Root().ToString());
    heartbeat.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock.Now())));
    heartbeat.set_next_update_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock.Now() + heartbeat_interval)));
    MEGURI_ASSIGN_OR_RETURN(
        const record::v1::SignedBody signed_body,
        certs::SignHeartbeat(heartbeat, bundle.federation(), participant, *feed_keys->ForRegistry()));
    return registry->AcceptHeartbeat(signed_body);
  };
  const absl::Status signed_status = sign();
  // Entries that came just now are read first; the heartbeat counts then.
  if (!signed_status.ok() && ReasonOf(signed_status) != "HEARTBEAT_AHEAD") {
    log.Error("heartbeat-failed", {{"error", std::string(signed_status.message())}});
  }
  streams->OnRightsChanged();
}

// What the operator sent must serve this node at least as well as what it replaces.
absl::StatusOr<certs::Certificate> Node::Parts::AskForCertificate(const std::string& request) const {
  if (office != nullptr) {
    MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certs::Identity::Parse(node_identity));
    return office->Issue(request, identity);
  }
  const registry::v1::MemberEntry* entry = registry->Get()->Find(bundle.operator_id());
  if (entry == nullptr || entry->hosting().addresses().empty()) {
    return Error(absl::StatusCode::kUnavailable, "NO_ADDRESS", "The registry here does not name the operator's node.");
  }
  const PeerAddress peer{entry->hosting().node_identity(),
                         {entry->hosting().addresses().begin(), entry->hosting().addresses().end()}};
  MEGURI_ASSIGN_OR_RETURN(const std::string der, peers->RenewCertificate(peer, participant, request, kRenewTimeout));
  return certs::Certificate::ParseDer(der);
}

absl::Status Node::Parts::ReadRevokedClientsAnew() {
  // The time is taken first: what is written while the file is read is read once more.
  std::error_code absent;
  revoked_clients_time = std::filesystem::last_write_time(folder.revoked_clients(), absent);
  MEGURI_ASSIGN_OR_RETURN(absl::flat_hash_set<std::string> names, ReadRevokedClients(folder));
  revoked_clients.Set(std::move(names));
  return absl::OkStatus();
}

void Node::Parts::WatchRevokedClients() {
  std::error_code absent;
  if (std::filesystem::last_write_time(folder.revoked_clients(), absent) == revoked_clients_time) {
    return;
  }
  if (const absl::Status status = ReadRevokedClientsAnew(); !status.ok()) {
    log.Error("revoked-clients-unreadable", {{"reason", ReasonOf(status)}, {"error", std::string(status.message())}});
    return;
  }
  streams->OnRightsChanged();
  log.Info("revoked-clients-read");
}

void Node::Parts::ExpireRequests() {
  auto expired = std::make_shared<size_t>(0);
  committer->Submit(
      [this, expired](storage::CommitScope& scope) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(*expired,
                                storage::Requests().Expire(*durable, scope.transaction, clock.Now(), kExpireAtOnce));
        return absl::OkStatus();
      },
      [this, expired](const absl::Status& status) {
        if (status.ok() && *expired == kExpireAtOnce) {
          ExpireRequests();
        }
      });
  // So that a restart does not have to wait for the operator to serve members.
  const absl::optional<record::v1::SignedBody> heartbeat = registry->NewestHeartbeat();
  if (heartbeat.has_value()) {
    committer->Submit(
        [this, heartbeat](storage::CommitScope& scope) {
          return storage::Settings(*durable).PutHeartbeat(scope.transaction, heartbeat->SerializeAsString());
        },
        [](const absl::Status&) {});
  }
}

void Node::Parts::WatchStore() {
  const absl::Status writing = committer->health();
  store_health.Note(writing);
  server->SetHealthy(store_health.Get().ok());
  // What the operator says from now on is not kept: nothing may be open that a suspension would close.
  if (!writing.ok() && !registry->IsStale()) {
    registry->SetWritable(false);
    streams->OnRightsChanged();
  }
}

void Node::Parts::WarnOfBundle() {
  const absl::Duration left = registry->BundleExpires() - clock.Now();
  if (left < kBundleWarnTime) {
    log.Warning("trust-bundle-expires",
                {{"expires", absl::FormatTime(registry->BundleExpires(), absl::UTCTimeZone())},
                 {"cure", "get the next trust bundle from the operator and run meguri-node adopt-bundle"}});
  }
}

void Node::Parts::WarnOfAge() {
  const absl::Duration age = registry->Age();
  if (age > kRegistryWarnAge) {
    log.Warning("registry-old",
                {{"age", absl::FormatDuration(age)}, {"cure", "check that the operator's node can be reached"}});
  }
}

std::vector<Ticker::Task> Node::Parts::Tasks() {
  std::vector<Ticker::Task> tasks;
  tasks.push_back({kFollowTick, [this] { follows->Tick(); }});
  tasks.push_back({kCorrespondentTick, [this] { FollowCorrespondentsSoon(); }});
  tasks.push_back({kAccessTick, [this] { access_work->Tick(); }});
  tasks.push_back({kErasureTick, [this] { erasure_work->Tick(); }});
  tasks.push_back({kStreamTick, [this] {
                     streams->Tick();
                     call_log->Tick();
                     audit_log->Tick();
                     WatchStore();
                     KeepRegistrySoon();
                     ReloadRegistrySoon();
                   }});
  tasks.push_back(
      {exchange_interval, [this] { exchange->ExchangeWithNext(*peers, *executor); }, clock.Now() + exchange_interval});
  tasks.push_back({exchange_interval, [this] { witness_work->WatchSoon(); }, clock.Now() + exchange_interval});
  tasks.push_back({kCosignTick, [this] { witness_work->Tick(); }});
  tasks.push_back({kExpireTick, [this] { ExpireRequests(); }});
  tasks.push_back({kMemoryTick, ReturnFreeMemory});  // at once, too: opening the store has used much that is free now
  tasks.push_back({kBundleTick, [this] { WarnOfBundle(); }});
  tasks.push_back({kRevokedTick, [this] { WatchRevokedClients(); }});
  tasks.push_back({kWarnTick, [this] { WarnOfAge(); }, clock.Now() + kWarnTick});
  tasks.push_back({kRenewTick, [this] {
                     feed_keys->Refresh();
                     // It may call the operator; the ticker must go on.
                     if (!executor->Submit([this] { renewal->RenewIfDue(); })) {
                       log.Warning("certificate-renewal-delayed");
                     }
                   }});
  if (is_operator()) {
    tasks.push_back({heartbeat_interval, [this] { SignHeartbeat(); }});
  }
  return tasks;
}

absl::StatusOr<std::unique_ptr<Node>> Node::Start(const Config& config, const Clock& clock, Random& random, Log& log) {
  const Folder folder(config.data_folder());
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId participant, record::ParticipantId::Parse(config.Get("participant")));
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, OpenBundle(folder, clock.Now()));
  MEGURI_ASSIGN_OR_RETURN(certs::Certificate client_ca, ReadCertificate(folder.client_ca_certificate()));
  auto parts = std::make_unique<Parts>(config, std::move(participant), std::move(bundle), std::move(client_ca), clock,
                                       random, log);
  MEGURI_RETURN_IF_ERROR(parts->LoadKeys(config));
  MEGURI_RETURN_IF_ERROR(parts->OpenStore(config));
  std::unique_ptr<Node> node = absl::WrapUnique(new Node(std::move(parts)));
  MEGURI_RETURN_IF_ERROR(node->parts_->WireCapabilities(config));
  MEGURI_RETURN_IF_ERROR(node->parts_->FollowRegistryFeed());
  MEGURI_RETURN_IF_ERROR(node->parts_->SaveOwnEntry());
  // Before anything is signed: witnesses remember what this store may have forgotten.
  MEGURI_RETURN_IF_ERROR(node->parts_->witness_work->CheckNothingLost());
  if (node->parts_->office != nullptr) {
    node->parts_->renewal->RenewIfDue();
  }
  MEGURI_RETURN_IF_ERROR(node->parts_->Serve(config));
  log.Info("node-ready", {{"node", node->parts_->node_identity},
                          {"listen", config.Get("listen")},
                          {"port", absl::StrCat(node->port())},
                          {"version", kVersion}});
  return node;
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Node::~Node() {
  // Nothing new comes in; what is open ends.
  if (parts_->streams != nullptr) {
    parts_->streams->Close();
  }
  if (parts_->peers != nullptr) {
    parts_->peers->StopAsking();
  }
  if (parts_->server != nullptr) {
    parts_->server->Stop();
  }
  parts_->ticker.reset();
  if (parts_->access_work != nullptr) {
    parts_->access_work->Stop();
  }
  // Callbacks of the committer and work of the executor refer to all parts, so these stop one by one and go together.
  if (parts_->follows != nullptr) {
    parts_->follows->Stop();
  }
  if (parts_->executor != nullptr) {
    parts_->executor->Stop();
  }
  parts_->committer.reset();
}

int Node::port() const { return parts_->server->port(); }

}  // namespace meguri::node
