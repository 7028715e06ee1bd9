// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "meguri/access/v1/access_service.grpc.pb.h"
#include "node/access/access_state.h"
#include "node/membership/registry_state.h"
#include "node/query/query.h"
#include "node/rpc/unary.h"

namespace meguri::node {

class AccessServiceEdge final : public access::v1::AccessService::CallbackService {
 public:
  AccessServiceEdge(RpcContext rpc, const Query& query, const RegistryState& registry, const AccessState& access,
                    const Clock& clock);

  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context, const access::v1::ExplainRequest* request,
                                    access::v1::ExplainResponse* response) override;

 private:
  RpcContext rpc_;
  const Query& query_;
  const RegistryState& registry_;
  const AccessState& access_;
  const Clock& clock_;
};

}  // namespace meguri::node
