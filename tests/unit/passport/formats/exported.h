// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "passport/formats/export.h"
#include "passport/formats/import.h"
#include "tests/unit/passport/demo_records.h"

// What tests of exporters share.
namespace meguri::passport {

inline record::v1::Envelope EnvelopeOf(const RecordDraft& draft) {
  const SealedRecord sealed = Seal(draft, 64);
  record::v1::Envelope envelope;
  envelope.set_header(sealed.header.bytes());
  envelope.mutable_sections()->Assign(sealed.sections.begin(), sealed.sections.end());
  return envelope;
}

inline Exported MustExport(absl::string_view format, const std::vector<RecordDraft>& drafts) {
  std::vector<record::v1::Envelope> envelopes;
  envelopes.reserve(drafts.size());
  for (const RecordDraft& draft : drafts) {
    envelopes.push_back(EnvelopeOf(draft));
  }
  absl::StatusOr<Exported> exported = ExportRecords(format, envelopes);
  Invariant(exported.ok(), exported.status().ToString());
  return *std::move(exported);
}

// The records of a file. Its format is what its content is.
inline std::vector<ImportedRecord> MustImport(absl::string_view bytes) {
  absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(bytes, {});
  Invariant(import.ok(), import.status().ToString());
  std::vector<ImportedRecord> records;
  const absl::Status status = (*import)->Run([&](ImportedRecord& record) {
    records.push_back(std::move(record));
    return absl::OkStatus();
  });
  Invariant(status.ok(), status.ToString());
  return records;
}

// "path" of everything that had no place.
inline std::vector<std::string> LeftOf(const ExportedRecord& record) {
  std::vector<std::string> paths;
  paths.reserve(record.left.size());
  for (const UnmappedValue& value : record.left) {
    paths.push_back(value.path);
  }
  return paths;
}

}  // namespace meguri::passport
