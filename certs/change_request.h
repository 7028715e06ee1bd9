// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/public_key.h"

namespace meguri::certs {

inline constexpr char kChangePayloadType[] = "application/vnd.meguri.change.v1";

// A member's entry, and the header of the record version that says so.
struct CurrentEntry {
  registry::v1::MemberEntry entry;
  record::Hash header_hash;
};

// Whose request this says that it is; nothing of it is verified yet. INVALID_ARGUMENT with reason CHANGE_FORM.
absl::StatusOr<record::ParticipantId> ApplicantOf(absl::string_view bytes);

// The entry that a member asks for in place of `current`. A record key in force in `current` and every key that is new
// have signed; the status stays; no key is lost, un-revoked or prolonged; a key that follows another is endorsed by it
// or says that it is a recovery; a certificate is asked for the node of the entry, which is the member's own.
// INVALID_ARGUMENT with reason CHANGE_FORM, CHANGE_KEYS, KEY_NOT_ENDORSED, CERTIFICATE_REQUEST, CHANGE_SIGNATURE or the
// violations of the entry; FAILED_PRECONDITION with reason CHANGE_STALE if the entry has
// changed since the request was made.
absl::StatusOr<registry::v1::MemberEntry> OpenChangeRequest(absl::string_view bytes, absl::string_view federation,
                                                            const CurrentEntry& current, absl::Time now);

// The certificate that a request which OpenChangeRequest accepts asks for beside, as PKCS #10: of a member that moves
// to a node of its own. "" of any other.
absl::StatusOr<std::string> CertificateRequestIn(absl::string_view bytes);

// Signs a request that OpenChangeRequest accepts at `now`; its errors if it would not.
absl::StatusOr<std::string> SignChangeRequest(const registry::v1::MemberEntry& entry, absl::string_view federation,
                                              const CurrentEntry& current,
                                              const std::vector<const record::Signer*>& signers, absl::Time now,
                                              absl::string_view certificate_request = "");

// A request that lacks the signature of the member, whose record key lies elsewhere than whoever writes it; `signers`
// are the keys that are new. Errors as of OpenChangeRequest for all but that signature.
absl::StatusOr<std::string> DraftChangeRequest(const registry::v1::MemberEntry& entry, absl::string_view federation,
                                               const CurrentEntry& current,
                                               const std::vector<const record::Signer*>& signers);

// Whether `bytes` are meant to be a change request, or a draft of one.
bool IsChangeRequest(absl::string_view bytes);

// What a draft asks for in place of `current`; errors as of DraftChangeRequest.
absl::StatusOr<registry::v1::MemberEntry> ReadChangeDraft(absl::string_view bytes, absl::string_view federation,
                                                          const CurrentEntry& current);

// Adds the signature of the member. Errors as of OpenChangeRequest: CHANGE_SIGNATURE if it is no record key in force.
absl::StatusOr<std::string> AddChangeSignature(absl::string_view bytes, absl::string_view federation,
                                               const CurrentEntry& current, const record::Signer& record_key,
                                               absl::Time now);

}  // namespace meguri::certs
