// SPDX-License-Identifier: Apache-2.0
#include "node/app/certificate_renewal.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "certs/signing_key.h"

namespace meguri::node {
namespace {

constexpr mode_t kPublicMode = 0644;

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

absl::Status Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  return error ? Error(absl::StatusCode::kUnavailable, "FILE_IO",
                       absl::StrCat("cannot rename ", from, " to ", to, ": ", error.message()))
               : absl::OkStatus();
}

}  // namespace

absl::Status TakeUpNextCertificate(const Folder& folder) {
  if (!Exists(folder.next_node_certificate())) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string pem, certs::ReadFile(folder.next_node_certificate(), certs::kPemBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate, certs::Certificate::ParsePem(pem));
  // The certificate was written before either file moves, and says which key belongs to it.
  if (Exists(folder.next_node_key())) {
    MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<certs::SigningKey> key,
                            certs::SigningKey::Load(folder.next_node_key()));
    if (key->public_key().spki() == certificate.spki()) {
      MEGURI_RETURN_IF_ERROR(Rename(folder.next_node_key(), folder.node_key()));
    }
  }
  return Rename(folder.next_node_certificate(), folder.node_certificate());
}

CertificateRenewal::CertificateRenewal(Folder folder, std::string node_identity, const certs::TrustBundle& bundle,
                                       const certs::Certificate& current, Ask ask, const Clock& clock, Log& log)
    : folder_(std::move(folder)),
      node_identity_(std::move(node_identity)),
      bundle_(bundle),
      ask_(std::move(ask)),
      clock_(clock),
      log_(log),
      begins_ms_(absl::ToUnixMillis(current.not_before())),
      expires_ms_(absl::ToUnixMillis(current.not_after())) {}

absl::Status CertificateRenewal::CheckRenewed(const certs::Certificate& certificate, absl::string_view spki,
                                              bool has_new_key) const {
  const absl::StatusOr<certs::Identity> identity = certificate.identity();
  absl::Status issued = Error(absl::StatusCode::kInvalidArgument, "CERTIFICATE_CHAIN",
                              "No root of the trust bundle issued the certificate.");
  for (const certs::Certificate& root : bundle_.tls_roots()) {
    issued = issued.ok() ? issued : certificate.VerifyIssuedBy(root, clock_.Now());
  }
  const bool is_newer = absl::ToUnixMillis(certificate.not_after()) > expires_ms_;
  if (certificate.spki() != spki || !identity.ok() || identity->ToUri() != node_identity_ || !issued.ok() ||
      !(is_newer || has_new_key)) {
    return Error(absl::StatusCode::kInvalidArgument, "CERTIFICATE_CHAIN",
                 "The operator sent a certificate that is not a newer one for this node's key and identity.");
  }
  return absl::OkStatus();
}

absl::StatusOr<certs::Certificate> CertificateRenewal::Renew(bool has_new_key) const {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<certs::SigningKey> key,
                          certs::SigningKey::Load(has_new_key ? folder_.next_node_key() : folder_.node_key()));
  MEGURI_ASSIGN_OR_RETURN(const std::string request, certs::MakeCertificateRequest(*key, node_identity_));
  MEGURI_ASSIGN_OR_RETURN(certs::Certificate certificate, ask_(request));
  MEGURI_RETURN_IF_ERROR(CheckRenewed(certificate, key->public_key().spki(), has_new_key));
  if (has_new_key) {
    MEGURI_RETURN_IF_ERROR(
        certs::WriteFileAtomically(folder_.next_node_certificate(), certificate.ToPem(), kPublicMode));
    MEGURI_RETURN_IF_ERROR(TakeUpNextCertificate(folder_));
  } else {
    MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder_.node_certificate(), certificate.ToPem(), kPublicMode));
  }
  return certificate;
}

void CertificateRenewal::RenewIfDue() {
  const absl::Time begins = absl::FromUnixMillis(begins_ms_);
  const bool has_new_key = Exists(folder_.next_node_key());
  if (!has_new_key && clock_.Now() < begins + (expires() - begins) * 2 / 3) {
    return;
  }
  const absl::StatusOr<certs::Certificate> certificate = Renew(has_new_key);
  if (!certificate.ok()) {
    log_.Warning("certificate-renewal-failed",
                 {{"reason", ReasonOf(certificate.status())}, {"error", std::string(certificate.status().message())}});
    return;
  }
  begins_ms_ = absl::ToUnixMillis(certificate->not_before());
  expires_ms_ = absl::ToUnixMillis(certificate->not_after());
  log_.Info("certificate-renewed", {{"expires", absl::FormatTime(certificate->not_after(), absl::UTCTimeZone())},
                                    {"key", has_new_key ? "new" : "same"}});
}

}  // namespace meguri::node
