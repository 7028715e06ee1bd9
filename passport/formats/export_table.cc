// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_table.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/formats/table_rows.h"
#include "passport/readers/csv.h"
#include "passport/readers/xlsx.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

// A sheet says nothing of who may read a section: an import gives it the audiences of its profile.
void LeaveAudiences(ExportSource& record) {
  RecordDraft imported = record.draft();
  for (record::SectionDraft& section : imported.sections) {
    section.audiences = FindSectionKind(section.type)->audiences;
  }
  UseProfileAudiences(imported);
  for (size_t i = 0; i < imported.sections.size(); ++i) {
    const record::SectionDraft& section = record.draft().sections[i];
    if (!(section.audiences == imported.sections[i].audiences)) {
      record.Leave(absl::StrCat(FindSectionKind(section.type)->name, ".$audiences"), section.audiences.ToString());
    }
  }
}

absl::Status Mixed() {
  return Error(absl::StatusCode::kInvalidArgument, "EXPORT_MIXED",
               "a sheet holds records of one type; export product passports and material passports apart, for example "
               "with --filter");
}

absl::StatusOr<TableRows> RowsOf(ExportSources& records) {
  TableBuilder builder(records.envelopes());
  const RecordKind* kind = nullptr;
  std::map<std::string, size_t> times;  // rows with one name would be one record
  MEGURI_RETURN_IF_ERROR(records.ForEach([&](ExportSource& record) {
    const RecordKind* its_kind = FindRecordKind(record.draft().record_type);
    if (kind != nullptr && its_kind != kind) {
      return Mixed();
    }
    kind = its_kind;
    const std::string name = record.header().record_id().ToHex();
    const size_t time = ++times[name];
    builder.Add(time == 1 ? name : absl::StrCat(name, " ", time), record.sections());
    LeaveAudiences(record);
    return absl::OkStatus();
  }));
  return std::move(builder).Build(*kind);
}

}  // namespace

absl::StatusOr<std::string> WriteTableAsCsv(ExportSources& records) {
  MEGURI_ASSIGN_OR_RETURN(const TableRows rows, RowsOf(records));
  std::string csv = "\xEF\xBB\xBF";  // so that spreadsheets know it is UTF-8
  for (const std::vector<std::string>& row : rows) {
    csv += CsvLine(row);
  }
  return csv;
}

absl::StatusOr<std::string> WriteTableAsXlsx(ExportSources& records) {
  MEGURI_ASSIGN_OR_RETURN(TableRows rows, RowsOf(records));
  return WriteXlsx({{"記録 Records", std::move(rows)}});
}

}  // namespace meguri::passport
