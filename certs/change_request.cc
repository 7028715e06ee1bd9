// SPDX-License-Identifier: Apache-2.0
#include "certs/change_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/identity.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/key_history.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "meguri/registry/v1/change.pb.h"
#include "record/dsse.h"

namespace meguri::certs {
namespace {

using registry::v1::ChangeRequest;
using registry::v1::MemberEntry;
using registry::v1::MemberKey;

constexpr char kFormReason[] = "CHANGE_FORM";

absl::Status Refuse(absl::string_view reason, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason, absl::StrCat("the change request is refused: ", why));
}

struct Parsed {
  record::v1::SignedBody signed_body;
  ChangeRequest request;
};

absl::StatusOr<Parsed> Parse(absl::string_view bytes) {
  Parsed parsed;
  MEGURI_RETURN_IF_ERROR(ParseSignedBody(bytes, kChangeRequestBytesMax, kFormReason, parsed.signed_body));
  if (parsed.signed_body.payload_type() != kChangePayloadType) {
    return Refuse(kFormReason, "it is a signed body of another type");
  }
  MEGURI_RETURN_IF_ERROR(ParseStrictly(parsed.signed_body.body(), kChangeRequestBytesMax, kFormReason, parsed.request));
  if (parsed.request.previous_header_hash().size() != record::kHashSize) {
    return Refuse(kFormReason, "it does not name the version of the entry that it changes");
  }
  return parsed;
}

bool EndsNoLaterThan(const MemberKey& asked, const MemberKey& now) {
  const auto end = [](uint64_t ms) { return ms == 0 ? UINT64_MAX : ms; };
  return end(asked.not_after_ms()) <= end(now.not_after_ms()) && end(asked.revoked_ms()) <= end(now.revoked_ms());
}

// What was registered stays registered, so that what it signed can be judged; it may only end earlier.
absl::Status CheckKept(const MemberEntry& current, const MemberEntry& asked) {
  for (const MemberKey& key : current.keys()) {
    const MemberKey* kept = FindKey(asked, key.public_key());
    if (kept == nullptr) {
      return Refuse("CHANGE_KEYS", "it leaves out a key that is registered; let the key end instead");
    }
    if (kept->purpose() != key.purpose() || kept->not_before_ms() != key.not_before_ms() ||
        !EndsNoLaterThan(*kept, key)) {
      return Refuse("CHANGE_KEYS", "it gives a registered key another purpose or beginning, or a later end");
    }
    if (kept->origin() != key.origin() ||
        kept->endorsement().SerializeAsString() != key.endorsement().SerializeAsString() ||
        kept->base().SerializeAsString() != key.base().SerializeAsString()) {
      return Refuse("CHANGE_KEYS", "it says otherwise than the registry how a key came in");
    }
  }
  return absl::OkStatus();
}

bool HasSigned(const Parsed& parsed, const MemberKey& message, absl::string_view federation,
               const record::ParticipantId& participant) {
  const absl::StatusOr<record::PublicKey> key = record::PublicKey::ParseSpki(message.public_key());
  return key.ok() && record::VerifySignedBody(parsed.signed_body, kChangePayloadType,
                                              record::KeyId(federation, participant, key->spki()), *key)
                         .ok();
}

absl::Status CheckAuthorised(const Parsed& parsed, absl::string_view federation, const MemberEntry& current,
                             const record::ParticipantId& participant, absl::Time now) {
  const bool authorised = std::any_of(current.keys().begin(), current.keys().end(), [&](const MemberKey& key) {
    return key.purpose() == registry::v1::KEY_PURPOSE_RECORD && IsUsable(key, now) &&
           HasSigned(parsed, key, federation, participant);
  });
  return authorised ? absl::OkStatus()
                    : Refuse("CHANGE_SIGNATURE", "no record key that the member has in force signed it");
}

// A key of the former host that came into force later would be taken for one of the new host.
absl::Status CheckIsTheLast(const MemberKey& moved, const MemberEntry& current) {
  const bool is_last = std::all_of(current.keys().begin(), current.keys().end(), [&](const MemberKey& key) {
    return key.purpose() != registry::v1::KEY_PURPOSE_FEED || key.not_before_ms() <= moved.not_before_ms();
  });
  return is_last ? absl::OkStatus()
                 : Refuse("CHANGE_KEYS",
                          "a feed key of the host that the member leaves comes into force only after the move; move "
                          "once it is in force");
}

absl::Status CheckNewKeysSigned(const Parsed& parsed, absl::string_view federation, const MemberEntry& current,
                                const record::ParticipantId& participant) {
  for (const MemberKey& key : parsed.request.entry().keys()) {
    if (FindKey(current, key.public_key()) != nullptr) {
      continue;
    }
    // The key of the host to which the member moves has signed before the member did.
    if (key.has_base()) {
      MEGURI_RETURN_IF_ERROR(VerifyBase(federation, participant, key));
      MEGURI_RETURN_IF_ERROR(CheckIsTheLast(key, current));
    } else if (!HasSigned(parsed, key, federation, participant)) {
      return Refuse("CHANGE_SIGNATURE", "a key that is new in it has not signed it");
    }
  }
  return absl::OkStatus();
}

// Whoever asks for a certificate beside has a node of its own, and the key of it.
absl::Status CheckCertificate(const ChangeRequest& request, const record::ParticipantId& participant) {
  if (request.certificate_request().empty()) {
    return absl::OkStatus();
  }
  const std::string& node_identity = request.entry().hosting().node_identity();
  MEGURI_ASSIGN_OR_RETURN(const Identity node, Identity::Parse(node_identity));
  return node.participant == participant
             ? CheckCertificateRequest(request.certificate_request(), node_identity)
             : Refuse(kFormReason, "it asks for a certificate for the node of another member");
}

// All but the signature of the member.
absl::Status CheckDraft(const Parsed& parsed, absl::string_view federation, const CurrentEntry& current,
                        const record::ParticipantId& participant) {
  const MemberEntry& entry = parsed.request.entry();
  MEGURI_RETURN_IF_ERROR(CheckMemberEntry(federation, entry));
  if (parsed.request.previous_header_hash() != current.header_hash.ToString()) {
    return Error(absl::StatusCode::kFailedPrecondition, "CHANGE_STALE",
                 "the entry has changed since this request was made; ask the member for a new request");
  }
  if (entry.status() != current.entry.status()) {
    return Refuse(kFormReason, "the status of a member is the operator's to change");
  }
  MEGURI_RETURN_IF_ERROR(CheckCertificate(parsed.request, participant));
  MEGURI_RETURN_IF_ERROR(CheckKept(current.entry, entry));
  MEGURI_RETURN_IF_ERROR(CheckNewKeys(federation, &current.entry, entry).status());
  return CheckNewKeysSigned(parsed, federation, current.entry, participant);
}

// Whose request it is, which must be that of `current`.
absl::StatusOr<record::ParticipantId> ParticipantOf(const Parsed& parsed, const CurrentEntry& current) {
  if (parsed.request.entry().participant_id() != current.entry.participant_id()) {
    return Refuse(kFormReason, absl::StrCat("it is for another member than ", current.entry.participant_id()));
  }
  return record::ParticipantId::Parse(current.entry.participant_id());
}

absl::StatusOr<record::v1::SignedBody> Sign(const MemberEntry& entry, absl::string_view federation,
                                            const CurrentEntry& current,
                                            const std::vector<const record::Signer*>& signers,
                                            absl::string_view certificate_request = "") {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                          record::ParticipantId::Parse(entry.participant_id()));
  ChangeRequest request;
  *request.mutable_entry() = entry;
  request.set_previous_header_hash(current.header_hash.ToString());
  request.set_certificate_request(certificate_request.data(), certificate_request.size());
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(kChangePayloadType);
  signed_body.set_body(SerializeForSigning(request));
  for (const record::Signer* signer : signers) {
    MEGURI_RETURN_IF_ERROR(record::AddSignature(record::KeyId(federation, participant, signer->public_key().spki()),
                                                *signer, signed_body));
  }
  return signed_body;
}

}  // namespace

absl::StatusOr<record::ParticipantId> ApplicantOf(absl::string_view bytes) {
  MEGURI_ASSIGN_OR_RETURN(const Parsed parsed, Parse(bytes));
  absl::StatusOr<record::ParticipantId> participant =
      record::ParticipantId::Parse(parsed.request.entry().participant_id());
  return participant.ok() ? participant : Refuse(kFormReason, participant.status().message());
}

absl::StatusOr<MemberEntry> OpenChangeRequest(absl::string_view bytes, absl::string_view federation,
                                              const CurrentEntry& current, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const Parsed parsed, Parse(bytes));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, ParticipantOf(parsed, current));
  MEGURI_RETURN_IF_ERROR(CheckDraft(parsed, federation, current, participant));
  MEGURI_RETURN_IF_ERROR(CheckAuthorised(parsed, federation, current.entry, participant, now));
  return parsed.request.entry();
}

absl::StatusOr<std::string> CertificateRequestIn(absl::string_view bytes) {
  MEGURI_ASSIGN_OR_RETURN(Parsed parsed, Parse(bytes));
  return std::move(*parsed.request.mutable_certificate_request());
}

absl::StatusOr<std::string> SignChangeRequest(const MemberEntry& entry, absl::string_view federation,
                                              const CurrentEntry& current,
                                              const std::vector<const record::Signer*>& signers, absl::Time now,
                                              absl::string_view certificate_request) {
  MEGURI_ASSIGN_OR_RETURN(const record::v1::SignedBody signed_body,
                          Sign(entry, federation, current, signers, certificate_request));
  std::string bytes = SerializeForSigning(signed_body);
  // What the operator would refuse is better refused here.
  MEGURI_RETURN_IF_ERROR(OpenChangeRequest(bytes, federation, current, now).status());
  return bytes;
}

absl::StatusOr<std::string> DraftChangeRequest(const MemberEntry& entry, absl::string_view federation,
                                               const CurrentEntry& current,
                                               const std::vector<const record::Signer*>& signers) {
  MEGURI_ASSIGN_OR_RETURN(const record::v1::SignedBody signed_body, Sign(entry, federation, current, signers));
  std::string bytes = SerializeForSigning(signed_body);
  MEGURI_RETURN_IF_ERROR(ReadChangeDraft(bytes, federation, current).status());
  return bytes;
}

bool IsChangeRequest(absl::string_view bytes) { return Parse(bytes).ok(); }

absl::StatusOr<MemberEntry> ReadChangeDraft(absl::string_view bytes, absl::string_view federation,
                                            const CurrentEntry& current) {
  MEGURI_ASSIGN_OR_RETURN(const Parsed parsed, Parse(bytes));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, ParticipantOf(parsed, current));
  MEGURI_RETURN_IF_ERROR(CheckDraft(parsed, federation, current, participant));
  return parsed.request.entry();
}

absl::StatusOr<std::string> AddChangeSignature(absl::string_view bytes, absl::string_view federation,
                                               const CurrentEntry& current, const record::Signer& record_key,
                                               absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(Parsed parsed, Parse(bytes));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, ParticipantOf(parsed, current));
  MEGURI_RETURN_IF_ERROR(record::AddSignature(record::KeyId(federation, participant, record_key.public_key().spki()),
                                              record_key, parsed.signed_body));
  std::string whole = SerializeForSigning(parsed.signed_body);
  MEGURI_RETURN_IF_ERROR(OpenChangeRequest(whole, federation, current, now).status());
  return whole;
}

}  // namespace meguri::certs
