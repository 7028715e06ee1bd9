// SPDX-License-Identifier: Apache-2.0
#include "record/dsse.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::record {

std::string DssePae(absl::string_view payload_type, absl::string_view body) {
  return absl::StrCat("DSSEv1 ", payload_type.size(), " ", payload_type, " ", body.size(), " ", body);
}

absl::Status AddSignature(const Hash& key_id, const Signer& signer, v1::SignedBody& signed_body) {
  MEGURI_ASSIGN_OR_RETURN(const std::string signature,
                          signer.Sign(DssePae(signed_body.payload_type(), signed_body.body())));
  v1::KeySignature& added = *signed_body.add_signatures();
  added.set_key_id(key_id.ToString());
  added.set_signature(signature);
  return absl::OkStatus();
}

absl::Status VerifySignedBody(const v1::SignedBody& signed_body, absl::string_view payload_type, const Hash& key_id,
                              const PublicKey& key) {
  if (signed_body.payload_type() != payload_type) {
    return Error(absl::StatusCode::kInvalidArgument, "PAYLOAD_TYPE",
                 absl::StrCat("the signed body is not of type ", payload_type));
  }
  // The first signature under the key decides: trying every one would let a peer choose how much we compute.
  const auto found = std::find_if(signed_body.signatures().begin(), signed_body.signatures().end(),
                                  [&](const v1::KeySignature& entry) { return entry.key_id() == key_id.view(); });
  if (found == signed_body.signatures().end()) {
    return Error(absl::StatusCode::kInvalidArgument, "SIGNATURE_MISSING",
                 absl::StrCat("the signed body carries no signature under key ", key_id.ToHex()));
  }
  return key.Verify(DssePae(payload_type, signed_body.body()), found->signature());
}

}  // namespace meguri::record
