// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/api/v1/callers.pb.h"
#include "record/participant_id.h"

namespace meguri::certs {

// What a certificate says of its holder: spiffe://<federation>/member/<icd>/<identifier>/(node|client)/<name>.
struct Identity {
  enum class Class { kNode, kClient };

  std::string federation;
  record::ParticipantId participant;
  Class certificate_class;
  std::string name;  // 1-63 characters of [a-z0-9-]

  // INVALID_ARGUMENT with reason CERTIFICATE_IDENTITY.
  static absl::StatusOr<Identity> Parse(absl::string_view uri);
  std::string ToUri() const;

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace meguri::certs
