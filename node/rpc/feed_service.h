// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/feed/v1/feed_service.grpc.pb.h"
#include "node/follow/checkpoint_exchange.h"
#include "node/rpc/follow_stream.h"
#include "node/rpc/unary.h"

namespace meguri::node {

// Follow hands on records as bytes.
class FeedServiceEdge final
    : public feed::v1::FeedService::WithRawCallbackMethod_Follow<feed::v1::FeedService::CallbackService> {
 public:
  FeedServiceEdge(RpcContext rpc, const FeedSource& source, FollowStreams& streams, CheckpointExchange& exchange);

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const feed::v1::GetCheckpointRequest* request,
                                          feed::v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* ExchangeCheckpoints(grpc::CallbackServerContext* context,
                                                const feed::v1::ExchangeCheckpointsRequest* request,
                                                feed::v1::ExchangeCheckpointsResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Follow(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request) override;

 private:
  RpcContext rpc_;
  const FeedSource& source_;
  FollowStreams& streams_;
  CheckpointExchange& exchange_;
};

}  // namespace meguri::node
