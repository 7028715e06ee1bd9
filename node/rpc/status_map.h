// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

namespace meguri::node {

inline constexpr char kErrorDomain[] = "meguri";

// How many bytes of error details a caller takes, as a decimal number in the metadata of a call.
inline constexpr char kErrorBytesKey[] = "meguri-error-bytes";
// Details travel in a trailer, and a gRPC client takes 8 KiB of metadata unless it was told otherwise.
inline constexpr size_t kErrorBytesDefault = 6 << 10;
inline constexpr size_t kErrorBytesMax = 4 << 20;

// Whether an error of this code is the node's own failure. What went wrong inside is for its log.
bool IsInternal(absl::StatusCode code);

// What the caller says that it takes, at most kErrorBytesMax; kErrorBytesDefault if it says nothing.
size_t ErrorBytesFor(const grpc::ServerContextBase& context);

// The status as it travels: with a google.rpc.Status of at most `error_bytes` that carries ErrorInfo and, for bad
// input, BadRequest. Problems that find no room are counted in a last violation (reason MORE_PROBLEMS). What goes wrong
// inside is told without its text: it could show a caller paths and states.
grpc::Status ToGrpcStatus(const absl::Status& status, size_t error_bytes = kErrorBytesDefault);

}  // namespace meguri::node
