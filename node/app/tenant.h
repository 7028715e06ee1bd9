// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "certs/certificate.h"
#include "certs/trust_bundle.h"
#include "grpcpp/impl/service_type.h"
#include "node/access/access_state.h"
#include "node/app/access_work.h"
#include "node/app/config.h"
#include "node/app/erasure_asking.h"
#include "node/app/erasure_work.h"
#include "node/app/feed_keys.h"
#include "node/app/folder.h"
#include "node/app/follow_log.h"
#include "node/app/guest_quota.h"
#include "node/app/key_notice_log.h"
#include "node/app/log.h"
#include "node/app/registry_view.h"
#include "node/app/store_health.h"
#include "node/app/ticker.h"
#include "node/app/witness_work.h"
#include "node/audit/audit_log.h"
#include "node/follow/checkpoint_exchange.h"
#include "node/follow/correspondents.h"
#include "node/follow/feed_source.h"
#include "node/follow/follow_runner.h"
#include "node/follow/opening_watch.h"
#include "node/follow/receipt_book.h"
#include "node/membership/certificate_office.h"
#include "node/membership/registry_state.h"
#include "node/onward/onward_reporting.h"
#include "node/peer/connections.h"
#include "node/peer/grpc_peer_client.h"
#include "node/publish/heads_log.h"
#include "node/publish/publisher.h"
#include "node/query/audit_list.h"
#include "node/query/prove.h"
#include "node/query/query.h"
#include "node/rpc/audit_edge.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/call_end.h"
#include "node/rpc/follow_stream.h"
#include "node/rpc/resolver.h"
#include "node/rpc/revoked_clients.h"
#include "record/participant_id.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"
#include "storage/sealed/section_keys.h"

namespace meguri::node {

// What a process has once, for every member that it hosts. Outlives them.
struct TenantSurroundings {
  const Config& config;
  const certs::TrustBundle& bundle;
  const std::string& node_identity;
  const PeerConnections& connections;
  std::vector<record::ParticipantId> departed;  // members who were hosted here, and are moving away or have moved
  std::function<absl::Time()> certificate_expires;
  size_t members;  // how many share what the process may take
  const Clock& clock;
  Random& random;
};

// One member, and what this process keeps for it: its own world, with a folder, store, keys, feeds, follows, clients
// and audit feed that no other member's code ever sees.
class Tenant {
 public:
  // What only the node's own member may be beside a member.
  struct Office {
    bool is_guest = false;                            // hosted on the node of another member, within a quota
    const CertificateOffice* certificates = nullptr;  // the operator's, which issues them
    bool is_witness = false;
  };

  // Opens the folder and takes up what is followed; nobody is served yet. `log` is the member's, and outlives it.
  static absl::StatusOr<std::unique_ptr<Tenant>> Open(const TenantSurroundings& around, Folder folder,
                                                      record::ParticipantId member, const Office& office, Log& log);
  // Finishes what was accepted, closes the store.
  ~Tenant();

  const record::ParticipantId& member() const { return participant_; }
  const certs::Certificate& client_ca() const { return client_ca_; }
  const RegistryState& registry() const { return *registry_; }
  GrpcPeerClient& peers() { return *peers_; }
  Executor& executor() { return *executor_; }
  absl::Status store_health() const { return store_health_.Get(); }

  // What answers calls that are for this member. Made once, by MakeServices.
  void MakeServices();
  std::vector<grpc::Service*> services() const;
  // What must be done again and again while it is served.
  std::vector<Ticker::Task> Tasks();

  // Ends open streams and questions to others; those that come later are refused. First of all on the way down.
  void StopServing();
  // Once no call is open and no task runs: finishes what was accepted, one part after the other.
  void Stop();

 private:
  Tenant(const TenantSurroundings& around, Folder folder, record::ParticipantId member, certs::Certificate client_ca,
         const Office& office, Log& log);

  bool hands_on() const { return config_.Get("hand_on") == "yes"; }
  bool is_operator() const { return participant_ == bundle_.operator_id(); }

  absl::Status OpenStore();
  absl::Status OpenRegistry();
  absl::Status WireCapabilities();
  void WireQueries(PageTokens tokens);
  void WireFollows();
  void WireWitnesses();
  void WireErasures();
  void WireOnward();
  void WireAudit(PageTokens tokens);
  void WireEdges();
  void WireListeners();
  absl::Status FollowRegistryFeed();

  Reader ReaderNow(const record::ParticipantId& member) const;
  void CompareWithWitness(const record::FeedKey& feed, const std::string& note);
  void OnGrown(const std::vector<storage::FeedId>& grown);
  bool IsAuditAlone(const std::vector<storage::FeedId>& grown);
  void FollowCorrespondentsSoon();
  void LoseHeads();
  void CommitHeadsSoon();
  void CompareOpeningsSoon();
  void KeepRegistrySoon();
  void ReloadRegistrySoon();
  void ReloadRegistry();
  absl::Status SaveOwnEntry() const;
  absl::Status MakeHeartbeat();
  void SignHeartbeat();
  absl::Status ReadRevokedClientsAnew();
  void WatchRevokedClients();
  absl::Status WatchQuota();
  void ExpireRequests();
  void WatchStore();
  void WarnOfAge();

  const TenantSurroundings& around_;
  const Config& config_;
  const certs::TrustBundle& bundle_;
  const Clock& clock_;
  const Folder folder_;
  const record::ParticipantId participant_;
  const certs::Certificate client_ca_;
  const CertificateOffice* const office_;  // null: it is not the operator's
  const bool is_witness_;
  Log& log_;
  FollowLog follow_log_;
  KeyNoticeLog key_notices_;
  StoreHealth store_health_;
  const absl::Duration heartbeat_interval_;
  const absl::Duration exchange_interval_;
  const absl::Duration heads_interval_;
  absl::optional<storage::FeedId> audit_feed_;  // the committer's thread's; nullopt: there is none yet
  std::atomic<bool> is_following_correspondents_{false};
  std::atomic<bool> are_heads_lost_{false};
  std::atomic<bool> is_comparing_openings_{false};
  std::atomic<bool> registry_is_dirty_{false};  // entries have come that the members were not read from yet
  std::unique_ptr<GuestGuard> guest_;           // null: the node's own member, which takes what there is
  RevokedClients revoked_clients_;
  std::filesystem::file_time_type revoked_clients_time_;  // of the file when it was last read; the ticker's

  // In the order in which they are made; they go in reverse.
  std::unique_ptr<storage::SectionKeys> section_keys_;
  std::unique_ptr<storage::OrderedStore> store_;
  std::unique_ptr<storage::Anchor> anchor_;
  std::unique_ptr<RegistryState> registry_;
  std::unique_ptr<RegistryView> registry_view_;
  std::unique_ptr<AccessState> access_;
  std::unique_ptr<FeedKeys> feed_keys_;
  std::unique_ptr<storage::Committer> committer_;
  const storage::SnapshotReader* durable_ = nullptr;  // the committer's: the store as everybody else may see it
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Query> query_;
  std::unique_ptr<FeedSource> source_;
  std::unique_ptr<HeadsLog> heads_log_;
  std::unique_ptr<Prover> prover_;
  std::unique_ptr<ReceiptBook> receipts_;
  std::unique_ptr<CheckpointExchange> exchange_;       // answers to what the peers were asked come to it, to the last
  std::unique_ptr<OpeningWatch> opening_watch_;        // likewise
  std::unique_ptr<WitnessWork> witness_work_;          // likewise
  std::unique_ptr<ErasureAsking> erasure_asking_;      // likewise
  std::unique_ptr<OnwardReporting> onward_reporting_;  // likewise
  std::unique_ptr<GrpcPeerClient> peers_;
  std::unique_ptr<FollowRunner> follows_;
  std::unique_ptr<Correspondents> correspondents_;  // null if it is not wished
  std::unique_ptr<AccessWork> access_work_;
  std::unique_ptr<ErasureWork> erasure_work_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<AuditLog> audit_log_;
  std::unique_ptr<AuditEdge> audit_;
  std::unique_ptr<AuditList> audit_list_;
  std::unique_ptr<CallLog> call_log_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<FollowStreams> streams_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
};

}  // namespace meguri::node
