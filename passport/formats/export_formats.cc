// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_formats.h"

#include "passport/formats/export_aas.h"
#include "passport/formats/export_record_files.h"
#include "passport/formats/export_table.h"
#include "passport/formats/export_untp.h"

namespace meguri::passport {
namespace {

constexpr ExportFormat kFormats[] = {
    {"meguri", true, false, &WriteRecordFiles}, {"csv", true, false, &WriteTableAsCsv},
    {"xlsx", true, false, &WriteTableAsXlsx},   {"untp-dpp-0.6.1", false, true, &WriteUntpPassport},
    {"aas", false, true, &WriteAasEnvironment},
};

}  // namespace

absl::Span<const ExportFormat> ExportFormats() { return kFormats; }

}  // namespace meguri::passport
