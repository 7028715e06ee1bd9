// SPDX-License-Identifier: Apache-2.0
#include "certs/move_request.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/grammar.h"
#include "certs/identity.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/sealed_file.h"
#include "certs/strict_parse.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "record/section.h"

namespace meguri::certs {
namespace {

using registry::v1::MemberEntry;
using registry::v1::MemberKey;

constexpr absl::string_view kDigestDomain("meguri/move-request/v1\0", 23);
constexpr char kReason[] = "MOVE_REQUEST";
constexpr uint32_t kFormatVersion = 1;

absl::Status Refuse(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, kReason,
               absl::StrCat("the request to move is refused: ", why, "; let the new host make it anew"));
}

// What the header says that the operator has signed: whoever changes the entry names the header, so nothing here needs
// to be believed.
absl::StatusOr<CurrentEntry> OpenPresent(const record::v1::Envelope& envelope, absl::string_view federation) {
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(envelope.header()));
  if (envelope.sections_size() != 1 || envelope.sections(0).type() != record::v1::SECTION_TYPE_MEMBER) {
    return Refuse("it does not show the present entry of the member");
  }
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, envelope.sections()));
  MEGURI_ASSIGN_OR_RETURN(MemberEntry entry, ParseMemberEntry(federation, envelope.sections(0).payload()));
  return CurrentEntry{std::move(entry), header.hash()};
}

absl::Status CheckFeedKey(const MemberKey& key, const MoveRequest& request) {
  if (key.purpose() != registry::v1::KEY_PURPOSE_FEED || !key.has_base() || key.has_endorsement() ||
      key.origin() != registry::v1::KEY_ORIGIN_UNSPECIFIED) {
    return Refuse("what it adds is no feed key with which a member moves");
  }
  if (FindKey(request.present.entry, key.public_key()) != nullptr) {
    return Refuse("the member has this key already");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member,
                          record::ParticipantId::Parse(request.present.entry.participant_id()));
  return VerifyBase(request.federation, member, key);
}

// A node of the member's own has no certificate yet; that of a host has one.
absl::Status CheckNode(const registry::v1::MoveRequest& message, const MemberEntry& present) {
  const std::string& node_identity = message.hosting().node_identity();
  if (node_identity == present.hosting().node_identity()) {
    return Refuse("the member is hosted there already");
  }
  MEGURI_ASSIGN_OR_RETURN(const Identity node, Identity::Parse(node_identity));
  if (node.participant.text() == present.participant_id()) {
    return CheckCertificateRequest(message.certificate_request(), node_identity);
  }
  return message.certificate_request().empty()
             ? absl::OkStatus()
             : Refuse("it asks for a certificate although the node is another member's");
}

}  // namespace

bool IsMoveRequest(absl::string_view bytes) {
  registry::v1::MoveRequest request;
  return ParseStrictly(bytes, kMoveRequestBytesMax, kReason, request).ok() && request.has_feed_key();
}

absl::StatusOr<std::string> MakeMoveRequest(registry::v1::MoveRequest request) {
  request.set_format_version(kFormatVersion);
  request.clear_digest();
  std::string bytes = SealFile(kDigestDomain, request);
  MEGURI_RETURN_IF_ERROR(ReadMoveRequest(bytes).status());
  return bytes;
}

absl::StatusOr<MoveRequest> ReadMoveRequest(absl::string_view bytes) {
  registry::v1::MoveRequest message;
  MEGURI_RETURN_IF_ERROR(OpenSealedFile(bytes, kMoveRequestBytesMax, kDigestDomain, kReason, message));
  if (message.format_version() != kFormatVersion) {
    return Refuse(absl::StrCat("it has format version ", message.format_version(), ", expected ", kFormatVersion));
  }
  MoveRequest request{message.federation(), {}, {}, {}};
  MEGURI_ASSIGN_OR_RETURN(request.present, OpenPresent(message.present(), message.federation()));
  MEGURI_RETURN_IF_ERROR(CheckFeedKey(message.feed_key(), request));
  MEGURI_RETURN_IF_ERROR(CheckNode(message, request.present.entry));
  request.certificate_request = message.certificate_request();
  request.next = request.present.entry;
  *request.next.mutable_hosting() = message.hosting();
  *request.next.add_keys() = message.feed_key();
  return request;
}

absl::StatusOr<std::string> SignMoveRequest(const MoveRequest& request, const record::Signer& record_key,
                                            absl::Time now) {
  MemberEntry next = request.next;
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member, record::ParticipantId::Parse(next.participant_id()));
  const MemberKey* known = FindKey(request.present.entry, record_key.public_key().spki());
  if (known == nullptr || known->purpose() != registry::v1::KEY_PURPOSE_RECORD) {
    return Error(absl::StatusCode::kInvalidArgument, "KEY_NOT_NAMED",
                 absl::StrCat("the key is no record key of ", member.text(),
                              ": sign with the one that signs its "
                              "records"));
  }
  MemberKey& key = *next.mutable_keys(next.keys_size() - 1);
  key.set_origin(registry::v1::KEY_ORIGIN_ENDORSED);
  MEGURI_ASSIGN_OR_RETURN(*key.mutable_endorsement(), EndorseKey(request.federation, member, record_key, key));
  return SignChangeRequest(next, request.federation, request.present, {&record_key}, now, request.certificate_request);
}

}  // namespace meguri::certs
