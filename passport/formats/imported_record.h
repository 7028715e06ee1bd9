// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/error.h"
#include "passport/formats/canonical_json.h"

namespace meguri::passport {

// A value of a foreign file that no section has a place for.
struct UnmappedValue {
  std::string path;   // materials[2].colour; row 12, column D "colour"
  std::string value;  // as it is written
};

// A row of a sheet that said something about a record.
struct RowOrigin {
  uint32_t row = 0;
  std::string node_path;  // of a row that is a composition node: sections.composition.nodes[0]
};

// One record as a foreign file has it: not yet checked by any rule.
struct ImportedRecord {
  std::string name;  // what a person finds it by: "row 12", "record 3"; "" if the file is one record
  RecordDraft draft;
  std::vector<Violation> problems;  // values that could not be read; their fields are places in the file
  size_t mapped = 0;                // values that went into the draft
  size_t implied = 0;               // values that say how to read others, or that the mapping ignores
  std::vector<UnmappedValue> unmapped;
  std::vector<RowOrigin> rows;  // of a sheet
};

// Takes one record; a status that is not OK ends the import.
using TakeRecord = absl::FunctionRef<absl::Status(ImportedRecord& record)>;

}  // namespace meguri::passport
