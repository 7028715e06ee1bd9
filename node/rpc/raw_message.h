// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message_lite.h"
#include "grpcpp/support/byte_buffer.h"

// The messages of a raw method, which gRPC hands over as bytes.
namespace meguri::node {

// The bytes of `message`. RESOURCE_EXHAUSTED (reason MESSAGE_SIZE) if they are more than a message may have.
absl::StatusOr<grpc::ByteBuffer> ToBytes(const google::protobuf::MessageLite& message);

// INVALID_ARGUMENT (reason REQUEST_BYTES) if `bytes` are not a message of this type.
absl::Status FromBytes(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);

}  // namespace meguri::node
