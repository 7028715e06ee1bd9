// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "passport/readers/table.h"

namespace meguri::passport {

// Reads rows of RFC 4180 from `text` in UTF-8: cells may be quoted, quotes doubled, line ends CRLF, LF or CR, and may
// lie within quotes. The cells are separated by the first of comma, tab and semicolon that the first line holds outside
// quotes. An apostrophe that only guards what looks like a formula ('=1+1) is taken away. Rows without any text are
// skipped, and counted. INVALID_ARGUMENT with reason CSV_SYNTAX, CSV_ROWS,
// CSV_COLUMNS or CSV_CELL_SIZE and the row, or what `take` said. Total: any bytes are fine.
absl::Status ReadCsv(absl::string_view text, TakeRow take);

// One row with its line end, quoted where it must be. A cell that a spreadsheet might run as a formula (=1+1, @SUM)
// gets a guard, an apostrophe in front, which ReadCsv takes away: it gives the same cells back.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace meguri::passport
