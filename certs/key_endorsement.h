// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/participant_id.h"
#include "record/public_key.h"

// "This is my next key": what a member's key says of the one that follows it in the same purpose, and what a record key
// says of the feed key of the host to which the member moves.
namespace meguri::certs {

inline constexpr char kNextKeyPayloadType[] = "application/vnd.meguri.next-key.v1";

// The signature of `before`, a key of `member`, for `next` as it stands: its public key, purpose and not_before_ms.
absl::StatusOr<registry::v1::KeyEndorsement> EndorseKey(absl::string_view federation,
                                                        const record::ParticipantId& member,
                                                        const record::Signer& before,
                                                        const registry::v1::MemberKey& next);

// Whether a key of `before` can endorse one of `next`: of the same purpose, or a record key a feed key with a base.
bool CanEndorse(const registry::v1::MemberKey& before, const registry::v1::MemberKey& next);

// The signature of `next`, which has a base, under itself: whoever asks for it holds it.
absl::StatusOr<std::string> SignBase(absl::string_view federation, const record::ParticipantId& member,
                                     const record::Signer& key, const registry::v1::MemberKey& next);
// INVALID_ARGUMENT with reason FEED_BASE.
absl::Status VerifyBase(absl::string_view federation, const record::ParticipantId& member,
                        const registry::v1::MemberKey& next);

// OK if `next` carries the signature of `before`. INVALID_ARGUMENT with reason KEY_NOT_ENDORSED.
absl::Status VerifyEndorsement(absl::string_view federation, const record::ParticipantId& member,
                               const registry::v1::MemberKey& before, const registry::v1::MemberKey& next);

}  // namespace meguri::certs
