// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "certs/change_request.h"
#include "certs/signing_key.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/public_key.h"

// How a member's key is followed by another, in files: the private halves never leave their folder.
namespace meguri::certs {

struct Succession {
  std::string federation;
  CurrentEntry current;
  registry::v1::KeyPurpose purpose;  // RECORD or FEED
  record::KeyAlgorithm algorithm;    // of the new key
  std::string key_file;              // the first of that line of keys
  std::string record_key_file;       // the first of the record keys, one of which authorises the change; "": it is not
                                     // here, and signs what comes of this later (DraftChangeRequest)
  absl::optional<absl::Time> begin;  // when the new key is in force; as soon as it is registered if absent
  absl::optional<absl::Time> old_end;  // when the old one is not usable any more; never if absent
  bool is_recovery = false;            // the old key is not here to sign
};

struct SuccessorRequest {
  std::string key_file;
  std::string bytes;  // of a change request
};

// Makes a new key beside the old ones, and a change request that registers it: signed by the record key in force and by
// the new key, which carries the signature of the key that it follows, or is marked as a recovery. A key that was made
// before and waits for its registration is taken again. FAILED_PRECONDITION with reason NO_KEY_IN_FORCE; the errors of
// LoadKeyOf and SignChangeRequest; INVALID_ARGUMENT with reason FLAG, or KEY_NOT_ENDORSED if the old key ends before
// the new one begins.
absl::StatusOr<SuccessorRequest> RequestSuccessor(const Succession& succession, absl::Time now);

// The key of `entry` for `purpose` that is in force, from the line of files that begins with `first_file`.
absl::StatusOr<std::unique_ptr<SigningKey>> LoadKeyInForce(const registry::v1::MemberEntry& entry,
                                                           registry::v1::KeyPurpose purpose,
                                                           const std::string& first_file, absl::Time now);

// ed25519 or p256. INVALID_ARGUMENT with reason FLAG.
absl::StatusOr<record::KeyAlgorithm> ParseKeyAlgorithm(absl::string_view text);

}  // namespace meguri::certs
