// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "google/protobuf/stubs/logging.h"
#include "meguri/record/v1/record.pb.h"
#include "record/batch.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

// An input is a header hash and a BatchSignature.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  static const auto signer = meguri::fuzz::FixedSigner("record key");
  const google::protobuf::LogSilencer no_complaints_about_text;
  meguri::fuzz::Parts parts(meguri::fuzz::BytesOf(data, size));
  const meguri::record::Hash header_hash = parts.TakeHash();
  meguri::record::v1::BatchSignature signature;
  if (!signature.ParseFromArray(parts.rest().data(), static_cast<int>(parts.rest().size()))) {
    return 0;
  }
  meguri::record::VerifiedRoots verified;
  const auto verify = [&](meguri::record::VerifiedRoots* roots) {
    return meguri::record::VerifyBatchSignature(header_hash, signature, signer->public_key(), roots);
  };
  const absl::Status status = verify(nullptr);
  Invariant(verify(&verified) == status && verify(&verified) == status, "the cache changes no answer");
  Invariant(status.ok() || !meguri::ReasonOf(status).empty(), "a refusal has a reason");
  if (status.ok()) {
    const meguri::record::Hash other = meguri::record::Sha256(header_hash.view());
    Invariant(!meguri::record::VerifyBatchSignature(other, signature, signer->public_key(), &verified).ok(),
              "the signature is good for no other header");
  }
  return 0;
}
