// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "passport/formats/imported_record.h"

namespace meguri::passport {

// What one file says of a record that stands in several.
struct RecordPart {
  std::string file_name;
  ImportedRecord record;
};

// One record of all its parts, of which there is at least one: the sections of all, and of a section that several parts
// have, the fields and list elements of each. A field or audiences that two parts say differently, or another record
// type, is a problem: reason PARTS_DISAGREE. Places in problems and unmapped values begin with the file.
ImportedRecord JoinRecords(std::vector<RecordPart> parts);

}  // namespace meguri::passport
