// SPDX-License-Identifier: Apache-2.0
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/erasure_file_seed.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

// The keys that signed exist nowhere else, so nothing but what was signed can be accepted, and all of it.
void ExpectGenuine(absl::string_view bytes, const certs::TrustBundle& bundle, const ErasureFileSeed& seed) {
  const auto report = certs::VerifyErasureFile(bytes, bundle, Now());
  if (!report.ok()) {
    Invariant(!ReasonOf(report.status()).empty() || !ViolationsOf(report.status()).empty(), "a refusal says why");
    return;
  }
  Invariant(report->tombstone.hash() == seed.tombstone().hash(), "only the erasure that was asked for is accepted");
  Invariant(report->holders.size() == 2 && report->acknowledged() == 1, "nobody is left out, and nobody is added");
  Invariant(report->holders[0].acknowledgement->ack.holder() == kHolder, "only the holder speaks for itself");
}

}  // namespace
}  // namespace meguri::fuzz

// The input as a file; and, as somebody makes it who knows the format, with its digest put right.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const meguri::fuzz::FixedFederation federation;
  // The next version, so that the hash of the bundle in the seeds, which differs from run to run, is not compared.
  static const meguri::certs::TrustBundle bundle = federation.Bundle(2);
  static const meguri::fuzz::ErasureFileSeed seed(federation, federation.Bundle(1));
  static const bool is_sound = meguri::certs::VerifyErasureFile(seed.file(), bundle, meguri::fuzz::Now()).ok();
  meguri::Invariant(is_sound, "the seed verifies");
  const google::protobuf::LogSilencer no_complaints_about_text;
  const absl::string_view bytes = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::ExpectGenuine(bytes, bundle, seed);
  meguri::erasure::v1::ErasureFile file;
  if (file.ParseFromArray(data, static_cast<int>(size))) {
    file.DiscardUnknownFields();
    meguri::fuzz::ExpectGenuine(meguri::certs::SealErasureFile(file), bundle, seed);
  }
  return 0;
}
