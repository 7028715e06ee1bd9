// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "passport/formats/export_source.h"

namespace meguri::passport {

// One record as a Digital Product Passport of UNTP 0.6.1: a W3C Verifiable Credential in JSON-LD, not signed. Its
// issuer is the publisher, by participant ID; a signer replaces that by its DID. docs/interop.md has the table.
absl::StatusOr<std::string> WriteUntpPassport(ExportSources& records);

}  // namespace meguri::passport
