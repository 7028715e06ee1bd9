// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/context.h"
#include "meguri/access/v1/access_service.pb.h"
#include "meguri/admin/v1/admin_service.pb.h"
#include "meguri/audit/v1/audit_service.pb.h"
#include "meguri/erasure/v1/erasure_service.pb.h"
#include "meguri/feed/v1/feed_service.pb.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/record/v1/record_service.pb.h"
#include "meguri/registry/v1/registry_service.pb.h"
#include "meguri/witness/v1/witness_service.pb.h"
#include "record/participant_id.h"

namespace meguri::client {

inline constexpr absl::Duration kTimeoutDefault = absl::Seconds(10);

// A stream of batches to publish; each is answered once, in order, when it is durable. Every step may take as long as
// the client's timeout. The node ends the stream with the first batch that it refuses: what was answered holds, nothing
// behind the refused one was taken. Not thread-safe. Dies before its NodeClient.
class PublishSession {
 public:
  virtual ~PublishSession() = default;
  // After an error the answers to earlier batches can still be received, and the error after them.
  virtual absl::Status Send(const record::v1::PublishRequest& request) = 0;
  // The answer to the oldest batch that is not answered yet, or why there is none.
  virtual absl::StatusOr<record::v1::PublishResponse> Receive() = 0;
  // Tells the node that nothing follows. OK if it agrees that all went well.
  virtual absl::Status Finish() = 0;
};

// Calls one node as one member, and says for which purpose it reads, if that is given: grants for another one open
// nothing then. Errors are those of FromRpc. Thread-safe.
class NodeClient {
 public:
  NodeClient(const std::shared_ptr<grpc::Channel>& channel, std::string address,
             const record::ParticipantId& acting_member, absl::Duration timeout,
             passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED);
  // The node that the folder names.
  static std::unique_ptr<NodeClient> Connect(
      const Context& context, absl::Duration timeout,
      passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED);
  ~NodeClient();

  absl::StatusOr<record::v1::PublishResponse> Publish(const record::v1::PublishRequest& request) const;
  std::unique_ptr<PublishSession> PublishStream() const;
  absl::StatusOr<record::v1::GetResponse> Get(const record::v1::GetRequest& request) const;
  absl::StatusOr<record::v1::GetProofResponse> GetProof(const record::v1::GetProofRequest& request) const;
  absl::StatusOr<record::v1::ListResponse> List(const record::v1::ListRequest& request) const;
  absl::StatusOr<record::v1::HistoryResponse> History(const record::v1::HistoryRequest& request) const;
  absl::StatusOr<record::v1::ResolveResponse> Resolve(const record::v1::ResolveRequest& request) const;
  absl::StatusOr<record::v1::BatchResolveResponse> BatchResolve(const record::v1::BatchResolveRequest& request) const;

  absl::StatusOr<feed::v1::GetCheckpointResponse> GetCheckpoint(const feed::v1::GetCheckpointRequest& request) const;

  absl::StatusOr<access::v1::ExplainResponse> Explain(const access::v1::ExplainRequest& request) const;

  absl::StatusOr<audit::v1::ListRowsResponse> ListRows(const audit::v1::ListRowsRequest& request) const;
  absl::StatusOr<audit::v1::ListOnwardReportsResponse> ListOnwardReports(
      const audit::v1::ListOnwardReportsRequest& request) const;

  absl::StatusOr<erasure::v1::RequestErasureResponse> RequestErasure(
      const erasure::v1::RequestErasureRequest& request) const;
  absl::StatusOr<erasure::v1::ListErasuresResponse> ListErasures(const erasure::v1::ListErasuresRequest& request) const;
  absl::StatusOr<erasure::v1::GetErasureResponse> GetErasure(const erasure::v1::GetErasureRequest& request) const;
  absl::StatusOr<erasure::v1::ListIncomingErasuresResponse> ListIncomingErasures(
      const erasure::v1::ListIncomingErasuresRequest& request) const;

  absl::StatusOr<registry::v1::GetMemberResponse> GetMember(const registry::v1::GetMemberRequest& request) const;
  absl::StatusOr<registry::v1::ListMembersResponse> ListMembers(const registry::v1::ListMembersRequest& request) const;
  absl::StatusOr<registry::v1::GetHeartbeatResponse> GetHeartbeat(
      const registry::v1::GetHeartbeatRequest& request) const;

  absl::StatusOr<admin::v1::GetNodeStatusResponse> GetNodeStatus(const admin::v1::GetNodeStatusRequest& request) const;
  absl::StatusOr<admin::v1::AddFollowResponse> AddFollow(const admin::v1::AddFollowRequest& request) const;
  absl::StatusOr<admin::v1::RemoveFollowResponse> RemoveFollow(const admin::v1::RemoveFollowRequest& request) const;
  absl::StatusOr<admin::v1::ListFollowsResponse> ListFollows(const admin::v1::ListFollowsRequest& request) const;
  absl::StatusOr<admin::v1::GetFeedEvidenceResponse> GetFeedEvidence(
      const admin::v1::GetFeedEvidenceRequest& request) const;
  absl::StatusOr<admin::v1::GetRecordEvidenceResponse> GetRecordEvidence(
      const admin::v1::GetRecordEvidenceRequest& request) const;
  absl::StatusOr<admin::v1::IssueNodeCertificateResponse> IssueNodeCertificate(
      const admin::v1::IssueNodeCertificateRequest& request) const;

  // UNIMPLEMENTED if the node is no witness.
  absl::StatusOr<witness::v1::ListContradictionsResponse> ListContradictions(
      const witness::v1::ListContradictionsRequest& request) const;

 private:
  struct Edge;
  const std::unique_ptr<const Edge> edge_;
};

}  // namespace meguri::client
