// SPDX-License-Identifier: Apache-2.0
#include "certs/erasure.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/statement.h"
#include "record/batch.h"
#include "record/erasure.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status CheckSignature(const record::v1::SignedBody& signed_body, absl::string_view type, const std::string& owner,
                            registry::v1::KeyPurpose purpose, uint64_t time_ms, const Registry& registry,
                            absl::Time now) {
  return CheckStatement(signed_body, {type, owner, purpose, time_ms, "ERASURE_TIME"}, registry, now);
}

// The request vouches for the tombstone: it may have been signed by a key that was revoked since.
absl::StatusOr<record::Header> OpenTombstone(const record::v1::Envelope& envelope,
                                             const erasure::v1::ErasureRequest& request, const Registry& registry) {
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  const bool erases = header.is_tombstone() &&
                      header.message().tombstone().reason() == record::v1::TOMBSTONE_REASON_ERASED &&
                      header.message().record_type() != record::v1::RECORD_TYPE_MEMBER;
  if (!erases || header.publisher().text() != request.publisher() || header.record_id().view() != request.record_id() ||
      header.hash().view() != request.tombstone_hash()) {
    return Refuse("ERASURE_TOMBSTONE", "what came with the request is not the tombstone that it speaks of");
  }
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey* key, FindKeyOf(envelope.signature().key_id(), request.publisher(),
                                                              registry::v1::KEY_PURPOSE_RECORD, registry));
  MEGURI_RETURN_IF_ERROR(record::VerifyBatchSignature(header.hash(), envelope.signature(), key->key, nullptr));
  return header;
}

absl::Status CheckFederation(const std::string& found, const Registry& registry) {
  return found == registry.federation()
             ? absl::OkStatus()
             : Refuse("ERASURE_FEDERATION",
                      absl::StrCat("it is of the federation ", Quoted(found), ", expected ", registry.federation()));
}

}  // namespace

absl::StatusOr<record::v1::SignedBody> SignErasureRequest(const erasure::v1::ErasureRequest& request,
                                                          const record::Signer& record_signer) {
  MEGURI_ASSIGN_OR_RETURN(std::string body, record::EncodeErasureRequest(request));
  return SignStatement(record::kErasureRequestPayloadType, std::move(body), request.federation(), request.publisher(),
                       record_signer);
}

absl::StatusOr<record::v1::SignedBody> SignErasureAck(const erasure::v1::ErasureAck& ack,
                                                      const record::Signer& feed_signer) {
  MEGURI_ASSIGN_OR_RETURN(std::string body, record::EncodeErasureAck(ack));
  return SignStatement(record::kErasureAckPayloadType, std::move(body), ack.federation(), ack.holder(), feed_signer);
}

absl::StatusOr<OpenedErasure> OpenErasure(const erasure::v1::SignedErasure& erasure, const Registry& registry,
                                          absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureRequest request, record::ParseErasureRequest(erasure.request().body()));
  MEGURI_RETURN_IF_ERROR(CheckFederation(request.federation(), registry));
  MEGURI_RETURN_IF_ERROR(CheckSignature(erasure.request(), record::kErasureRequestPayloadType, request.publisher(),
                                        registry::v1::KEY_PURPOSE_RECORD, request.time_ms(), registry, now));
  MEGURI_ASSIGN_OR_RETURN(record::Header tombstone, OpenTombstone(erasure.tombstone(), request, registry));
  return OpenedErasure{std::move(request), std::move(tombstone)};
}

absl::StatusOr<erasure::v1::ErasureAck> OpenErasureAck(const record::v1::SignedBody& ack,
                                                       const erasure::v1::ErasureRequest& request,
                                                       const record::ParticipantId& holder, const Registry& registry,
                                                       absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureAck message, record::ParseErasureAck(ack.body()));
  MEGURI_RETURN_IF_ERROR(CheckFederation(message.federation(), registry));
  if (message.holder() != holder.text() || message.publisher() != request.publisher() ||
      message.record_id() != request.record_id() || message.tombstone_hash() != request.tombstone_hash()) {
    return Refuse("ERASURE_OTHER",
                  absl::StrCat("it is not an acknowledgement by ", holder.text(), " of what was asked for"));
  }
  MEGURI_RETURN_IF_ERROR(CheckSignature(ack, record::kErasureAckPayloadType, message.holder(),
                                        registry::v1::KEY_PURPOSE_FEED, message.time_ms(), registry, now));
  return message;
}

}  // namespace meguri::certs
