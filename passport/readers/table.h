// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meguri::passport {

inline constexpr size_t kTableRowsMax = 1'048'576;  // as a worksheet has
inline constexpr size_t kTableColumnsMax = 1'024;
inline constexpr size_t kTableCellBytesMax = size_t{128} << 10;  // 32,767 characters, as a worksheet has

// One row of a sheet.
struct TableRow {
  uint32_t number = 0;             // as a spreadsheet shows it, from 1; of CSV: counted in records, not in lines
  std::vector<std::string> cells;  // "" where there is nothing; may be shorter than other rows
};

// Takes one row; a status that is not OK ends the reading. The row is reused for the next one.
using TakeRow = absl::FunctionRef<absl::Status(const TableRow& row)>;

// "A", "Z", "AA": what a spreadsheet calls a column, counted from 0.
std::string ColumnName(size_t column);

}  // namespace meguri::passport
