// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/public_key.h"

// What a member signs that is neither a record nor a head: a body with one signature by one of its registered keys.
namespace meguri::certs {

// A clock may be so far ahead of another.
inline constexpr absl::Duration kStatementSkewMax = absl::Minutes(5);

// `owner` is the participant ID of the member whose key signs.
absl::StatusOr<record::v1::SignedBody> SignStatement(absl::string_view type, std::string body,
                                                     absl::string_view federation, const std::string& owner,
                                                     const record::Signer& signer);

// What a statement claims of itself.
struct StatementClaim {
  absl::string_view type;
  std::string owner;                 // participant ID
  registry::v1::KeyPurpose purpose;  // of the key
  uint64_t time_ms;                  // when it was signed
  absl::string_view time_reason;     // of the error if that lies ahead
};

// Checks that it carries one signature, by a key that `owner` has registered for that purpose, that was in force at
// that time and is not revoked. A key that has ended since is good for what was signed before. INVALID_ARGUMENT with
// reason SIGNATURE_MISSING, UNKNOWN_KEY, KEY_NOT_ENDORSED, WRONG_KEY, `time_reason` or those of VerifySignedBody;
// FAILED_PRECONDITION with those of RegisteredKey::CheckUsable.
absl::Status CheckStatement(const record::v1::SignedBody& statement, const StatementClaim& claim,
                            const Registry& registry, absl::Time now);

// The key of this ID, which `owner` has registered for `purpose`. Null never. Reasons as above.
absl::StatusOr<const RegisteredKey*> FindKeyOf(const std::string& key_id, const std::string& owner,
                                               registry::v1::KeyPurpose purpose, const Registry& registry);

}  // namespace meguri::certs
