// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export.h"

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "google/protobuf/stubs/logging.h"
#include "passport/formats/import.h"
#include "passport/readers/json_tree.h"
#include "passport/section_table.h"
#include "record/audience.h"
#include "record/header.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

record::v1::Envelope EnvelopeOf(const passport::SectionKind& kind, absl::string_view payload) {
  constexpr int kSlots = 8;
  record::v1::Header header;
  header.set_format_version(1);
  header.set_record_id(std::string(record::kHashSize / 2, 'r'));
  header.set_version(1);
  header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
  header.set_publisher("0188:7123456789012");
  header.set_issue_time_ms(1'790'000'000'000);
  for (int i = 0; i < kSlots; ++i) {
    header.add_section_digests(record::Sha256("slot").ToString());
  }
  record::v1::Envelope envelope;
  envelope.set_header(record::Header::Make(header).value().bytes());
  record::v1::Section& section = *envelope.add_sections();
  section.set_type(kind.type);
  section.set_audiences(kind.understood() ? kind.audiences.bits() : 1U << record::v1::AUDIENCE_PUBLIC);
  section.set_payload(std::string(payload.data(), payload.size()));
  return envelope;
}

// What was written can be imported, and is the same if nothing was left.
void CheckImport(const passport::Exported& exported, const record::v1::Section& section) {
  const auto import = passport::Import::Open(exported.bytes, {});
  Invariant(import.ok(), "what was written is of a format that is known");
  size_t records = 0;
  const absl::Status status = (*import)->Run([&](passport::ImportedRecord& record) {
    ++records;
    for (const Violation& problem : record.problems) {
      Invariant(problem.reason == "JSON_DEPTH", "what was written can be read, but for what is nested too deeply");
    }
    if (record.problems.empty() && exported.records[0].left.empty()) {
      Invariant(record.draft.sections.size() == 1 && record.draft.sections[0].type == section.type(),
                "the section comes back");
      Invariant(*passport::SectionToJson(section.type(), record.draft.sections[0].payload) ==
                    *passport::SectionToJson(section.type(), section.payload()),
                "and says the same");
    }
    return absl::OkStatus();
  });
  Invariant((status.ok() && records == 1) || ReasonOf(status) == "JSON_DEPTH", "one record comes back");
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a byte that chooses the kind of section, and a payload.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const google::protobuf::LogSilencer no_complaints_about_text;
  meguri::fuzz::Parts parts(meguri::fuzz::BytesOf(data, size));
  const passport::SectionKind& kind = passport::SectionKinds()[parts.TakeByte() % passport::SectionKinds().size()];
  const std::vector<meguri::record::v1::Envelope> records = {meguri::fuzz::EnvelopeOf(kind, parts.rest())};
  for (const absl::string_view format : passport::ExportFormatNames()) {
    const absl::StatusOr<passport::Exported> exported = passport::ExportRecords(format, records);
    if (!exported.ok()) {
      Invariant(meguri::ReasonOf(exported.status()) == "NOTHING_TO_EXPORT", "any section can be written");
    } else if (format == "meguri" || format == "csv" || format == "xlsx") {
      meguri::fuzz::CheckImport(*exported, records[0].sections(0));
    } else {
      Invariant(passport::ReadJsonTree(exported->bytes).ok(), "a document is JSON");
    }
  }
  return 0;
}
