// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/witness/v1/witness_service.grpc.pb.h"
#include "node/rpc/unary.h"
#include "node/witness/witness.h"

namespace meguri::node {

// Served only by a node that is a witness.
class WitnessServiceEdge final : public witness::v1::WitnessService::CallbackService {
 public:
  WitnessServiceEdge(RpcContext rpc, Witness& witness) : rpc_(rpc), witness_(witness) {}

  grpc::ServerUnaryReactor* AddCheckpoint(grpc::CallbackServerContext* context,
                                          const witness::v1::AddCheckpointRequest* request,
                                          witness::v1::AddCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const witness::v1::GetCheckpointRequest* request,
                                          witness::v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* ListContradictions(grpc::CallbackServerContext* context,
                                               const witness::v1::ListContradictionsRequest* request,
                                               witness::v1::ListContradictionsResponse* response) override;

 private:
  RpcContext rpc_;
  Witness& witness_;
};

}  // namespace meguri::node
