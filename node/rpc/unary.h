// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/executor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "node/rpc/answer_pace.h"
#include "node/rpc/audit_edge.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/call_end.h"

namespace meguri::node {

// What every service shares: who calls, where its work runs, and where it is written down that it was refused, or what
// it was given.
struct RpcContext {
  const Authenticator& authenticator;
  Executor& executor;
  CallLog& log;
  const AuditEdge& audit;
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

// Authenticates a unary call and answers it on the executor: reactors never block. The answer may hold what is not open
// to everyone: `handler` says what, and the answer leaves once that is written down.
template <typename Response, typename Handler>
grpc::ServerUnaryReactor* AnswerAudited(const RpcContext& rpc, grpc::CallbackServerContext* context,
                                        const Method& method, Response* response, Handler handler) {
  const AnswerPace pace;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const CallEnd end(rpc.log, *context, method.name);
  absl::StatusOr<Caller> caller = rpc.authenticator.Authenticate(*context, method.callers);
  if (!caller.ok()) {
    reactor->Finish(end(caller.status()));
    return reactor;
  }
  const bool queued = rpc.executor.Submit([&rpc, &method, pace, reactor, end, response, caller = *std::move(caller),
                                           handler = std::move(handler)]() mutable {
    const bool at_once = caller.is_client;
    std::vector<Disclosure> disclosed;
    const absl::Status answered = handler(caller, *response, disclosed);
    if (!answered.ok()) {
      pace.Finish(reactor, end(answered), at_once);
      return;
    }
    rpc.audit.Deliver(caller, method.name, disclosed, [pace, at_once, reactor, end](const absl::Status& written) {
      pace.Finish(reactor, end(written), at_once);
    });
  });
  if (!queued) {
    reactor->Finish(end(BusyStatus()));
  }
  return reactor;
}

// The same for an answer that holds nothing of the kind.
template <typename Response, typename Handler>
grpc::ServerUnaryReactor* AnswerUnary(const RpcContext& rpc, grpc::CallbackServerContext* context, const Method& method,
                                      Response* response, Handler handler) {
  return AnswerAudited(
      rpc, context, method, response,
      [handler = std::move(handler)](const Caller& caller, Response& out, std::vector<Disclosure>&) mutable {
        return handler(caller, out);
      });
}

// The same for what an administrator asks for: it is written down before it is done.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* AnswerAdministrator(const RpcContext& rpc, grpc::CallbackServerContext* context,
                                              const Method& method, const Request* request, Response* response,
                                              Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const CallEnd end(rpc.log, *context, method.name);
  absl::StatusOr<Caller> caller = rpc.authenticator.Authenticate(*context, method.callers);
  if (!caller.ok()) {
    reactor->Finish(end(caller.status()));
    return reactor;
  }
  rpc.audit.Administer(*caller, method.name, method.callers.client_role(), *request,
                       [&rpc, reactor, end, response, caller = *caller,
                        handler = std::move(handler)](const absl::Status& written) mutable {
                         if (!written.ok()) {
                           reactor->Finish(end(written));
                           return;
                         }
                         const bool queued = rpc.executor.Submit([reactor, end, response, caller = std::move(caller),
                                                                  handler = std::move(handler)]() mutable {
                           reactor->Finish(end(handler(caller, *response)));
                         });
                         if (!queued) {
                           reactor->Finish(end(BusyStatus()));
                         }
                       });
  return reactor;
}

}  // namespace meguri::node
