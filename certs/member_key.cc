// SPDX-License-Identifier: Apache-2.0
#include "certs/member_key.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/limits.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason, why);
}

absl::Status CheckTimes(const registry::v1::MemberKey& message) {
  for (const uint64_t time_ms : {message.not_before_ms(), message.not_after_ms(), message.revoked_ms()}) {
    if (time_ms > kTimeMsMax) {
      return Refuse("KEY_TIME", "a time of the key lies after the year 9999; times are milliseconds since 1970");
    }
  }
  if (message.not_after_ms() != 0 && message.not_after_ms() <= message.not_before_ms()) {
    return Refuse("KEY_TIME", "the key's not_after_ms does not lie after its not_before_ms");
  }
  return absl::OkStatus();
}

absl::Time TimeOr(uint64_t time_ms, absl::Time absent) {
  return time_ms == 0 ? absent : absl::FromUnixMillis(static_cast<int64_t>(time_ms));
}

}  // namespace

absl::StatusOr<record::PublicKey> ParseMemberKey(const registry::v1::MemberKey& message,
                                                 registry::v1::KeyPurpose purpose) {
  if (message.purpose() != purpose) {
    return Refuse("KEY_PURPOSE", absl::StrCat("the key's purpose is ", static_cast<int>(message.purpose()),
                                              ", expected ", registry::v1::KeyPurpose_Name(purpose)));
  }
  MEGURI_ASSIGN_OR_RETURN(record::PublicKey key, record::PublicKey::ParseSpki(message.public_key()));
  const bool is_ed25519 = key.algorithm() == record::KeyAlgorithm::kEd25519;
  if (message.algorithm() !=
      (is_ed25519 ? registry::v1::KEY_ALGORITHM_ED25519 : registry::v1::KEY_ALGORITHM_ECDSA_P256)) {
    return Refuse("KEY_ALGORITHM", "the key is not of the algorithm that its entry names");
  }
  if (purpose == registry::v1::KEY_PURPOSE_FEED && !is_ed25519) {
    return Refuse("KEY_ALGORITHM", "a feed key is an Ed25519 key: other tools check its checkpoints");
  }
  MEGURI_RETURN_IF_ERROR(CheckTimes(message));
  return key;
}

RegisteredKey MakeRegisteredKey(const registry::v1::MemberKey& message, const record::ParticipantId& owner,
                                record::PublicKey key) {
  return RegisteredKey{.owner = owner,
                       .purpose = message.purpose(),
                       .key = std::move(key),
                       .not_before = TimeOr(message.not_before_ms(), absl::InfinitePast()),
                       .not_after = TimeOr(message.not_after_ms(), absl::InfiniteFuture()),
                       .revoked = TimeOr(message.revoked_ms(), absl::InfiniteFuture()),
                       .base = message.has_base() ? absl::make_optional(message.base()) : absl::nullopt};
}

}  // namespace meguri::certs
