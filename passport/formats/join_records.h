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

// Begins what a part offers (OfferedSection) if another part has that section, or if the offers of all parts have
// together what it requires: whether it is whole is a question of the record, not of the file. Call it before
// JoinRecords.
void BeginOfferedTogether(std::vector<RecordPart>& parts);

// One record of all its parts, of which there is at least one: the sections of all, and of a section that several parts
// have, the fields and list elements of each. A field or audiences that two parts say differently, or another record
// type, is a problem: reason PARTS_DISAGREE. Places in problems and unmapped values begin with the file.
ImportedRecord JoinRecords(std::vector<RecordPart> parts);

}  // namespace meguri::passport
