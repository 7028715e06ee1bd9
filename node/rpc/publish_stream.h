// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "base/executor.h"
#include "grpcpp/support/server_callback.h"
#include "meguri/record/v1/record_service.pb.h"
#include "node/publish/publisher.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/call_end.h"

namespace meguri::node {

// Whether a caller may still do what it does.
using StillAllowed = std::function<absl::Status(const Caller&)>;

// Starts the reactor of one PublishStream call. Requests are checked in order, at most kPublishStreamWindow of them are
// being committed, and each is answered once it is durable, in order. The first that is refused ends the stream with
// its error, after the answers of all before it: what was answered holds, and nothing behind it was taken. A caller
// that is no longer allowed is refused with its next request.
grpc::ServerBidiReactor<record::v1::PublishStreamRequest, record::v1::PublishStreamResponse>* StartPublishStream(
    absl::StatusOr<Caller> caller, StillAllowed still_allowed, Publisher& publisher, Executor& executor, CallEnd end);

}  // namespace meguri::node
