// SPDX-License-Identifier: Apache-2.0
#include "record/public_key.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  const absl::StatusOr<meguri::record::PublicKey> key = meguri::record::PublicKey::ParseSpki(input);
  if (!key.ok()) {
    meguri::Invariant(!meguri::ReasonOf(key.status()).empty(), "a refusal has a reason");
    return 0;
  }
  meguri::Invariant(key->spki() == input, "one key has one form");
  const std::string signature(meguri::record::kSignatureSize, '\0');
  meguri::Invariant(!key->Verify("message", signature).ok(), "no key has signed with zeros");
  return 0;
}
