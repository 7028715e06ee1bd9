// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_formats.h"

#include "passport/formats/export_record_files.h"
#include "passport/formats/export_table.h"

namespace meguri::passport {
namespace {

constexpr ExportFormat kFormats[] = {
    {"meguri", true, &WriteRecordFiles},
    {"csv", true, &WriteTableAsCsv},
    {"xlsx", true, &WriteTableAsXlsx},
};

}  // namespace

absl::Span<const ExportFormat> ExportFormats() { return kFormats; }

}  // namespace meguri::passport
