// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/certificate.h"
#include "certs/x509_handle.h"

namespace meguri::certs {

// For this folder only. `x509` is never changed after parsing; OpenSSL merely declares most readers without const.
struct Certificate::Parts {
  X509Ptr x509;
  std::string der;
  std::string spki;
  absl::Time not_before;
  absl::Time not_after;
};

// The one name in a subjectAltName, which is a URI. `names` may be null; `occurrences` is what OpenSSL says of the
// extension: -1 absent, -2 more than once. INVALID_ARGUMENT with reason CERTIFICATE_IDENTITY.
absl::StatusOr<std::string> OnlyUri(const GENERAL_NAMES* names, int occurrences);

// 2.25.<the UUID 43c49f1c-a278-4c19-8808-f86cb419c92a>: an OBJECT IDENTIFIER that needs no registration. The extension
// holds a DER INTEGER, the ClientRole.
inline constexpr char kClientRoleOid[] = "2.25.90079193073659722774981224856383244586";

}  // namespace meguri::certs
