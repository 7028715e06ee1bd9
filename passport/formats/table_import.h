// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "passport/formats/imported_record.h"
#include "passport/formats/table_mapping.h"
#include "passport/readers/table.h"

namespace meguri::passport {

inline constexpr size_t kTableNodesMax = 20'000;  // of one record, as a composition may hold
inline constexpr size_t kTableLevelsMax = 32;

// Makes records of the rows of one sheet. A row is a record; or rows that follow each other with the same record column
// are one, or those from one row of level 0 to the next; rows with a level or a node ID are nodes of its composition.
// Rows whose first cell begins with # are remarks. Not thread-safe.
class TableImporter {
 public:
  // Without a mapping, that of the headings is taken: see MappingOfHeadings. `take` is borrowed.
  TableImporter(absl::optional<TableMapping> mapping, TakeRecord take);
  ~TableImporter();

  // INVALID_ARGUMENT with violations of the heading row (reason COLUMN_MISSING or COLUMN_TWICE), the errors of
  // MappingOfHeadings, or what `take` said. Problems of values are among those of the record: reasons of SetValue,
  // ROW_CONFLICT, ROWS_SCATTERED, ROW_LEVEL, NODE_TWICE, NODE_PARENT, NODE_COUNT, SPREADSHEET_ERROR.
  absl::Status TakeRow(const TableRow& row);
  // There are no more rows. INVALID_ARGUMENT with reason NO_ROWS if there was none but the headings.
  absl::Status Finish();

  // Says where in the sheet the field of a violation of a taken record lies: "row 12, column C (Mass)", and returns the
  // row; 0 if no row says anything about it.
  uint32_t Locate(const ImportedRecord& record, Violation& violation) const;

 private:
  class Assembly;
  const std::unique_ptr<Assembly> assembly_;
};

}  // namespace meguri::passport
