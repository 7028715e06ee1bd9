// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meguri::certs {

// The DER of the first block labelled `label` in a PEM text of at most kPemBytesMax bytes. Blocks of other labels are
// skipped; a block with encryption headers is refused. INVALID_ARGUMENT with reason PEM.
absl::StatusOr<std::string> DecodePem(absl::string_view pem, absl::string_view label);

std::string EncodePem(absl::string_view der, const std::string& label);

}  // namespace meguri::certs
