// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/support/status.h"

namespace meguri::client {

// What a call answered, as a Status of ours: with the reason and the violations that its google.rpc.Status carries.
// An answer without them came from the transport, and gets one of the reasons
//   NODE_IDENTITY     another node than the expected one answers at `address`
//   NODE_CERTIFICATE  the node's certificate is not issued under the roots, or has expired
//   NODE_UNREACHABLE  nothing answers there, or it hung up
//   DEADLINE          no answer in time: whether the call took effect is unknown
absl::Status FromRpc(const grpc::Status& status, absl::string_view address);

// Problems as they travel, in an error or as warnings of an answer.
std::vector<Violation> ParseViolations(
    const google::protobuf::RepeatedPtrField<google::rpc::BadRequest::FieldViolation>& told);

// Splits a sentence of the form "found, expected …; cure". ToSentence() of the result is `sentence` again.
Violation ParseSentence(absl::string_view field, absl::string_view sentence);

}  // namespace meguri::client
