// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/formats/export_formats.h"
#include "passport/formats/export_source.h"
#include "passport/section_table.h"
#include "record/header.h"

namespace meguri::passport {
namespace {

absl::Status Refuse(absl::string_view reason, const std::string& message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status CheckSize(absl::Span<const record::v1::Envelope> envelopes) {
  size_t bytes = 0;
  int sections = 0;
  for (const record::v1::Envelope& envelope : envelopes) {
    sections += envelope.sections_size();
    for (const record::v1::Section& section : envelope.sections()) {
      bytes += section.payload().size();
    }
  }
  if (sections == 0) {
    return Refuse("NOTHING_TO_EXPORT",
                  "there is no section to write: nothing was found, or the record has ended, or it is not for you");
  }
  if (envelopes.size() > kExportRecordsMax || bytes > kExportBytesMax) {
    return Refuse("EXPORT_SIZE", absl::StrCat(envelopes.size(), " records of ", bytes, " bytes; a file takes at most ",
                                              kExportRecordsMax, " and ", kExportBytesMax, "; export fewer at once"));
  }
  return absl::OkStatus();
}

// Whether every record is of a type that the format can say something about.
absl::Status CheckTypes(const ExportFormat& format, absl::Span<const record::v1::Envelope> envelopes) {
  for (const record::v1::Envelope& envelope : envelopes) {
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(envelope.header()));
    const auto type = static_cast<uint32_t>(header.message().record_type());
    const RecordKind* kind = FindRecordKind(type);
    if (kind == nullptr || !kind->understood()) {
      return Refuse("RECORD_TYPE_NOT_UNDERSTOOD",
                    absl::StrCat("a record of type ", type, " cannot be written by this version"));
    }
    if (format.passports_only && type != record::v1::RECORD_TYPE_PRODUCT_PASSPORT &&
        type != record::v1::RECORD_TYPE_MATERIAL_PASSPORT) {
      return Refuse("EXPORT_RECORD_TYPE",
                    absl::StrCat(format.name, " is a format for passports of products and materials; a ", kind->name,
                                 " record goes into meguri, csv or xlsx"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<absl::string_view> ExportFormatNames() {
  std::vector<absl::string_view> names;
  for (const ExportFormat& format : ExportFormats()) {
    names.push_back(format.name);
  }
  return names;
}

absl::StatusOr<Exported> ExportRecords(absl::string_view format_name,
                                       absl::Span<const record::v1::Envelope> envelopes) {
  const absl::Span<const ExportFormat> formats = ExportFormats();
  const auto format =
      std::find_if(formats.begin(), formats.end(), [&](const ExportFormat& each) { return each.name == format_name; });
  if (format == formats.end()) {
    return Refuse("EXPORT_FORMAT", absl::StrCat("\"", format_name, "\" is no format that can be written: ",
                                                absl::StrJoin(ExportFormatNames(), ", ")));
  }
  MEGURI_RETURN_IF_ERROR(CheckSize(envelopes));
  if (envelopes.size() > 1 && !format->holds_many) {
    return Refuse("EXPORT_COUNT", absl::StrCat("a file of ", format_name, " holds one record; ", envelopes.size(),
                                               " were asked for; export them one by one"));
  }
  MEGURI_RETURN_IF_ERROR(CheckTypes(*format, envelopes));
  ExportSources records(envelopes);
  Exported exported;
  MEGURI_ASSIGN_OR_RETURN(exported.bytes, format->write(records));
  exported.records = std::move(records).TakeAccounts();
  return exported;
}

}  // namespace meguri::passport
