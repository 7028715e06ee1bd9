// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "meguri/admin/v1/admin_service.grpc.pb.h"
#include "node/follow/follow_runner.h"
#include "node/follow/opening_watch.h"
#include "node/membership/certificate_office.h"
#include "node/membership/registry_state.h"
#include "node/rpc/unary.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// What the node tells of itself.
struct NodeFacts {
  std::string node_identity;
  std::string version;
  std::function<absl::Time()> certificate_expires;
  std::function<absl::Status()> store_health;  // OK, or what ails the store
  // What a guest takes of the node and may take; empty if the member is none.
  std::function<admin::v1::GuestUsage()> guest_usage;
};

class AdminServiceEdge final : public admin::v1::AdminService::CallbackService {
 public:
  AdminServiceEdge(RpcContext rpc, NodeFacts facts, const RegistryState& registry, FollowRunner& follows,
                   const OpeningWatch& openings, const storage::StoreReader& store, const CertificateOffice* office);

  grpc::ServerUnaryReactor* GetNodeStatus(grpc::CallbackServerContext* context,
                                          const admin::v1::GetNodeStatusRequest* request,
                                          admin::v1::GetNodeStatusResponse* response) override;
  grpc::ServerUnaryReactor* AddFollow(grpc::CallbackServerContext* context, const admin::v1::AddFollowRequest* request,
                                      admin::v1::AddFollowResponse* response) override;
  grpc::ServerUnaryReactor* RemoveFollow(grpc::CallbackServerContext* context,
                                         const admin::v1::RemoveFollowRequest* request,
                                         admin::v1::RemoveFollowResponse* response) override;
  grpc::ServerUnaryReactor* ListFollows(grpc::CallbackServerContext* context,
                                        const admin::v1::ListFollowsRequest* request,
                                        admin::v1::ListFollowsResponse* response) override;
  grpc::ServerUnaryReactor* GetFeedEvidence(grpc::CallbackServerContext* context,
                                            const admin::v1::GetFeedEvidenceRequest* request,
                                            admin::v1::GetFeedEvidenceResponse* response) override;
  grpc::ServerUnaryReactor* GetRecordEvidence(grpc::CallbackServerContext* context,
                                              const admin::v1::GetRecordEvidenceRequest* request,
                                              admin::v1::GetRecordEvidenceResponse* response) override;
  grpc::ServerUnaryReactor* IssueNodeCertificate(grpc::CallbackServerContext* context,
                                                 const admin::v1::IssueNodeCertificateRequest* request,
                                                 admin::v1::IssueNodeCertificateResponse* response) override;

 private:
  absl::Status FillStatus(const Caller& caller, admin::v1::GetNodeStatusResponse& out) const;
  absl::Status FillCosigned(const storage::HeldFeed& feed, admin::v1::FollowStatus& out) const;
  absl::Status FillReplicas(const Caller& caller, admin::v1::ListFollowsResponse& out) const;

  RpcContext rpc_;
  const NodeFacts facts_;
  const RegistryState& registry_;
  FollowRunner& follows_;
  const OpeningWatch& openings_;
  const storage::StoreReader& store_;
  const CertificateOffice* office_;
};

}  // namespace meguri::node
