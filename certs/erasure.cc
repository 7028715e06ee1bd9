// SPDX-License-Identifier: Apache-2.0
#include "certs/erasure.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "record/batch.h"
#include "record/dsse.h"
#include "record/erasure.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::StatusOr<record::v1::SignedBody> Sign(absl::string_view type, std::string body, absl::string_view federation,
                                            const std::string& owner, const record::Signer& signer) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId id, record::ParticipantId::Parse(owner));
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(std::string(type));
  signed_body.set_body(std::move(body));
  MEGURI_RETURN_IF_ERROR(
      record::AddSignature(record::KeyId(federation, id, signer.public_key().spki()), signer, signed_body));
  return signed_body;
}

// The key of this ID, which `owner` has registered for `purpose`.
absl::StatusOr<const RegisteredKey*> FindKey(const std::string& key_id, const std::string& owner,
                                             registry::v1::KeyPurpose purpose, const Registry& registry) {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash id, record::Hash::Parse(key_id));
  const RegisteredKey* key = registry.FindKey(id);
  if (key == nullptr) {
    return Refuse(registry.WhyUnknown(id), absl::StrCat("the registry does not know the key ", id.ToHex()));
  }
  if (key->owner.text() != owner || key->purpose != purpose) {
    return Refuse("WRONG_KEY", absl::StrCat("the key ", id.ToHex(), " is not one that ", owner, " registered for ",
                                            purpose == registry::v1::KEY_PURPOSE_FEED ? "feeds" : "records"));
  }
  return key;
}

// A key that has ended since is good for what was signed before, and one that was revoked for nothing.
absl::Status CheckTime(const RegisteredKey& key, absl::Time time, absl::Time now) {
  if (time > now + kErasureSkewMax) {
    return Refuse("ERASURE_TIME", "it was signed at a time that has not come yet");
  }
  return key.CheckUsable(key.revoked <= now ? now : time);
}

absl::Status CheckSignature(const record::v1::SignedBody& signed_body, absl::string_view type, const std::string& owner,
                            registry::v1::KeyPurpose purpose, uint64_t time_ms, const Registry& registry,
                            absl::Time now) {
  if (signed_body.signatures_size() != 1) {
    return Refuse("SIGNATURE_MISSING", "it carries one signature, no more and no less");
  }
  const std::string& key_id = signed_body.signatures(0).key_id();
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey* key, FindKey(key_id, owner, purpose, registry));
  MEGURI_RETURN_IF_ERROR(CheckTime(*key, absl::FromUnixMillis(static_cast<int64_t>(time_ms)), now));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash id, record::Hash::Parse(key_id));
  return record::VerifySignedBody(signed_body, type, id, key->key);
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
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey* key, FindKey(envelope.signature().key_id(), request.publisher(),
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
  return Sign(record::kErasureRequestPayloadType, std::move(body), request.federation(), request.publisher(),
              record_signer);
}

absl::StatusOr<record::v1::SignedBody> SignErasureAck(const erasure::v1::ErasureAck& ack,
                                                      const record::Signer& feed_signer) {
  MEGURI_ASSIGN_OR_RETURN(std::string body, record::EncodeErasureAck(ack));
  return Sign(record::kErasureAckPayloadType, std::move(body), ack.federation(), ack.holder(), feed_signer);
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
