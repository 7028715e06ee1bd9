// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/feed_service.h"

#include "base/status_macros.h"

namespace meguri::node {

FeedServiceEdge::FeedServiceEdge(RpcContext rpc, const FeedSource& source, FollowStreams& streams,
                                 CheckpointExchange& exchange)
    : rpc_(rpc), source_(source), streams_(streams), exchange_(exchange) {}

grpc::ServerUnaryReactor* FeedServiceEdge::GetCheckpoint(grpc::CallbackServerContext* context,
                                                         const feed::v1::GetCheckpointRequest* request,
                                                         feed::v1::GetCheckpointResponse* response) {
  static const Method method("meguri.feed.v1.FeedService.GetCheckpoint");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller& caller, feed::v1::GetCheckpointResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher,
                                               record::ParticipantId::Parse(request->feed().publisher()));
                       MEGURI_ASSIGN_OR_RETURN(const record::FeedName name,
                                               record::FeedName::Parse(request->feed().name()));
                       const record::FeedKey feed{publisher, name, 1};
                       MEGURI_RETURN_IF_ERROR(CheckFeedAccess(caller, feed, rpc_.authenticator, source_));
                       MEGURI_ASSIGN_OR_RETURN(FeedSource::Head head, source_.ReadHead(feed));
                       out.set_checkpoint(std::move(head.checkpoint));
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* FeedServiceEdge::ExchangeCheckpoints(grpc::CallbackServerContext* context,
                                                               const feed::v1::ExchangeCheckpointsRequest* request,
                                                               feed::v1::ExchangeCheckpointsResponse* response) {
  static const Method method("meguri.feed.v1.FeedService.ExchangeCheckpoints");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller& caller, feed::v1::ExchangeCheckpointsResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(*out.mutable_known(),
                                               exchange_.Answer(caller.acting_member, request->known()));
                       return absl::OkStatus();
                     });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* FeedServiceEdge::Follow(grpc::CallbackServerContext* context,
                                                                    const grpc::ByteBuffer* request) {
  static const Method method("meguri.feed.v1.FeedService.Follow");
  return streams_.Start(rpc_.authenticator.Authenticate(*context, method.callers), *request,
                        CallEnd(rpc_.log, *context, method.name));
}

}  // namespace meguri::node
