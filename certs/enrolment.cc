// SPDX-License-Identifier: Apache-2.0
#include "certs/enrolment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/identity.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "record/dsse.h"

namespace meguri::certs {
namespace {

using registry::v1::EnrolmentRequest;
using registry::v1::MemberEntry;

constexpr char kFormReason[] = "ENROLMENT_FORM";

absl::Status Refuse(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, kFormReason,
               absl::StrCat("the enrolment request is refused: ", why));
}

bool HasKeyFor(const MemberEntry& entry, registry::v1::KeyPurpose purpose) {
  for (const registry::v1::MemberKey& key : entry.keys()) {
    if (key.purpose() == purpose) {
      return true;
    }
  }
  return false;
}

// A member with a node of its own asks for that node's certificate; a guest's host has one already.
absl::Status CheckNodeRequest(const EnrolmentRequest& request, const record::ParticipantId& participant) {
  const std::string& node_identity = request.entry().hosting().node_identity();
  MEGURI_ASSIGN_OR_RETURN(const Identity identity, Identity::Parse(node_identity));
  if (identity.participant == participant) {
    return CheckCertificateRequest(request.certificate_request(), node_identity);
  }
  if (!request.certificate_request().empty()) {
    return Refuse("it asks for a certificate although the member is hosted on another member's node");
  }
  return absl::OkStatus();
}

absl::Status CheckSignatures(const record::v1::SignedBody& signed_body, const MemberEntry& entry,
                             absl::string_view federation, const record::ParticipantId& participant) {
  for (int i = 0; i < entry.keys_size(); ++i) {
    MEGURI_ASSIGN_OR_RETURN(const record::PublicKey key, record::PublicKey::ParseSpki(entry.keys(i).public_key()));
    const absl::Status status = record::VerifySignedBody(signed_body, kEnrolmentPayloadType,
                                                         record::KeyId(federation, participant, key.spki()), key);
    if (!status.ok()) {
      return Error(absl::StatusCode::kInvalidArgument, "ENROLMENT_SIGNATURE",
                   absl::StrCat("keys[", i, "] of the entry has not signed the enrolment request: ", status.message(),
                                ". It was damaged on its way, or not every key of the entry signed it: ask the "
                                "applicant for it again"));
    }
  }
  return absl::OkStatus();
}

// A request, and who asks for what in which federation.
struct Draft {
  record::v1::SignedBody signed_body;
  EnrolmentRequest request;
  record::ParticipantId participant;
};

absl::StatusOr<Draft> ParseDraft(absl::string_view bytes) {
  record::v1::SignedBody signed_body;
  MEGURI_RETURN_IF_ERROR(ParseSignedBody(bytes, kEnrolmentBytesMax, kFormReason, signed_body));
  if (signed_body.payload_type() != kEnrolmentPayloadType) {
    return Refuse("it is a signed body of another type");
  }
  EnrolmentRequest request;
  MEGURI_RETURN_IF_ERROR(ParseStrictly(signed_body.body(), kEnrolmentBytesMax, kFormReason, request));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId participant,
                          record::ParticipantId::Parse(request.entry().participant_id()));
  return Draft{std::move(signed_body), std::move(request), std::move(participant)};
}

absl::Status CheckForm(const EnrolmentRequest& request, absl::string_view federation,
                       const record::ParticipantId& participant) {
  const MemberEntry& entry = request.entry();
  MEGURI_RETURN_IF_ERROR(CheckMemberEntry(federation, entry));
  if (entry.status() != registry::v1::MEMBER_STATUS_ACTIVE) {
    return Refuse("a member enrols as active");
  }
  if (!HasKeyFor(entry, registry::v1::KEY_PURPOSE_RECORD) || !HasKeyFor(entry, registry::v1::KEY_PURPOSE_FEED)) {
    return Refuse("the entry names no record key or no feed key");
  }
  return CheckNodeRequest(request, participant);
}

absl::StatusOr<std::string> FederationOf(const EnrolmentRequest& request) {
  MEGURI_ASSIGN_OR_RETURN(Identity node, Identity::Parse(request.entry().hosting().node_identity()));
  return std::move(node.federation);
}

}  // namespace

absl::StatusOr<EnrolmentRequest> OpenEnrolmentRequest(absl::string_view bytes, absl::string_view federation) {
  MEGURI_ASSIGN_OR_RETURN(Draft draft, ParseDraft(bytes));
  // First of all: what was damaged on its way is not to be mended field by field.
  MEGURI_RETURN_IF_ERROR(CheckSignatures(draft.signed_body, draft.request.entry(), federation, draft.participant));
  MEGURI_RETURN_IF_ERROR(CheckForm(draft.request, federation, draft.participant));
  return std::move(draft.request);
}

absl::StatusOr<EnrolmentRequest> ReadEnrolmentDraft(absl::string_view bytes) {
  MEGURI_ASSIGN_OR_RETURN(Draft draft, ParseDraft(bytes));
  MEGURI_ASSIGN_OR_RETURN(const std::string federation, FederationOf(draft.request));
  MEGURI_RETURN_IF_ERROR(CheckForm(draft.request, federation, draft.participant));
  return std::move(draft.request);
}

absl::StatusOr<std::string> BeginEnrolmentRequest(const EnrolmentRequest& request, absl::string_view federation,
                                                  const record::Signer& signer) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                          record::ParticipantId::Parse(request.entry().participant_id()));
  MEGURI_RETURN_IF_ERROR(CheckForm(request, federation, participant));
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(kEnrolmentPayloadType);
  signed_body.set_body(SerializeForSigning(request));
  MEGURI_RETURN_IF_ERROR(
      record::AddSignature(record::KeyId(federation, participant, signer.public_key().spki()), signer, signed_body));
  return SerializeForSigning(signed_body);
}

absl::StatusOr<std::string> AddEnrolmentSignature(absl::string_view bytes, const record::Signer& signer) {
  MEGURI_ASSIGN_OR_RETURN(Draft draft, ParseDraft(bytes));
  MEGURI_ASSIGN_OR_RETURN(const std::string federation, FederationOf(draft.request));
  const auto& keys = draft.request.entry().keys();
  if (std::none_of(keys.begin(), keys.end(), [&](const registry::v1::MemberKey& key) {
        return key.public_key() == signer.public_key().spki();
      })) {
    return Error(absl::StatusCode::kInvalidArgument, "KEY_NOT_NAMED",
                 absl::StrCat("The request does not name this key. It was made for the public key of another key file: "
                              "sign with that one, or have the request made anew with ",
                              ToHex(signer.public_key().spki()), "."));
  }
  MEGURI_RETURN_IF_ERROR(record::AddSignature(record::KeyId(federation, draft.participant, signer.public_key().spki()),
                                              signer, draft.signed_body));
  std::string whole = SerializeForSigning(draft.signed_body);
  MEGURI_RETURN_IF_ERROR(OpenEnrolmentRequest(whole, federation).status());
  return whole;
}

absl::StatusOr<std::string> SignEnrolmentRequest(const EnrolmentRequest& request, absl::string_view federation,
                                                 const std::vector<const record::Signer*>& signers) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                          record::ParticipantId::Parse(request.entry().participant_id()));
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(kEnrolmentPayloadType);
  signed_body.set_body(SerializeForSigning(request));
  for (const record::Signer* signer : signers) {
    MEGURI_RETURN_IF_ERROR(record::AddSignature(record::KeyId(federation, participant, signer->public_key().spki()),
                                                *signer, signed_body));
  }
  std::string bytes = SerializeForSigning(signed_body);
  // What the operator would refuse is better refused here.
  MEGURI_RETURN_IF_ERROR(OpenEnrolmentRequest(bytes, federation).status());
  return bytes;
}

}  // namespace meguri::certs
