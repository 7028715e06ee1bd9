// SPDX-License-Identifier: Apache-2.0
#include "certs/certificate.h"

#include "base/error.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void TryCertificate(const absl::StatusOr<certs::Certificate>& certificate) {
  if (!certificate.ok()) {
    Invariant(!ReasonOf(certificate.status()).empty(), "a refusal has a reason");
    return;
  }
  Invariant(certs::Certificate::ParseDer(certificate->ToDer()).ok(), "DER that was parsed is parsed again");
  Invariant(certs::Certificate::ParsePem(certificate->ToPem())->ToDer() == certificate->ToDer(), "and so is its PEM");
  const absl::StatusOr<certs::Identity> identity = certificate->identity();
  Invariant(!identity.ok() || certs::Identity::Parse(identity->ToUri()) == identity, "an identity is its URI");
  certificate->client_role();
  certificate->CheckIsAuthority().IgnoreError();
  certificate->VerifyIssuedBy(*certificate, Now()).IgnoreError();
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a certificate in DER or PEM, or a certificate request.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::TryCertificate(meguri::certs::Certificate::ParseDer(input));
  meguri::fuzz::TryCertificate(meguri::certs::Certificate::ParsePem(input));
  const std::string uri = "spiffe://ce.example/member/0188/7123456789012/node/main";
  meguri::certs::CheckCertificateRequest(input, uri).IgnoreError();
  return 0;
}
