// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/imported_record.h"

namespace meguri::passport {

inline constexpr size_t kExportRecordsMax = 10'000;
inline constexpr size_t kExportBytesMax = size_t{32} << 20;  // of the sections: as much as one record may have

// What became of one record's values.
struct ExportedRecord {
  std::string name;    // its record ID
  size_t carried = 0;  // values that went into the file
  size_t implied = 0;  // values that say how others are to be read, and that the format says in its own way
  std::vector<UnmappedValue> left;  // values that the format has no place for
  // The sections that went in, and who may read them: "composition", "PARTNERS, RECYCLERS". Whoever gets the file reads
  // them too.
  std::vector<std::pair<std::string, std::string>> sections;
};

struct Exported {
  std::string bytes;
  std::vector<ExportedRecord> records;
};

// The names of every format that can be written, in the order of docs/interop.md.
std::vector<absl::string_view> ExportFormatNames();

// Writes the sections of records, as a reader got them, in a foreign format. Pure: checks no signature, knows no clock.
// What is no section (signature, salts, digests, who may read) is in no such file; a record file is what keeps it.
// INVALID_ARGUMENT with reason EXPORT_FORMAT, EXPORT_SIZE, EXPORT_COUNT (the format holds one record), EXPORT_MIXED (a
// sheet holds records of one type), EXPORT_RECORD_TYPE (the format is for passports), RECORD_TYPE_NOT_UNDERSTOOD,
// NOTHING_TO_EXPORT (no section at all, as in a record that has ended), or those of
// record::Header::Parse.
absl::StatusOr<Exported> ExportRecords(absl::string_view format, absl::Span<const record::v1::Envelope> envelopes);

}  // namespace meguri::passport
