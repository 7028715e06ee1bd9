// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "base/executor.h"
#include "grpcpp/support/server_callback.h"
#include "meguri/record/v1/record_service.pb.h"
#include "node/publish/publisher.h"
#include "node/rpc/authenticator.h"

namespace meguri::node {

// Starts the reactor of one PublishStream call. Requests are checked in order, at most kPublishStreamWindow of them are
// being committed, and each is answered once it is durable, in order. The first that is refused ends the stream with
// its error; what was answered before stays. A client that is revoked meanwhile is refused with its next request.
grpc::ServerBidiReactor<record::v1::PublishStreamRequest, record::v1::PublishStreamResponse>* StartPublishStream(
    absl::StatusOr<Caller> caller, const Authenticator& authenticator, Publisher& publisher, Executor& executor);

}  // namespace meguri::node
