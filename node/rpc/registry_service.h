// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/registry/v1/registry_service.grpc.pb.h"
#include "node/membership/certificate_office.h"
#include "node/membership/registry_state.h"
#include "node/query/query.h"
#include "node/rpc/unary.h"

namespace meguri::node {

class RegistryServiceEdge final : public registry::v1::RegistryService::CallbackService {
 public:
  // `office` is null except on the operator's node.
  RegistryServiceEdge(RpcContext rpc, const RegistryState& registry, const Query& query,
                      const CertificateOffice* office);

  grpc::ServerUnaryReactor* GetMember(grpc::CallbackServerContext* context,
                                      const registry::v1::GetMemberRequest* request,
                                      registry::v1::GetMemberResponse* response) override;
  grpc::ServerUnaryReactor* ListMembers(grpc::CallbackServerContext* context,
                                        const registry::v1::ListMembersRequest* request,
                                        registry::v1::ListMembersResponse* response) override;
  grpc::ServerUnaryReactor* GetHeartbeat(grpc::CallbackServerContext* context,
                                         const registry::v1::GetHeartbeatRequest* request,
                                         registry::v1::GetHeartbeatResponse* response) override;
  grpc::ServerUnaryReactor* RenewCertificate(grpc::CallbackServerContext* context,
                                             const registry::v1::RenewCertificateRequest* request,
                                             registry::v1::RenewCertificateResponse* response) override;

 private:
  RpcContext rpc_;
  const RegistryState& registry_;
  const Query& query_;
  const CertificateOffice* office_;
};

}  // namespace meguri::node
