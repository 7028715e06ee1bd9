// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "certs/certificate.h"
#include "certs/identity.h"

namespace meguri::node {

// Issues node certificates with the federation's key. Only the operator's node has one. Thread-safe.
class CertificateOffice {
 public:
  CertificateOffice(certs::CertificateAuthority authority, Random& random, const Clock& clock)
      : authority_(std::move(authority)), random_(random), clock_(clock) {}

  // A certificate for a node of `participant`; the request's URI SAN says which. INVALID_ARGUMENT with reason
  // CERTIFICATE_REQUEST.
  absl::StatusOr<certs::Certificate> Issue(absl::string_view request_der, const certs::Identity& identity) const {
    return authority_.Issue(request_der, identity, api::v1::CLIENT_ROLE_UNSPECIFIED, certs::kNodeCertificateValidity,
                            random_, clock_.Now());
  }

 private:
  const certs::CertificateAuthority authority_;
  Random& random_;
  const Clock& clock_;
};

}  // namespace meguri::node
