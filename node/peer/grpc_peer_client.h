// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "node/erasure/erasure_peer.h"
#include "node/follow/checkpoint_exchange.h"
#include "node/follow/opening_watch.h"
#include "node/follow/peer_client.h"
#include "node/onward/onward_peer.h"
#include "node/peer/connections.h"
#include "node/query/audit_list.h"
#include "node/query/copies.h"
#include "node/query/publisher_node.h"
#include "node/witness/witnessed.h"

namespace meguri::node {

// Calls other nodes for one member. A connection is for one member at its other end, too, so that nobody takes the
// streams on it from somebody else. Thread-safe.
class GrpcPeerClient final : public PeerClient,
                             public PublisherNode,
                             public ExchangePeer,
                             public OpeningPeer,
                             public AuditPeer,
                             public WitnessPeer,
                             public CopyPeer,
                             public ErasurePeer,
                             public OnwardPeer {
 public:
  // `connections` outlives it.
  explicit GrpcPeerClient(const PeerConnections& connections) : connections_(connections) {}
  // Waits for the answers to what was asked.
  ~GrpcPeerClient() override;

  std::unique_ptr<FollowStream> Follow(const FollowCall& call, std::shared_ptr<FollowSink> sink) override;
  void Resolve(const PublisherQuestion& question, PublisherNode::Done done) override;
  void FindCopies(const CopyQuestion& question, CopyPeer::Done done) override;
  void ExchangeCheckpoints(const ExchangeCall& call, ExchangePeer::Done done) override;
  void GetOpenings(const OpeningCall& call, OpeningPeer::Done done) override;
  void ListRows(const AuditQuestion& question, AuditPeer::Done done) override;
  void AddCheckpoint(const WitnessNode& node, const record::ParticipantId& acting_member, const Submission& submission,
                     WitnessPeer::AddDone done) override;
  void GetWitnessed(const WitnessNode& node, const record::ParticipantId& acting_member, const record::FeedKey& feed,
                    WitnessPeer::GetDone done) override;
  void EraseCopies(const ErasureCall& call, ErasurePeer::Done done) override;
  void ReportOnward(const OnwardCall& call, OnwardPeer::Done done) override;
  // Gives up what was asked: it is answered with an error soon. Questions that come later are refused.
  void StopAsking();

  // Asks the operator's node for a new certificate. Blocks up to `timeout`. Returns DER.
  absl::StatusOr<std::string> RenewCertificate(const PeerAddress& peer, const record::ParticipantId& acting_member,
                                               const std::string& request_der, absl::Duration timeout);

 private:
  struct Asking;
  void BeginAsking(Asking* asking, const record::ParticipantId& acting_member,
                   const record::ParticipantId& addressed_member, absl::Duration timeout);
  // Asks by one method of `Service`, and hands `done` what `take` makes of the answer, or why there is none. `purpose`:
  // for which it is asked; 0: none is stated.
  template <typename Service, typename Request, typename Response, typename Answered, typename Take>
  void Ask(const PeerAddress& peer, const record::ParticipantId& acting_member, absl::Duration timeout,
           void (Service::StubInterface::async_interface::*method)(grpc::ClientContext*, const Request*, Response*,
                                                                   std::function<void(grpc::Status)>),
           Request request, Answered done, Take take, uint32_t purpose = 0);
  void EndAsking(Asking* asking);
  // The channel to the peer's next address: an address that fails is followed by another.
  std::shared_ptr<grpc::Channel> ChannelTo(const PeerAddress& peer);

  const PeerConnections& connections_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_ ABSL_GUARDED_BY(mutex_);  // by end and address
  std::map<std::string, size_t> attempts_ ABSL_GUARDED_BY(mutex_);                          // by end
  std::set<Asking*> asking_ ABSL_GUARDED_BY(mutex_);
  bool may_ask_ ABSL_GUARDED_BY(mutex_) = true;
  CondVar asking_ended_;
};

}  // namespace meguri::node
