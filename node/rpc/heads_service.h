// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/feed/v1/heads_service.grpc.pb.h"
#include "node/follow/feed_source.h"
#include "node/publish/heads_log.h"
#include "node/rpc/unary.h"

namespace meguri::node {

// Opens what the member committed of its narrower feeds to those who may follow them.
class HeadsServiceEdge final : public feed::v1::HeadsService::CallbackService {
 public:
  HeadsServiceEdge(RpcContext rpc, const FeedSource& source, const HeadsLog& heads)
      : rpc_(rpc), source_(source), heads_(heads) {}

  grpc::ServerUnaryReactor* GetOpenings(grpc::CallbackServerContext* context,
                                        const feed::v1::GetOpeningsRequest* request,
                                        feed::v1::GetOpeningsResponse* response) override;

 private:
  absl::Status Open(const Caller& caller, const feed::v1::GetOpeningsRequest& request,
                    feed::v1::GetOpeningsResponse& out) const;

  RpcContext rpc_;
  const FeedSource& source_;
  const HeadsLog& heads_;
};

}  // namespace meguri::node
