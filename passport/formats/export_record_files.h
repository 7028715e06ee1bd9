// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "passport/formats/export_source.h"

namespace meguri::passport {

// Our own record files: one record as it is, several as an array. They say nothing of record IDs and versions, so they
// are imported as new records with the same sections.
absl::StatusOr<std::string> WriteRecordFiles(ExportSources& records);

}  // namespace meguri::passport
