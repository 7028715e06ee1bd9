// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/participant_id.h"
#include "record/public_key.h"

namespace meguri::certs {

// The key of a MemberKey whose purpose is `purpose`: it parses, is of the algorithm that the message names (feed keys
// Ed25519), and its times make sense. INVALID_ARGUMENT with reason WEAK_KEY, BAD_KEY, KEY_PURPOSE, KEY_ALGORITHM or
// KEY_TIME.
absl::StatusOr<record::PublicKey> ParseMemberKey(const registry::v1::MemberKey& message,
                                                 registry::v1::KeyPurpose purpose);

// A MemberKey that ParseMemberKey accepts, with its owner.
RegisteredKey MakeRegisteredKey(const registry::v1::MemberKey& message, const record::ParticipantId& owner,
                                record::PublicKey key);

}  // namespace meguri::certs
