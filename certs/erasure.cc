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
  MEGURI_RETURN_IF_ERROR(CheckErasureTombstone(header, request));
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey* key, FindKeyOf(envelope.signature().key_id(), request.publisher(),
                                                              registry::v1::KEY_PURPOSE_RECORD, registry));
  MEGURI_RETURN_IF_ERROR(record::VerifyBatchSignature(header.hash(), envelope.signature(), key->key, nullptr));
  return header;
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

absl::StatusOr<record::v1::SignedBody> SignErasureAccount(const erasure::v1::ErasureAccount& account,
                                                          const record::Signer& record_signer) {
  MEGURI_ASSIGN_OR_RETURN(std::string body, record::EncodeErasureAccount(account));
  return SignStatement(record::kErasureAccountPayloadType, std::move(body), account.federation(), account.publisher(),
                       record_signer);
}

absl::Status CheckErasureFederation(absl::string_view found, absl::string_view federation) {
  return found == federation ? absl::OkStatus()
                             : Refuse("ERASURE_FEDERATION", absl::StrCat("it is of the federation ", Quoted(found),
                                                                         ", expected ", federation));
}

absl::Status CheckErasureTombstone(const record::Header& header, const erasure::v1::ErasureRequest& request) {
  const bool erases = header.is_tombstone() &&
                      header.message().tombstone().reason() == record::v1::TOMBSTONE_REASON_ERASED &&
                      header.message().record_type() != record::v1::RECORD_TYPE_MEMBER;
  if (!erases || header.publisher().text() != request.publisher() || header.record_id().view() != request.record_id() ||
      header.hash().view() != request.tombstone_hash()) {
    return Refuse("ERASURE_TOMBSTONE", "what came with the request is not the tombstone that it speaks of");
  }
  return absl::OkStatus();
}

absl::Status CheckErasureAnswer(const erasure::v1::ErasureAck& ack, const erasure::v1::ErasureRequest& request,
                                absl::string_view holder) {
  if (ack.holder() != holder || ack.publisher() != request.publisher() || ack.record_id() != request.record_id() ||
      ack.tombstone_hash() != request.tombstone_hash()) {
    return Refuse("ERASURE_OTHER", absl::StrCat("it is not an acknowledgement by ", holder, " of what was asked for"));
  }
  return absl::OkStatus();
}

absl::StatusOr<OpenedErasure> OpenErasure(const erasure::v1::SignedErasure& erasure, const Registry& registry,
                                          absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureRequest request, record::ParseErasureRequest(erasure.request().body()));
  MEGURI_RETURN_IF_ERROR(CheckErasureFederation(request.federation(), registry.federation()));
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
  MEGURI_RETURN_IF_ERROR(CheckErasureFederation(message.federation(), registry.federation()));
  MEGURI_RETURN_IF_ERROR(CheckErasureAnswer(message, request, holder.text()));
  MEGURI_RETURN_IF_ERROR(CheckSignature(ack, record::kErasureAckPayloadType, message.holder(),
                                        registry::v1::KEY_PURPOSE_FEED, message.time_ms(), registry, now));
  return message;
}

}  // namespace meguri::certs
