// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::certs {

// Parses `bytes` into `message`: at most `size_max` of them, no field that this version does not know, at any depth.
// INVALID_ARGUMENT with `reason`.
absl::Status ParseStrictly(absl::string_view bytes, size_t size_max, absl::string_view reason,
                           google::protobuf::Message& message);

// Parses a SignedBody with at most kSignaturesMax signatures. INVALID_ARGUMENT with `reason`.
absl::Status ParseSignedBody(absl::string_view bytes, size_t size_max, absl::string_view reason,
                             record::v1::SignedBody& signed_body);

// "unknown field 17 in meguri.registry.v1.Role", or "" if there is none at any depth.
std::string UnknownFieldIn(const google::protobuf::Message& message);

// The bytes to sign: the same for the same message, on every run of this program. Only ever made once and then carried.
std::string SerializeForSigning(const google::protobuf::Message& message);

}  // namespace meguri::certs
