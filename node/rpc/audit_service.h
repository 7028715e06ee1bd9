// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "meguri/audit/v1/audit_service.grpc.pb.h"
#include "node/membership/registry_state.h"
#include "node/onward/onward_reporting.h"
#include "node/query/audit_list.h"
#include "node/rpc/unary.h"

namespace meguri::node {

class AuditServiceEdge final : public audit::v1::AuditService::CallbackService {
 public:
  AuditServiceEdge(RpcContext rpc, const AuditList& list, const RegistryState& registry, AuditPeer& peers,
                   OnwardReporting& onward);

  grpc::ServerUnaryReactor* ListRows(grpc::CallbackServerContext* context, const audit::v1::ListRowsRequest* request,
                                     audit::v1::ListRowsResponse* response) override;
  grpc::ServerUnaryReactor* ReportOnward(grpc::CallbackServerContext* context,
                                         const audit::v1::ReportOnwardRequest* request,
                                         audit::v1::ReportOnwardResponse* response) override;
  grpc::ServerUnaryReactor* ListOnwardReports(grpc::CallbackServerContext* context,
                                              const audit::v1::ListOnwardReportsRequest* request,
                                              audit::v1::ListOnwardReportsResponse* response) override;

 private:
  // Has the node of the member that a client names asked.
  void AskPeer(const Caller& caller, const audit::v1::RowQuery& query, audit::v1::ListRowsResponse* response,
               grpc::ServerUnaryReactor* reactor, CallEnd end);
  absl::StatusOr<AuditQuestion> QuestionOf(const Caller& caller, const audit::v1::RowQuery& query) const;

  RpcContext rpc_;
  const AuditList& list_;
  const RegistryState& registry_;
  AuditPeer& peers_;
  OnwardReporting& onward_;
  std::atomic<size_t> asks_{0};
};

}  // namespace meguri::node
