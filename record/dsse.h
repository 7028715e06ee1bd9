// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/record/v1/record.pb.h"
#include "record/hash.h"
#include "record/public_key.h"

namespace meguri::record {

// DSSE pre-authentication encoding: "DSSEv1 " LEN(type) " " type " " LEN(body) " " body.
std::string DssePae(absl::string_view payload_type, absl::string_view body);

// Adds a signature of `signer` to `signed_body`.
absl::Status AddSignature(const Hash& key_id, const Signer& signer, v1::SignedBody& signed_body);

// OK if `signed_body` is of `payload_type` and carries a valid signature under `key_id` by `key`.
// INVALID_ARGUMENT with reason PAYLOAD_TYPE, SIGNATURE_MISSING or BAD_SIGNATURE.
absl::Status VerifySignedBody(const v1::SignedBody& signed_body, absl::string_view payload_type, const Hash& key_id,
                              const PublicKey& key);

}  // namespace meguri::record
