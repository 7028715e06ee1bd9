// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace meguri::bench {

// Fills a store in `folder`, unless an earlier run did, with that many records, of which every tenth says how much of
// one substance is in it, opens it again, and asks for those above a fraction: the first page, all others, the last
// page.
absl::StatusOr<nlohmann::ordered_json> MeasureQuestions(const std::string& folder, size_t records);

// Fills a store in `folder` likewise, and asks for pages of all records that a member may see: one that may see them
// all, and one that may see a thousandth of them.
absl::StatusOr<nlohmann::ordered_json> MeasurePages(const std::string& folder, size_t records);

// Writes a workbook of that many rows and 12 columns.
absl::Status MakeSheet(const std::string& path, size_t rows);
// Reads it, and judges each row: its sections alone, and as a record that was sealed.
absl::StatusOr<nlohmann::ordered_json> MeasureSheet(const std::string& path);

}  // namespace meguri::bench
