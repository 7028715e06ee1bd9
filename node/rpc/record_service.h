// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "meguri/record/v1/record_service.grpc.pb.h"
#include "node/membership/registry_state.h"
#include "node/publish/publisher.h"
#include "node/query/prove.h"
#include "node/query/query.h"
#include "node/rpc/resolver.h"
#include "node/rpc/unary.h"

namespace meguri::node {

class RecordServiceEdge final
    : public record::v1::RecordService::WithRawCallbackMethod_Get<record::v1::RecordService::CallbackService> {
 public:
  RecordServiceEdge(RpcContext rpc, Publisher& publisher, const Query& query, const Prover& prover, Resolver& resolver,
                    const RegistryState& registry);

  grpc::ServerUnaryReactor* Publish(grpc::CallbackServerContext* context, const record::v1::PublishRequest* request,
                                    record::v1::PublishResponse* response) override;
  grpc::ServerBidiReactor<record::v1::PublishStreamRequest, record::v1::PublishStreamResponse>* PublishStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetProof(grpc::CallbackServerContext* context, const record::v1::GetProofRequest* request,
                                     record::v1::GetProofResponse* response) override;
  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context, const record::v1::ListRequest* request,
                                 record::v1::ListResponse* response) override;
  grpc::ServerUnaryReactor* History(grpc::CallbackServerContext* context, const record::v1::HistoryRequest* request,
                                    record::v1::HistoryResponse* response) override;
  grpc::ServerUnaryReactor* Resolve(grpc::CallbackServerContext* context, const record::v1::ResolveRequest* request,
                                    record::v1::ResolveResponse* response) override;
  grpc::ServerUnaryReactor* BatchResolve(grpc::CallbackServerContext* context,
                                         const record::v1::BatchResolveRequest* request,
                                         record::v1::BatchResolveResponse* response) override;

 private:
  absl::Status AnswerGet(const Caller& caller, const grpc::ByteBuffer& bytes, record::v1::GetRequest& request,
                         grpc::ByteBuffer& response, std::vector<Disclosure>& disclosed) const;

  absl::Status AddGivers(ProvenRecord& proven) const;

  RpcContext rpc_;
  Publisher& publisher_;
  const Query& query_;
  const Prover& prover_;
  Resolver& resolver_;
  const RegistryState& registry_;
};

}  // namespace meguri::node
