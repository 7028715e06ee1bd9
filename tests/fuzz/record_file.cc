// SPDX-License-Identifier: Apache-2.0
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/record_file_seed.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

// The keys that signed exist nowhere else, so nothing but what was signed can be accepted.
void ExpectGenuine(absl::string_view bytes, const certs::TrustBundle& bundle, const RecordFileSeed& seed) {
  const auto report = certs::VerifyRecordFile(bytes, bundle, Now());
  if (!report.ok()) {
    Invariant(!ReasonOf(report.status()).empty() && !report.status().message().empty(), "a refusal says why");
    return;
  }
  Invariant(report->envelope.header() == seed.record().header(), "only the record that was signed is accepted");
  for (const record::v1::Section& section : report->envelope.sections()) {
    Invariant(section.SerializeAsString() == seed.record().sections(0).SerializeAsString(),
              "only sections that were signed are accepted");
  }
  for (const certs::ProvenByFeed& proven : report->entries) {
    Invariant(proven.entry.checkpoint.size == 2 && proven.entry.index == 1,
              "only the heads that were signed are accepted");
  }
}

}  // namespace
}  // namespace meguri::fuzz

// The input as a file; and, as somebody makes it who knows the format, with its digest put right.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const meguri::fuzz::FixedFederation federation;
  // The next version, so that the hash of the bundle in the seeds, which differs from run to run, is not compared.
  static const meguri::certs::TrustBundle bundle = federation.Bundle(2);
  static const meguri::fuzz::RecordFileSeed seed(federation, federation.Bundle(1));
  static const bool is_sound = meguri::certs::VerifyRecordFile(seed.file(), bundle, meguri::fuzz::Now()).ok();
  meguri::Invariant(is_sound, "the seed verifies");
  const google::protobuf::LogSilencer no_complaints_about_text;
  const absl::string_view bytes = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::ExpectGenuine(bytes, bundle, seed);
  meguri::record::v1::RecordFile file;
  if (file.ParseFromArray(data, static_cast<int>(size))) {
    file.DiscardUnknownFields();
    meguri::fuzz::ExpectGenuine(meguri::certs::SealRecordFile(file), bundle, seed);
  }
  return 0;
}
