// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/raw_message.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "grpc/slice.h"
#include "grpcpp/support/slice.h"
#include "node/rpc/limits.h"

namespace meguri::node {

absl::StatusOr<grpc::ByteBuffer> ToBytes(const google::protobuf::MessageLite& message) {
  const size_t size = message.ByteSizeLong();
  if (size > kMessageBytesMax) {
    return Error(absl::StatusCode::kResourceExhausted, "MESSAGE_SIZE",
                 "The record is too large for one answer; ask for some of its sections.");
  }
  grpc_slice bytes = grpc_slice_malloc(size);
  message.SerializeWithCachedSizesToArray(GRPC_SLICE_START_PTR(bytes));
  const grpc::Slice slice(bytes, grpc::Slice::STEAL_REF);
  return grpc::ByteBuffer(&slice, 1);
}

absl::Status FromBytes(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message) {
  grpc::Slice slice;
  const bool is_whole = bytes.TrySingleSlice(&slice).ok() || bytes.DumpToSingleSlice(&slice).ok();
  if (!is_whole || !message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return Error(absl::StatusCode::kInvalidArgument, "REQUEST_BYTES",
                 absl::StrCat("The request is no ", message.GetTypeName(), ": take a client of this version."));
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
