// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "absl/types/span.h"
#include "base/error.h"
#include "google/protobuf/stubs/logging.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/canonical_json.h"
#include "passport/product_group.h"
#include "passport/record_terms.h"
#include "passport/validate.h"
#include "record/section.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

using record::Header;
using Sections = google::protobuf::RepeatedPtrField<record::v1::Section>;

// The header that signs `sections`, as far as its slots allow.
absl::StatusOr<Header> HeaderOver(const Header& header, const Sections& sections) {
  record::v1::Header message = header.message();
  for (const record::v1::Section& section : sections) {
    if (section.slot() < header.slot_count()) {
      message.set_section_digests(
          static_cast<int>(section.slot()),
          record::SectionDigest(header.publisher(), header.record_id(), header.version(), section).ToString());
    }
  }
  return Header::Make(message);
}

// A section that was accepted is refused once anything in it differs.
void RefusesChanges(const Header& header, const Sections& sections) {
  for (int i = 0; i < sections.size(); ++i) {
    Sections changed = sections;
    changed[i].mutable_payload()->push_back('x');
    Invariant(!record::VerifySections(header, changed).ok(), "a longer payload is refused");
    changed = sections;
    changed[i].set_audiences(sections[i].audiences() ^ 0b100);
    Invariant(!record::VerifySections(header, changed).ok(), "other audiences are refused");
  }
}

void Read(const Header& header, const record::v1::Envelope& envelope) {
  const std::vector<record::v1::Section> sections(envelope.sections().begin(), envelope.sections().end());
  Invariant(passport::EnvelopeToJson(envelope).ok(), "an envelope whose header is sound can be shown");
  passport::ValidateRecord(header, sections);
  passport::ProductGroupOf(sections);
  passport::RecordTerms(header);
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  using meguri::record::Header;
  const google::protobuf::LogSilencer no_complaints_about_text;
  meguri::record::v1::Envelope envelope;
  if (!envelope.ParseFromArray(data, static_cast<int>(size))) {
    return 0;
  }
  const absl::StatusOr<Header> header = Header::Parse(envelope.header());
  if (!header.ok()) {
    return 0;
  }
  meguri::record::VerifySections(*header, envelope.sections()).IgnoreError();
  const absl::StatusOr<Header> over = meguri::fuzz::HeaderOver(*header, envelope.sections());
  Invariant(over.ok(), "other digests make no header unsound");
  const absl::Status status = meguri::record::VerifySections(*over, envelope.sections());
  Invariant(meguri::ReasonOf(status) != "SECTION_DIGEST", "the digests are those of the sections");
  if (status.ok()) {
    meguri::fuzz::RefusesChanges(*over, envelope.sections());
  }
  meguri::fuzz::Read(*header, envelope);
  return 0;
}
