// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "passport/formats/export_source.h"

namespace meguri::passport {

// A format that records can be written in.
struct ExportFormat {
  absl::string_view name;
  bool holds_many;      // records in one file
  bool passports_only;  // of products and materials
  // The file. Goes once through the records and marks what it takes.
  absl::StatusOr<std::string> (*write)(ExportSources& records);
};

absl::Span<const ExportFormat> ExportFormats();

}  // namespace meguri::passport
