// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/random.h"
#include "certs/identity.h"
#include "certs/signing_key.h"
#include "meguri/api/v1/callers.pb.h"

namespace meguri::certs {

// An X.509 certificate that was parsed. Immutable, thread-safe, cheap to copy.
class Certificate {
 public:
  static absl::StatusOr<Certificate> ParseDer(absl::string_view der);
  // The first certificate of a PEM text.
  static absl::StatusOr<Certificate> ParsePem(absl::string_view pem);

  std::string ToDer() const;
  std::string ToPem() const;
  absl::Time not_before() const;
  absl::Time not_after() const;
  // SubjectPublicKeyInfo, DER.
  std::string spki() const;
  // The one URI SAN, parsed. INVALID_ARGUMENT (reason CERTIFICATE_IDENTITY) if there is none, more than one, or another
  // kind of SAN.
  absl::StatusOr<Identity> identity() const;
  // The role in a client certificate (an extension of ours, OID in the .cc). CLIENT_ROLE_UNSPECIFIED if there is none.
  api::v1::ClientRole client_role() const;
  // OK if this may issue: a CA with keyCertSign and a key that we use. UNAUTHENTICATED with reason CERTIFICATE_CHAIN.
  absl::Status CheckIsAuthority() const;
  // OK if `issuer` signed this certificate, `issuer` is a CA, and `now` lies within both validities. A certificate
  // that is no CA must be of the form that Issue gives it: digitalSignature, clientAuth.
  // UNAUTHENTICATED with reason CERTIFICATE_CHAIN or CERTIFICATE_EXPIRED.
  absl::Status VerifyIssuedBy(const Certificate& issuer, absl::Time now) const;

 private:
  friend class CertificateAuthority;
  struct Parts;
  explicit Certificate(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

// PKCS #10 (DER) over `key` with `identity` as its URI SAN: the proof of possession of the TLS key.
absl::StatusOr<std::string> MakeCertificateRequest(const SigningKey& key, absl::string_view identity);
// OK if the self-signature of the request holds, its key is P-256 or Ed25519 and its one SAN is the URI `identity`.
// INVALID_ARGUMENT with reason CERTIFICATE_REQUEST.
absl::Status CheckCertificateRequest(absl::string_view request_der, absl::string_view identity);

// Signs node certificates (the operator's) or client certificates (each node's own). TLS keys are P-256.
class CertificateAuthority {
 public:
  // A self-signed CA certificate: CA:TRUE, pathlen 0, keyCertSign, 10 years.
  static absl::StatusOr<CertificateAuthority> Create(absl::string_view common_name, Random& random, absl::Time now);
  // From files that SaveTo wrote.
  static absl::StatusOr<CertificateAuthority> Load(const std::string& key_path, const std::string& certificate_path);
  absl::Status SaveTo(const std::string& key_path, const std::string& certificate_path) const;

  const Certificate& certificate() const;
  // Signs a request whose self-signature holds and whose one URI SAN is `identity`. Leaf: not a CA, digitalSignature,
  // serverAuth + clientAuth for nodes, clientAuth for clients, not_before = now - 5 min, random 128-bit serial.
  // INVALID_ARGUMENT with reason CERTIFICATE_REQUEST.
  absl::StatusOr<Certificate> Issue(absl::string_view request_der, const Identity& identity,
                                    api::v1::ClientRole client_role, absl::Duration validity, Random& random,
                                    absl::Time now) const;

 private:
  struct Parts;
  explicit CertificateAuthority(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

inline constexpr absl::Duration kNodeCertificateValidity = absl::Hours(7 * 24);
inline constexpr absl::Duration kClientCertificateValidity = absl::Hours(365 * 24);

}  // namespace meguri::certs
