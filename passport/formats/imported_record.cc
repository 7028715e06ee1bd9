// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/imported_record.h"

#include <algorithm>
#include <map>

namespace meguri::passport {

void BeginOffered(ImportedRecord& record, uint32_t type) {
  const auto offered = std::find_if(record.offered.begin(), record.offered.end(),
                                    [type](const OfferedSection& each) { return each.section.type == type; });
  if (offered == record.offered.end()) {
    return;
  }
  const std::map<std::string, Fate> values(offered->values.begin(), offered->values.end());
  const auto is_in_section = [&record, &values](const UnmappedValue& value) {
    const auto found = values.find(value.path);
    if (found == values.end()) {
      return false;
    }
    ++(found->second == Fate::kMapped ? record.mapped : record.implied);
    return true;
  };
  std::erase_if(record.unmapped, is_in_section);
  record.problems.insert(record.problems.end(), offered->problems.begin(), offered->problems.end());
  std::vector<record::SectionDraft>& sections = record.draft.sections;
  sections.insert(std::find_if(sections.begin(), sections.end(),
                               [type](const record::SectionDraft& each) { return each.type > type; }),
                  std::move(offered->section));
  record.offered.erase(offered);
}

}  // namespace meguri::passport
