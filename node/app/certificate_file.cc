// SPDX-License-Identifier: Apache-2.0
#include "node/app/certificate_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/limits.h"

namespace meguri::node {

absl::Status InFile(const std::string& path, const absl::Status& status) {
  return Error(status.code(), ReasonOf(status), absl::StrCat(path, ": ", status.message()));
}

absl::StatusOr<certs::Certificate> ReadCertificateFile(const std::string& path) {
  MEGURI_ASSIGN_OR_RETURN(const std::string pem, certs::ReadFile(path, certs::kPemBytesMax));
  absl::StatusOr<certs::Certificate> certificate = certs::Certificate::ParsePem(pem);
  return certificate.ok() ? std::move(certificate) : InFile(path, certificate.status());
}

}  // namespace meguri::node
