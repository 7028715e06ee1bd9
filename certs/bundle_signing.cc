// SPDX-License-Identifier: Apache-2.0
#include "certs/bundle_signing.h"

#include "base/error.h"
#include "base/status_macros.h"
#include "certs/limits.h"
#include "certs/strict_parse.h"
#include "record/dsse.h"
#include "record/participant_id.h"

namespace meguri::certs {
namespace {

constexpr char kReason[] = "BUNDLE_FORM";

struct Draft {
  record::v1::SignedBody signed_body;
  registry::v1::TrustBundle message;
};

absl::StatusOr<Draft> Parse(absl::string_view bytes) {
  Draft draft;
  MEGURI_RETURN_IF_ERROR(ParseSignedBody(bytes, kTrustBundleBytesMax, kReason, draft.signed_body));
  if (draft.signed_body.payload_type() != kTrustBundlePayloadType) {
    return Error(absl::StatusCode::kInvalidArgument, kReason, "the file is a signed body of another type");
  }
  MEGURI_RETURN_IF_ERROR(ParseStrictly(draft.signed_body.body(), kTrustBundleBytesMax, kReason, draft.message));
  // Signing anew checks the form.
  MEGURI_RETURN_IF_ERROR(SignTrustBundle(draft.message, {}).status());
  return draft;
}

}  // namespace

absl::StatusOr<registry::v1::TrustBundle> ReadBundleDraft(absl::string_view bytes) {
  MEGURI_ASSIGN_OR_RETURN(Draft draft, Parse(bytes));
  return std::move(draft.message);
}

absl::StatusOr<std::string> AddBundleSignature(absl::string_view bytes, const record::Signer& signer) {
  MEGURI_ASSIGN_OR_RETURN(Draft draft, Parse(bytes));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId operator_id,
                          record::ParticipantId::Parse(draft.message.operator_id()));
  const record::Hash key_id = record::KeyId(draft.message.federation(), operator_id, signer.public_key().spki());
  if (record::VerifySignedBody(draft.signed_body, kTrustBundlePayloadType, key_id, signer.public_key()).ok()) {
    return std::string(bytes.data(), bytes.size());
  }
  MEGURI_RETURN_IF_ERROR(record::AddSignature(key_id, signer, draft.signed_body));
  return SerializeForSigning(draft.signed_body);
}

std::string RootsOf(const TrustBundle& bundle) {
  std::string pem;
  for (const Certificate& root : bundle.tls_roots()) {
    pem += root.ToPem();
  }
  return pem;
}

}  // namespace meguri::certs
