// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/executor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/call_end.h"

namespace meguri::node {

// What every service shares: who calls, where its work runs, and where it is written down that it was refused.
struct RpcContext {
  const Authenticator& authenticator;
  Executor& executor;
  CallLog& log;
};

// A method by its full name, and who may call it.
struct Method {
  explicit Method(std::string full_name) : name(std::move(full_name)), callers(CallersOf(name)) {}
  const std::string name;
  const api::v1::Callers& callers;
};

inline absl::Status BusyStatus() {
  return Error(absl::StatusCode::kResourceExhausted, "BUSY", "This node is busy; try again in a moment.");
}

// Authenticates a unary call and answers it on the executor: reactors never block.
template <typename Response, typename Handler>
grpc::ServerUnaryReactor* AnswerUnary(const RpcContext& rpc, grpc::CallbackServerContext* context, const Method& method,
                                      Response* response, Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const CallEnd end(rpc.log, *context, method.name);
  absl::StatusOr<Caller> caller = rpc.authenticator.Authenticate(*context, method.callers);
  if (!caller.ok()) {
    reactor->Finish(end(caller.status()));
    return reactor;
  }
  const bool queued = rpc.executor.Submit(
      [reactor, end, response, caller = *std::move(caller), handler = std::move(handler)]() mutable {
        reactor->Finish(end(handler(caller, *response)));
      });
  if (!queued) {
    reactor->Finish(end(BusyStatus()));
  }
  return reactor;
}

}  // namespace meguri::node
