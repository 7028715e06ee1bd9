// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "passport/formats/export_source.h"

namespace meguri::passport {

// A sheet whose headings say which fields they are, so that it imports again without a mapping: a row for each record,
// and one below it for each node of its composition. Numbers are in the units of their fields; every cell is text, and
// none is a formula. What a sheet cannot hold (who may read, bytes, texts that reading a sheet would change, more than
// kTableColumnsMax columns) is left. INVALID_ARGUMENT with reason EXPORT_MIXED.
absl::StatusOr<std::string> WriteTableAsCsv(ExportSources& records);
absl::StatusOr<std::string> WriteTableAsXlsx(ExportSources& records);

}  // namespace meguri::passport
