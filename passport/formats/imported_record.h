// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/error.h"
#include "passport/formats/canonical_json.h"
#include "passport/readers/input_tree.h"

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

// A number that was converted from the unit of the file to that of its field.
struct ConvertedNumber {
  std::string field;    // mass_fraction, in whatever message
  std::string number;   // as the record has it: 3
  std::string written;  // as the file has it: 300 %
};

// A section for which a foreign file has something, but not all that the section requires. It is not in the draft, and
// its values have no place, unless the user supplies the rest.
struct OfferedSection {
  record::SectionDraft section;
  std::vector<Violation> problems;
  std::vector<std::pair<std::string, Fate>> values;  // paths of unmapped values, and what they would be
};

// One record as a foreign file has it: not yet checked by any rule.
struct ImportedRecord {
  std::string name;  // what a person finds it by: "row 12", "record 3"; "" if the file is one record
  RecordDraft draft;
  std::vector<Violation> problems;  // values that could not be read; their fields are places in the file
  size_t mapped = 0;                // values that went into the draft
  size_t implied = 0;               // values that say how to read others, or that the mapping ignores
  std::vector<UnmappedValue> unmapped;
  std::vector<OfferedSection> offered;
  std::vector<RowOrigin> rows;  // of a sheet
  std::vector<ConvertedNumber> converted;
};

// Where the violation found a number that was converted, says what stands in the file, and a cure that fits it.
void ShowAsWritten(const ImportedRecord& record, Violation& violation);

// Begins the section of that type if it is offered: it goes into the draft, and its values are mapped or implied.
void BeginOffered(ImportedRecord& record, uint32_t type);

// Takes one record; a status that is not OK ends the import.
using TakeRecord = absl::FunctionRef<absl::Status(ImportedRecord& record)>;

}  // namespace meguri::passport
