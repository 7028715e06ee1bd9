// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/participant_id.h"
#include "record/public_key.h"

// "This is my next key": what a member's key says of the one that follows it in the same purpose.
namespace meguri::certs {

inline constexpr char kNextKeyPayloadType[] = "application/vnd.meguri.next-key.v1";

// The signature of `before`, a key of `member`, for `next` as it stands: its public key, purpose and not_before_ms.
absl::StatusOr<registry::v1::KeyEndorsement> EndorseKey(absl::string_view federation,
                                                        const record::ParticipantId& member,
                                                        const record::Signer& before,
                                                        const registry::v1::MemberKey& next);

// OK if `next` carries the signature of `before`. INVALID_ARGUMENT with reason KEY_NOT_ENDORSED.
absl::Status VerifyEndorsement(absl::string_view federation, const record::ParticipantId& member,
                               const registry::v1::MemberKey& before, const registry::v1::MemberKey& next);

}  // namespace meguri::certs
