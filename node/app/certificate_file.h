// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "certs/certificate.h"

namespace meguri::node {

// What is wrong with the contents of a file of the folder; that cannot be read at all, the error of reading tells.
absl::Status InFile(const std::string& path, const absl::Status& status);

// NOT_FOUND if there is no such file; otherwise as Certificate::ParsePem, with the path.
absl::StatusOr<certs::Certificate> ReadCertificateFile(const std::string& path);

}  // namespace meguri::node
