// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/import.h"

#include "base/error.h"
#include "google/protobuf/stubs/logging.h"
#include "passport/validate.h"
#include "tests/fuzz/target.h"

// Any file: what it is found to be decides which importer reads it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const google::protobuf::LogSilencer no_complaints_about_text;
  passport::ImportOptions options;
  options.file_name = "input";
  options.imported_at = "2026-11-26T10:00:00Z";
  options.keep_unmapped = true;
  const auto import = passport::Import::Open(meguri::fuzz::BytesOf(data, size), options);
  if (!import.ok()) {
    Invariant(!meguri::ReasonOf(import.status()).empty(), "a refusal has a reason");
    return 0;
  }
  const absl::Status status = (*import)->Run([&import](passport::ImportedRecord& record) {
    uint32_t last = 0;
    for (const meguri::record::SectionDraft& section : record.draft.sections) {
      Invariant(section.type > last, "sections ascend, each once");
      last = section.type;
      passport::ValidateSection(section.type, section.payload, "sections");
    }
    for (meguri::Violation& problem : record.problems) {
      Invariant(!problem.reason.empty(), "a problem has a reason");
      (*import)->Locate(record, problem);
    }
    return absl::OkStatus();
  });
  Invariant(status.ok() || !meguri::ReasonOf(status).empty(), "a refusal has a reason");
  return 0;
}
