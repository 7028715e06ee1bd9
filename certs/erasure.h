// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "meguri/erasure/v1/erasure.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "record/public_key.h"

// Who asks for an erasure, who says that it is done, and who accounts for it (docs/format/erasure.md).
namespace meguri::certs {

absl::StatusOr<record::v1::SignedBody> SignErasureRequest(const erasure::v1::ErasureRequest& request,
                                                          const record::Signer& record_signer);
absl::StatusOr<record::v1::SignedBody> SignErasureAck(const erasure::v1::ErasureAck& ack,
                                                      const record::Signer& feed_signer);
absl::StatusOr<record::v1::SignedBody> SignErasureAccount(const erasure::v1::ErasureAccount& account,
                                                          const record::Signer& record_signer);

// That a statement is of this federation. INVALID_ARGUMENT with reason ERASURE_FEDERATION.
absl::Status CheckErasureFederation(absl::string_view found, absl::string_view federation);
// That a header is the tombstone of which `request` speaks. INVALID_ARGUMENT with reason ERASURE_TOMBSTONE.
absl::Status CheckErasureTombstone(const record::Header& header, const erasure::v1::ErasureRequest& request);
// That `holder` acknowledges what was asked for, whoever signed. INVALID_ARGUMENT with reason ERASURE_OTHER.
absl::Status CheckErasureAnswer(const erasure::v1::ErasureAck& ack, const erasure::v1::ErasureRequest& request,
                                absl::string_view holder);

// A request, and the tombstone that it speaks of.
struct OpenedErasure {
  erasure::v1::ErasureRequest request;
  record::Header tombstone;
};

// Checks a request and its tombstone: both signed by record keys of the publisher, of this federation, the one naming
// the other. INVALID_ARGUMENT with the reasons of ParseErasureRequest, Header::Parse, VerifyBatchSignature and
// VerifySignedBody, ERASURE_FEDERATION, ERASURE_TOMBSTONE, ERASURE_TIME, UNKNOWN_KEY, KEY_NOT_ENDORSED or WRONG_KEY;
// FAILED_PRECONDITION with those of RegisteredKey::CheckUsable.
absl::StatusOr<OpenedErasure> OpenErasure(const erasure::v1::SignedErasure& erasure, const Registry& registry,
                                          absl::Time now);

// Checks that `holder` acknowledges `request`. The same reasons; ERASURE_OTHER if it acknowledges something else.
absl::StatusOr<erasure::v1::ErasureAck> OpenErasureAck(const record::v1::SignedBody& ack,
                                                       const erasure::v1::ErasureRequest& request,
                                                       const record::ParticipantId& holder, const Registry& registry,
                                                       absl::Time now);

}  // namespace meguri::certs
