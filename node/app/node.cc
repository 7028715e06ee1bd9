// SPDX-License-Identifier: Apache-2.0
#include "node/app/node.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/status_macros.h"
#include "certs/addressed_member.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "node/app/certificate_file.h"
#include "node/app/certificate_renewal.h"
#include "node/app/folder.h"
#include "node/app/hosting.h"
#include "node/app/move.h"
#include "node/app/tenant.h"
#include "node/app/ticker.h"
#include "node/app/version.h"
#include "node/membership/certificate_office.h"
#include "node/peer/connections.h"
#include "node/rpc/server.h"

namespace meguri::node {
namespace {

constexpr size_t kBundleBytesMax = size_t{1} << 20;
constexpr mode_t kPublicMode = 0644;
constexpr absl::Duration kHealthTick = absl::Seconds(1);
constexpr absl::Duration kMemoryTick = absl::Minutes(5);
constexpr absl::Duration kRenewTick = absl::Seconds(30);
constexpr absl::Duration kRenewTimeout = absl::Seconds(10);
constexpr absl::Duration kBundleTick = absl::Hours(24);
constexpr absl::Duration kBundleWarnTime = absl::Hours(30 * 24);

absl::StatusOr<certs::TrustBundle> OpenBundle(const Folder& folder, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(folder.trust_bundle(), kBundleBytesMax));
  absl::StatusOr<certs::TrustBundle> bundle = certs::TrustBundle::Open(bytes, now);
  return bundle.ok() ? std::move(bundle) : InFile(folder.trust_bundle(), bundle.status());
}

}  // namespace

// The parts in the order in which they are made; ~Node takes them down in reverse.
struct Node::Parts {
  Parts(const Config& node_config, record::ParticipantId id, certs::TrustBundle trust_bundle, const Clock& node_clock,
        Random& node_random, Log& node_log)
      : config(node_config),
        folder(config.data_folder()),
        participant(std::move(id)),
        bundle(std::move(trust_bundle)),
        clock(node_clock),
        random(node_random),
        log(node_log) {}

  bool is_operator() const { return participant == bundle.operator_id(); }
  // The member whose node this is.
  Tenant& own() const { return *tenants.front(); }

  absl::Status LoadKeys();
  absl::Status CheckCertificate(const certs::Certificate& certificate) const;
  absl::Status OpenTenants();
  Log& LogOf(const record::ParticipantId& member);
  std::string FederationRoots() const;
  absl::Status WritePeerRoots() const;
  absl::Status Serve();

  absl::StatusOr<certs::Certificate> AskForCertificate(const std::string& request) const;
  bool IsHealthy() const;
  void WarnOfBundle();
  std::vector<Ticker::Task> Tasks();

  const Config& config;
  const Folder folder;
  const record::ParticipantId participant;
  const certs::TrustBundle bundle;
  const Clock& clock;
  Random& random;
  Log& log;
  std::string node_identity;

  std::unique_ptr<CertificateOffice> office;  // the operator's
  std::unique_ptr<CertificateRenewal> renewal;
  std::unique_ptr<PeerConnections> connections;
  std::unique_ptr<TenantSurroundings> surroundings;
  std::vector<std::unique_ptr<Log>> logs;        // of the members, if there are several
  std::vector<std::unique_ptr<Tenant>> tenants;  // the node's own member first
  std::unique_ptr<GrpcServer> server;
  std::unique_ptr<Ticker> ticker;
};

absl::Status Node::Parts::LoadKeys() {
  MEGURI_RETURN_IF_ERROR(TakeUpNextCertificate(folder));
  MEGURI_RETURN_IF_ERROR(certs::SigningKey::Load(folder.node_key()).status());
  const absl::StatusOr<certs::Certificate> certificate = ReadCertificateFile(folder.node_certificate());
  if (absl::IsNotFound(certificate.status())) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_ENROLLED",
                 absl::StrCat("There is no node certificate in ", folder.node_certificate(),
                              ". Send enrolment-request to the operator and run `meguri-node join` with the answer."));
  }
  MEGURI_RETURN_IF_ERROR(certificate.status());
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certificate->identity());
  node_identity = identity.ToUri();
  MEGURI_RETURN_IF_ERROR(CheckCertificate(*certificate));
  if (is_operator()) {
    MEGURI_ASSIGN_OR_RETURN(
        certs::CertificateAuthority authority,
        certs::CertificateAuthority::Load(folder.federation_ca_key(), folder.federation_ca_certificate()));
    office = std::make_unique<CertificateOffice>(std::move(authority), random, clock);
  }
  renewal = std::make_unique<CertificateRenewal>(
      folder, node_identity, bundle, *certificate,
      [this](const std::string& request) { return AskForCertificate(request); }, clock, log);
  return absl::OkStatus();
}

absl::Status Node::Parts::CheckCertificate(const certs::Certificate& certificate) const {
  const certs::Identity expected{bundle.federation(), participant, certs::Identity::Class::kNode,
                                 config.Get("node_name")};
  if (node_identity != expected.ToUri()) {
    return Error(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_IDENTITY",
                 absl::StrCat("The node certificate is for ", node_identity, ", the configuration is for ",
                              expected.ToUri(), "."));
  }
  if (clock.Now() < certificate.not_before()) {
    return Error(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_NOT_YET_VALID",
                 absl::StrCat("The node certificate is valid from ",
                              absl::FormatTime(certificate.not_before(), absl::UTCTimeZone()),
                              ", and the clock of "
                              "this machine says ",
                              absl::FormatTime(clock.Now(), absl::UTCTimeZone()),
                              ". Set the clock: no peer and no client could connect."));
  }
  // It could neither serve nor ask for another one. The operator's node makes its own.
  if (!is_operator() && clock.Now() > certificate.not_after()) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "CERTIFICATE_EXPIRED",
        absl::StrCat("The node certificate expired at ", absl::FormatTime(certificate.not_after(), absl::UTCTimeZone()),
                     ". Run `meguri-node request-certificate`, send the request to the operator, and run "
                     "`meguri-node join` with the answer."));
  }
  return absl::OkStatus();
}

absl::Status Node::Parts::OpenTenants() {
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.federation_roots(), FederationRoots(), kPublicMode));
  connections = std::make_unique<PeerConnections>(
      PeerTlsFiles{folder.node_key(), folder.node_certificate(), folder.federation_roots()}, config.Get("http_proxy"));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> hosted, HostedMembersIn(folder));
  if (hosted.size() >= kHostedMembersMax) {
    return Error(absl::StatusCode::kFailedPrecondition, "HOSTED_MEMBERS",
                 absl::StrCat(folder.hosted(), " holds ", hosted.size(), " members; a node hosts at most ",
                              kHostedMembersMax, ", its own included."));
  }
  std::vector<record::ParticipantId> departed;
  for (const record::ParticipantId& member : hosted) {
    if (!CheckNotExported(folder.hosted(member)).ok()) {
      departed.push_back(member);
    }
  }
  surroundings = std::make_unique<TenantSurroundings>(
      TenantSurroundings{config, bundle, node_identity, *connections, departed, [this] { return renewal->expires(); },
                         hosted.size() + 1, clock, random});
  const Tenant::Office own_office{false, office.get(), config.Get("witness") == "yes"};
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<Tenant> own, Tenant::Open(*surroundings, folder, participant, own_office,
                                                                    hosted.empty() ? log : LogOf(participant)));
  tenants.push_back(std::move(own));
  for (const record::ParticipantId& member : hosted) {
    Log& its_log = LogOf(member);
    const absl::Status stays = CheckNotExported(folder.hosted(member));
    absl::StatusOr<std::unique_ptr<Tenant>> tenant =
        stays.ok() ? Tenant::Open(*surroundings, folder.hosted(member), member, Tenant::Office{true}, its_log) : stays;
    if (tenant.ok()) {
      tenants.push_back(*std::move(tenant));
    } else {
      // What is wrong with one member is no reason to serve none.
      its_log.Error("member-not-served",
                    {{"reason", ReasonOf(tenant.status())}, {"error", std::string(tenant.status().message())}});
    }
  }
  return absl::OkStatus();
}

Log& Node::Parts::LogOf(const record::ParticipantId& member) {
  return *logs.emplace_back(std::make_unique<Log>(log, Log::Field{"hosted_member", member.text()}));
}

// The roots by which peers and callers are judged, as gRPC wants them: files.
std::string Node::Parts::FederationRoots() const {
  std::string roots;
  for (const certs::Certificate& root : bundle.tls_roots()) {
    roots += root.ToPem();
  }
  return roots;
}

absl::Status Node::Parts::WritePeerRoots() const {
  std::string roots = FederationRoots();
  for (const std::unique_ptr<Tenant>& tenant : tenants) {
    roots += tenant->client_ca().ToPem();
  }
  return certs::WriteFileAtomically(folder.peer_roots(), roots, kPublicMode);
}

absl::Status Node::Parts::Serve() {
  std::vector<HostedServices> members;
  for (const std::unique_ptr<Tenant>& tenant : tenants) {
    tenant->MakeServices();
    const bool is_own = tenant->member() == participant;
    members.push_back({is_own ? "" : certs::AuthorityOf(tenant->member()), tenant->services()});
  }
  MEGURI_ASSIGN_OR_RETURN(
      server, GrpcServer::Start(config.Get("listen"),
                                {folder.node_key(), folder.node_certificate(), folder.peer_roots()}, members));
  ticker = std::make_unique<Ticker>(Tasks(), clock);
  return absl::OkStatus();
}

// What the operator sent must serve this node at least as well as what it replaces.
absl::StatusOr<certs::Certificate> Node::Parts::AskForCertificate(const std::string& request) const {
  if (office != nullptr) {
    MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certs::Identity::Parse(node_identity));
    return office->Issue(request, identity);
  }
  const std::shared_ptr<const certs::Registry> registry = own().registry().Get();
  const registry::v1::MemberEntry* entry = registry->Find(bundle.operator_id());
  if (entry == nullptr || entry->hosting().addresses().empty()) {
    return Error(absl::StatusCode::kUnavailable, "NO_ADDRESS", "The registry here does not name the operator's node.");
  }
  const PeerAddress peer{bundle.operator_id(),
                         entry->hosting().node_identity(),
                         {entry->hosting().addresses().begin(), entry->hosting().addresses().end()}};
  MEGURI_ASSIGN_OR_RETURN(const std::string der,
                          own().peers().RenewCertificate(peer, participant, request, kRenewTimeout));
  return certs::Certificate::ParseDer(der);
}

bool Node::Parts::IsHealthy() const {
  for (const std::unique_ptr<Tenant>& tenant : tenants) {
    if (!tenant->store_health().ok()) {
      return false;
    }
  }
  return true;
}

void Node::Parts::WarnOfBundle() {
  const absl::Time expires = own().registry().BundleExpires();
  if (expires - clock.Now() < kBundleWarnTime) {
    log.Warning("trust-bundle-expires",
                {{"expires", absl::FormatTime(expires, absl::UTCTimeZone())},
                 {"cure", "get the next trust bundle from the operator and run meguri-node adopt-bundle"}});
  }
}

std::vector<Ticker::Task> Node::Parts::Tasks() {
  std::vector<Ticker::Task> tasks;
  for (const std::unique_ptr<Tenant>& tenant : tenants) {
    for (Ticker::Task& task : tenant->Tasks()) {
      tasks.push_back(std::move(task));
    }
  }
  tasks.push_back({kHealthTick, [this] { server->SetHealthy(IsHealthy()); }});
  tasks.push_back({kMemoryTick, ReturnFreeMemory});  // at once, too: opening a store has used much that is free now
  tasks.push_back({kBundleTick, [this] { WarnOfBundle(); }});
  tasks.push_back({kRenewTick, [this] {
                     // It may call the operator; the ticker must go on.
                     if (!own().executor().Submit([this] { renewal->RenewIfDue(); })) {
                       log.Warning("certificate-renewal-delayed");
                     }
                   }});
  return tasks;
}

absl::StatusOr<std::unique_ptr<Node>> Node::Start(const Config& config, const Clock& clock, Random& random, Log& log) {
  const Folder folder(config.data_folder());
  MEGURI_RETURN_IF_ERROR(CheckNotExported(folder));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId participant, record::ParticipantId::Parse(config.Get("participant")));
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, OpenBundle(folder, clock.Now()));
  std::unique_ptr<Node> node = absl::WrapUnique(
      new Node(std::make_unique<Parts>(config, std::move(participant), std::move(bundle), clock, random, log)));
  Parts& parts = *node->parts_;
  MEGURI_RETURN_IF_ERROR(parts.LoadKeys());
  MEGURI_RETURN_IF_ERROR(parts.OpenTenants());
  MEGURI_RETURN_IF_ERROR(parts.WritePeerRoots());
  if (parts.office != nullptr) {
    parts.renewal->RenewIfDue();
  }
  MEGURI_RETURN_IF_ERROR(parts.Serve());
  log.Info("node-ready", {{"node", parts.node_identity},
                          {"listen", config.Get("listen")},
                          {"port", absl::StrCat(node->port())},
                          {"version", kVersion}});
  return node;
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Node::~Node() {
  // Nothing new comes in; what is open ends.
  for (const std::unique_ptr<Tenant>& tenant : parts_->tenants) {
    tenant->StopServing();
  }
  if (parts_->server != nullptr) {
    parts_->server->Stop();
  }
  parts_->ticker.reset();
  for (const std::unique_ptr<Tenant>& tenant : parts_->tenants) {
    tenant->Stop();
  }
}

int Node::port() const { return parts_->server->port(); }

}  // namespace meguri::node
