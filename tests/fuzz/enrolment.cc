// SPDX-License-Identifier: Apache-2.0
#include "certs/registry.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void Check(absl::string_view bytes) {
  const auto request = certs::OpenEnrolmentRequest(bytes, kFederation);
  if (request.ok()) {
    Invariant(certs::CheckMemberEntry(kFederation, request->entry()).ok(), "an enrolment names a sound entry");
  } else {
    Invariant(!ReasonOf(request.status()).empty(), "a refusal has a reason");
  }
}

// `body`, signed by the keys that the seeds name.
std::string Signed(absl::string_view body, const FixedFederation& federation, const record::Signer& record_signer) {
  record::v1::SignedBody signed_body = federation.Signed(certs::kEnrolmentPayloadType, body, federation.feed_signer());
  const record::Hash key_id = record::KeyId(kFederation, federation.operator_id(), record_signer.public_key().spki());
  Invariant(record::AddSignature(key_id, record_signer, signed_body).ok(), "a key in memory signs");
  return signed_body.SerializeAsString();
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a signed request, or one without signatures, which the holder of two known keys then signs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const meguri::fuzz::FixedFederation federation;
  static const auto record_signer = meguri::fuzz::FixedSigner("record key");
  const google::protobuf::LogSilencer no_complaints_about_text;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::Check(input);
  meguri::fuzz::Check(meguri::fuzz::Signed(input, federation, *record_signer));
  return 0;
}
