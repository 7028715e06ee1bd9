// SPDX-License-Identifier: Apache-2.0
#include <ctime>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/scale/scale.h"
#include "certs/files.h"
#include "passport/derived_values.h"
#include "passport/formats/import.h"
#include "passport/product_group.h"
#include "passport/profile.h"
#include "passport/readers/xlsx.h"
#include "passport/validate.h"
#include "record/header.h"
#include "record/limits.h"
#include "record/record_id.h"
#include "record/system_random.h"

namespace meguri::bench {
namespace {

constexpr size_t kBytesMax = size_t{256} << 20;

record::ParticipantId Maker() {
  absl::StatusOr<record::ParticipantId> id = record::ParticipantId::Parse("9999:maker");
  Invariant(id.ok(), "a participant ID");
  return *std::move(id);
}

// Judges the record by every rule, as an import does before it publishes anything.
absl::StatusOr<size_t> Judge(const passport::RecordDraft& draft, Random& random) {
  std::vector<record::v1::Section> sections;
  for (const record::SectionDraft& drafted : draft.sections) {
    record::v1::Section& section = sections.emplace_back();
    section.set_slot(static_cast<uint32_t>(sections.size() - 1));
    section.set_type(drafted.type);
    section.set_audiences(drafted.audiences.bits());
    section.set_payload(passport::WithDerivedValues(drafted.type, drafted.payload));
  }
  const passport::Profile* profile =
      passport::FindProfile(static_cast<uint32_t>(draft.record_type), passport::ProductGroupOf(sections));
  Invariant(profile != nullptr, "the sheet holds product passports");
  record::v1::Header message;
  message.set_format_version(record::kFormatVersion);
  message.set_record_id(record::RecordId::Make(random).ToString());
  message.set_version(1);
  message.set_record_type(static_cast<record::v1::RecordType>(draft.record_type));
  message.set_publisher(Maker().text());
  message.set_issue_time_ms(1'790'000'000'000);
  for (size_t slot = 0; slot < profile->slot_count; ++slot) {
    message.add_section_digests(record::Hash().ToString());
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Make(message));
  std::vector<Violation> found = passport::ValidateRecord(header, sections);
  (void)TakeWarnings(found);
  return found.size();
}

// What the process has held at most, in MiB.
double MostMemory() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) {
      return kilobytes / 1024;
    }
  }
  return 0;
}

double ProcessorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Reads all of `bytes`; `judge` tells how many errors a record has.
template <typename Take>
absl::StatusOr<nlohmann::ordered_json> Run(absl::string_view bytes, Take judge) {
  const absl::Time start = absl::Now();
  const double processor_start = ProcessorSeconds();
  size_t rows = 0;
  size_t errors = 0;
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<passport::Import> import, passport::Import::Open(bytes, {}));
  MEGURI_RETURN_IF_ERROR(import->Run([&](passport::ImportedRecord& record) -> absl::Status {
    ++rows;
    MEGURI_ASSIGN_OR_RETURN(const size_t found, judge(record.draft));
    errors += found + record.problems.size();
    return absl::OkStatus();
  }));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  const double processor = ProcessorSeconds() - processor_start;
  Invariant(errors == 0, absl::StrCat(errors, " errors in a sheet that has none"));
  const auto count = static_cast<double>(rows);
  return nlohmann::ordered_json{{"rows", rows},
                                {"seconds", seconds},
                                {"rows_per_s", count / seconds},
                                {"rows_per_processor_s", count / processor}};
}

}  // namespace

absl::Status MakeSheet(const std::string& path, size_t rows) {
  passport::XlsxSheet sheet{"Sheet",
                            {{"Record [record]", "Name (ja) [identity.name.ja]", "Name (en) [identity.name.en]",
                              "Group [identity.product_group]", "Granularity [identity.granularity]",
                              "Model [identity.model_number]", "GTIN [identity.gtin]", "Serial [identity.serial]",
                              "Status [identity.product_status]", "Mass (g) [identity.mass_kg | g]",
                              "Made on [identity.produced_on]", "Country [identity.country_of_production]"}}};
  for (size_t i = 0; i < rows; ++i) {
    sheet.rows.push_back({absl::StrCat("R-", i), absl::StrCat("洗濯機 ", i), "Washing machine", "washing-machine",
                          "item", "WM-100", "04912345100108", absl::StrCat("S", i), "original",
                          absl::StrCat(41'000 + i % 1000, ".5"), "2026-10-06", "JP"});
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, passport::WriteXlsx({sheet}));
  std::ofstream file(path, std::ios::binary);
  file << bytes << std::flush;
  return file.good() ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write ", path));
}

absl::StatusOr<nlohmann::ordered_json> MeasureSheet(const std::string& path) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(path, kBytesMax));
  nlohmann::ordered_json figures = {{"bytes", bytes.size()}, {"columns", 12}};
  MEGURI_ASSIGN_OR_RETURN(figures["sections"], Run(bytes, [](const passport::RecordDraft& draft) {
                            size_t errors = 0;
                            for (const record::SectionDraft& section : draft.sections) {
                              std::vector<Violation> found =
                                  passport::ValidateSection(section.type, section.payload, "");
                              (void)TakeWarnings(found);
                              errors += found.size();
                            }
                            return absl::StatusOr<size_t>(errors);
                          }));
  record::SystemRandom random;
  MEGURI_ASSIGN_OR_RETURN(figures["judged_records"],
                          Run(bytes, [&random](const passport::RecordDraft& draft) { return Judge(draft, random); }));
  figures["memory_mib"] = MostMemory();
  return figures;
}

}  // namespace meguri::bench
