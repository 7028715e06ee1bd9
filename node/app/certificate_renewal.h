// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "certs/certificate.h"
#include "certs/trust_bundle.h"
#include "node/app/folder.h"
#include "node/app/log.h"

namespace meguri::node {

// Puts a TLS key and its certificate that wait in the folder (node-next) in the place of those in use. Also ends what a
// crash left half done. OK if nothing waits.
absl::Status TakeUpNextCertificate(const Folder& folder);

// Renews the node's certificate when two thirds of its life are over, and at once when a new TLS key waits in the
// folder. What is replaced is used for new connections without a restart. One call of RenewIfDue at a time.
class CertificateRenewal {
 public:
  // Has a certificate made for a PKCS #10 request.
  using Ask = std::function<absl::StatusOr<certs::Certificate>(const std::string& request_der)>;

  // Borrowed arguments outlive the object. `current` is what the folder holds.
  CertificateRenewal(Folder folder, std::string node_identity, const certs::TrustBundle& bundle,
                     const certs::Certificate& current, Ask ask, const Clock& clock, Log& log);

  void RenewIfDue();
  absl::Time expires() const { return absl::FromUnixMillis(expires_ms_); }

 private:
  absl::StatusOr<certs::Certificate> Renew(bool has_new_key) const;
  absl::Status CheckRenewed(const certs::Certificate& certificate, absl::string_view spki, bool has_new_key) const;

  const Folder folder_;
  const std::string node_identity_;
  const certs::TrustBundle& bundle_;
  const Ask ask_;
  const Clock& clock_;
  Log& log_;
  std::atomic<int64_t> begins_ms_;
  std::atomic<int64_t> expires_ms_;
};

}  // namespace meguri::node
