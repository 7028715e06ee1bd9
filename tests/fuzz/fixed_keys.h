// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/strings/string_view.h"
#include "record/hash.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::fuzz {

// An Ed25519 key that is the same in every run, so that what seeds carry stays signed.
inline std::unique_ptr<record::RawSigner> FixedSigner(absl::string_view purpose) {
  return record::RawSigner::Ed25519(record::Sha256({"meguri fuzz ", purpose}).view());
}

}  // namespace meguri::fuzz
