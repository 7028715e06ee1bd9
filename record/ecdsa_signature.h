// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The two forms of an ECDSA P-256 signature: 64 bytes r | s, as this format carries it, and the DER that OpenSSL
// speaks. INVALID_ARGUMENT with reason BAD_SIGNATURE on anything that is not such a signature.
namespace meguri::record {

absl::StatusOr<std::string> EcdsaDerFromRaw(absl::string_view raw);
absl::StatusOr<std::string> EcdsaRawFromDer(absl::string_view der);

}  // namespace meguri::record
