// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/erasure/v1/erasure_service.grpc.pb.h"
#include "node/erasure/incoming_erasures.h"
#include "node/erasure/outgoing_erasures.h"
#include "node/rpc/unary.h"

namespace meguri::node {

class ErasureServiceEdge final : public erasure::v1::ErasureService::CallbackService {
 public:
  ErasureServiceEdge(RpcContext rpc, OutgoingErasures& outgoing, const IncomingErasures& incoming)
      : rpc_(rpc), outgoing_(outgoing), incoming_(incoming) {}

  grpc::ServerUnaryReactor* RequestErasure(grpc::CallbackServerContext* context,
                                           const erasure::v1::RequestErasureRequest* request,
                                           erasure::v1::RequestErasureResponse* response) override;
  grpc::ServerUnaryReactor* EraseCopies(grpc::CallbackServerContext* context,
                                        const erasure::v1::EraseCopiesRequest* request,
                                        erasure::v1::EraseCopiesResponse* response) override;
  grpc::ServerUnaryReactor* ListErasures(grpc::CallbackServerContext* context,
                                         const erasure::v1::ListErasuresRequest* request,
                                         erasure::v1::ListErasuresResponse* response) override;
  grpc::ServerUnaryReactor* GetErasure(grpc::CallbackServerContext* context,
                                       const erasure::v1::GetErasureRequest* request,
                                       erasure::v1::GetErasureResponse* response) override;
  grpc::ServerUnaryReactor* ListIncomingErasures(grpc::CallbackServerContext* context,
                                                 const erasure::v1::ListIncomingErasuresRequest* request,
                                                 erasure::v1::ListIncomingErasuresResponse* response) override;

 private:
  RpcContext rpc_;
  OutgoingErasures& outgoing_;
  const IncomingErasures& incoming_;
};

}  // namespace meguri::node
