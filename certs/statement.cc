// SPDX-License-Identifier: Apache-2.0
#include "certs/statement.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/batch.h"
#include "record/dsse.h"
#include "record/hash.h"
#include "record/participant_id.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status CheckTime(const RegisteredKey& key, const StatementClaim& claim, absl::Time now) {
  const absl::Time time = absl::FromUnixMillis(static_cast<int64_t>(claim.time_ms));
  if (time > now + kStatementSkewMax) {
    return Refuse(claim.time_reason, "it was signed at a time that has not come yet");
  }
  // One that was revoked is good for nothing.
  return key.CheckUsable(key.revoked <= now ? now : time);
}

}  // namespace

absl::StatusOr<record::v1::SignedBody> SignStatement(absl::string_view type, std::string body,
                                                     absl::string_view federation, const std::string& owner,
                                                     const record::Signer& signer) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId id, record::ParticipantId::Parse(owner));
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(std::string(type));
  signed_body.set_body(std::move(body));
  MEGURI_RETURN_IF_ERROR(
      record::AddSignature(record::KeyId(federation, id, signer.public_key().spki()), signer, signed_body));
  return signed_body;
}

absl::StatusOr<const RegisteredKey*> FindKeyOf(const std::string& key_id, const std::string& owner,
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

absl::Status CheckStatement(const record::v1::SignedBody& statement, const StatementClaim& claim,
                            const Registry& registry, absl::Time now) {
  if (statement.signatures_size() != 1) {
    return Refuse("SIGNATURE_MISSING", "it carries one signature, no more and no less");
  }
  const std::string& key_id = statement.signatures(0).key_id();
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey* key, FindKeyOf(key_id, claim.owner, claim.purpose, registry));
  MEGURI_RETURN_IF_ERROR(CheckTime(*key, claim, now));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash id, record::Hash::Parse(key_id));
  return record::VerifySignedBody(statement, claim.type, id, key->key);
}

}  // namespace meguri::certs
