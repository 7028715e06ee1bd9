// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace meguri::node {

inline constexpr char kErrorDomain[] = "meguri";

// The one place where an error of ours becomes a gRPC error: the code, and google.rpc.Status details with ErrorInfo
// (the stable reason) and BadRequest (every violation, in English and Japanese). Internal errors keep their text for
// the log and show a caller only their code and reason.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace meguri::node
