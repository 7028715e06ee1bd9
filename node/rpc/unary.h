// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/executor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/status_map.h"

namespace meguri::node {

// What every service shares: who calls, and where its work runs.
struct RpcContext {
  const Authenticator& authenticator;
  Executor& executor;
};

inline absl::Status BusyStatus() {
  return Error(absl::StatusCode::kResourceExhausted, "BUSY", "This node is busy; try again in a moment.");
}

// Authenticates a unary call and answers it on the executor: reactors never block.
template <typename Response, typename Handler>
grpc::ServerUnaryReactor* AnswerUnary(const RpcContext& rpc, grpc::CallbackServerContext* context,
                                      const api::v1::Callers& callers, Response* response, Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<Caller> caller = rpc.authenticator.Authenticate(*context, callers);
  if (!caller.ok()) {
    reactor->Finish(ToGrpcStatus(caller.status()));
    return reactor;
  }
  const bool queued =
      rpc.executor.Submit([reactor, response, caller = *std::move(caller), handler = std::move(handler)]() mutable {
        reactor->Finish(ToGrpcStatus(handler(caller, *response)));
      });
  if (!queued) {
    reactor->Finish(ToGrpcStatus(BusyStatus()));
  }
  return reactor;
}

}  // namespace meguri::node
