// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "passport/readers/table.h"

namespace meguri::passport {

inline constexpr size_t kXlsxSharedStringsMax = 1'000'000;
inline constexpr size_t kXlsxSharedBytesMax = size_t{64} << 20;
inline constexpr size_t kXlsxPartBytesMax = size_t{4} << 20;  // of the parts that are read whole: workbook, styles
inline constexpr size_t kXlsxSheetsMax = 200;

// Whether `bytes` is a ZIP archive that holds a workbook.
bool LooksLikeXlsx(absl::string_view bytes);

// A workbook of ECMA-376 (.xlsx, .xlsm). A cell is what it shows without its colours: text without furigana; a number
// with the 15 digits that a spreadsheet keeps (0.1 + 0.2 is 0.3, as shown); a date as YYYY-MM-DD, with the time if
// there is one; TRUE or FALSE; of a formula, its last result. An error value (#N/A) is its text. INVALID_ARGUMENT with
// reason XLSX_SYNTAX, XLSX_SHEETS, XLSX_SHARED_STRINGS, XLSX_ROWS, XLSX_COLUMNS, XLSX_CELL_SIZE, or those of ZIP and
// XML. Total: any bytes are fine. Not thread-safe.
class XlsxWorkbook {
 public:
  // `bytes` are borrowed.
  static absl::StatusOr<std::unique_ptr<XlsxWorkbook>> Open(absl::string_view bytes);
  ~XlsxWorkbook();

  const std::vector<std::string>& sheet_names() const;
  // Reads the rows of a sheet that have any text. Constant memory beside the shared strings. NOT_FOUND with reason
  // XLSX_SHEET_MISSING.
  absl::Status ReadSheet(absl::string_view sheet_name, TakeRow take) const;

 private:
  struct Parts;
  explicit XlsxWorkbook(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

struct XlsxSheet {
  std::string name;
  std::vector<std::vector<std::string>> rows;  // every cell is written as text
};
// A workbook whose first row stays in view.
absl::StatusOr<std::string> WriteXlsx(const std::vector<XlsxSheet>& sheets);

}  // namespace meguri::passport
