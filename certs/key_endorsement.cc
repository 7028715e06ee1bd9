// SPDX-License-Identifier: Apache-2.0
#include "certs/key_endorsement.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/feed_base.h"
#include "record/dsse.h"
#include "record/hash.h"

namespace meguri::certs {
namespace {

using registry::v1::MemberKey;

// The key IDs name federation and member, too.
std::string SignedBytes(const record::Hash& before_id, const MemberKey& next, const record::Hash& next_id) {
  std::string body = before_id.ToString();
  AppendU32(static_cast<uint32_t>(next.purpose()), body);
  AppendU64(next.not_before_ms(), body);
  absl::StrAppend(&body, next_id.view());
  if (next.has_base()) {
    absl::StrAppend(&body, BaseDigest(next.base()).view());
  }
  return record::DssePae(kNextKeyPayloadType, body);
}

}  // namespace

absl::StatusOr<registry::v1::KeyEndorsement> EndorseKey(absl::string_view federation,
                                                        const record::ParticipantId& member,
                                                        const record::Signer& before, const MemberKey& next) {
  const record::Hash before_id = record::KeyId(federation, member, before.public_key().spki());
  const record::Hash next_id = record::KeyId(federation, member, next.public_key());
  registry::v1::KeyEndorsement endorsement;
  endorsement.set_key_id(before_id.ToString());
  MEGURI_ASSIGN_OR_RETURN(*endorsement.mutable_signature(), before.Sign(SignedBytes(before_id, next, next_id)));
  return endorsement;
}

bool CanEndorse(const MemberKey& before, const MemberKey& next) {
  return before.purpose() == (next.has_base() ? registry::v1::KEY_PURPOSE_RECORD : next.purpose());
}

absl::StatusOr<std::string> SignBase(absl::string_view federation, const record::ParticipantId& member,
                                     const record::Signer& key, const MemberKey& next) {
  const record::Hash id = record::KeyId(federation, member, next.public_key());
  return key.Sign(SignedBytes(id, next, id));
}

absl::Status VerifyBase(absl::string_view federation, const record::ParticipantId& member, const MemberKey& next) {
  MEGURI_ASSIGN_OR_RETURN(const record::PublicKey key, record::PublicKey::ParseSpki(next.public_key()));
  const record::Hash id = record::KeyId(federation, member, next.public_key());
  const absl::Status verified = key.Verify(SignedBytes(id, next, id), next.base().signature());
  return verified.ok() ? verified
                       : Error(absl::StatusCode::kInvalidArgument, "FEED_BASE",
                               absl::StrCat("the new feed key has not signed the base with which the member moves: ",
                                            verified.message()));
}

absl::Status VerifyEndorsement(absl::string_view federation, const record::ParticipantId& member,
                               const MemberKey& before, const MemberKey& next) {
  const auto refuse = [](absl::string_view why) {
    return Error(absl::StatusCode::kInvalidArgument, "KEY_NOT_ENDORSED",
                 absl::StrCat("the key before it has not signed that this key follows: ", why));
  };
  const record::Hash before_id = record::KeyId(federation, member, before.public_key());
  if (!CanEndorse(before, next) || next.endorsement().key_id() != before_id.view()) {
    return refuse("the endorsement names another key");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::PublicKey key, record::PublicKey::ParseSpki(before.public_key()));
  const record::Hash next_id = record::KeyId(federation, member, next.public_key());
  const absl::Status verified = key.Verify(SignedBytes(before_id, next, next_id), next.endorsement().signature());
  return verified.ok() ? verified : refuse(verified.message());
}

}  // namespace meguri::certs
