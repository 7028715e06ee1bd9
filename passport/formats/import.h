// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "passport/formats/imported_record.h"
#include "passport/formats/table_import.h"
#include "passport/formats/table_mapping.h"

namespace meguri::passport {

inline constexpr size_t kImportBytesMax = size_t{128} << 20;
inline constexpr size_t kImportPartsMax = 32;  // files of one record

struct ImportOptions {
  std::string format;                    // a name of ImportFormatNames; "": what the content is
  std::string file_name;                 // without folders; goes into the attachment
  absl::optional<TableMapping> mapping;  // of CSV and XLSX
  std::string sheet;                     // of a workbook; goes before that of the mapping
  absl::optional<TextEncoding> encoding;
  std::vector<std::pair<std::string, std::string>> fields;  // identity.product_group → battery, in every record
  bool keep_unmapped = false;                               // in an attachment section, for the owner alone
  std::string imported_at;                                  // RFC 3339 in UTC; goes into the attachment
};

// The names of every format that can be read, in the order in which they are tried.
std::vector<absl::string_view> ImportFormatNames();

// A file, and how it is read.
struct ImportInput {
  absl::string_view bytes;
  ImportOptions options;
};

// Reads one foreign file into records. Pure. Not thread-safe.
class Import {
 public:
  // `bytes` are borrowed. INVALID_ARGUMENT with reason IMPORT_SIZE, IMPORT_FORMAT (it is none that this version knows),
  // FIELD_PATH of `options.fields`, or why the file cannot be read.
  static absl::StatusOr<std::unique_ptr<Import>> Open(absl::string_view bytes, ImportOptions options);
  // Reads several files as the parts of one record: see JoinRecords. Each holds one record, else Run fails with reason
  // PARTS_RECORDS. INVALID_ARGUMENT with reason PARTS_COUNT unless there are 1 to kImportPartsMax; the rest is as
  // above, with the file in front.
  static absl::StatusOr<std::unique_ptr<Import>> OpenAsOne(std::vector<ImportInput> inputs);
  ~Import();

  absl::string_view format() const { return format_; }
  // Hands over every record. May be called again, and gives the same. Errors are those of the format, or of `take`.
  absl::Status Run(TakeRecord take);
  // Says where in the file the field of a violation lies, if the format knows, and what stands there if the number was
  // converted; returns the row of a sheet, or 0. For records of the last Run.
  uint32_t Locate(const ImportedRecord& record, Violation& violation) const;

 private:
  Import(absl::string_view bytes, ImportOptions options) : bytes_(bytes), options_(std::move(options)) {}
  // As Run, of one file, before anything is supplied.
  absl::Status Read(TakeRecord take);
  absl::Status RunTable(TakeRecord take);
  absl::Status RunRecordFiles(TakeRecord take) const;
  absl::Status RunDocument(TakeRecord take) const;
  absl::Status RunParts(TakeRecord take) const;
  absl::Status Complete(ImportedRecord& record) const;
  void KeepUnmapped(ImportedRecord& record) const;

  const absl::string_view bytes_;
  const ImportOptions options_;
  std::string format_;
  std::string sha256_;  // of the bytes, in hexadecimal
  std::unique_ptr<TableImporter> table_;
  std::vector<std::unique_ptr<Import>> parts_;  // of one record; else none
};

// A copy of a sheet (CSV or XLSX) with a column more that says what is wrong in each row. What could not be read is not
// in it.
absl::StatusOr<std::string> ErrorSheet(absl::string_view bytes, const ImportOptions& options,
                                       const std::vector<std::pair<uint32_t, std::string>>& errors_by_row);

}  // namespace meguri::passport
