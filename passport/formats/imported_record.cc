// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/imported_record.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

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

void ShowAsWritten(const ImportedRecord& record, Violation& violation) {
  const absl::string_view field = absl::string_view(violation.field).substr(violation.field.rfind('.') + 1);
  const auto is_meant = [&](const ConvertedNumber& each) {
    return each.number == violation.found && each.field == field.substr(0, field.find('['));
  };
  const auto converted = std::find_if(record.converted.begin(), record.converted.end(), is_meant);
  if (converted == record.converted.end()) {
    return;
  }
  violation.found = absl::StrCat(converted->written, ", which is ", converted->number);
  if (absl::EndsWith(violation.reason, "_RANGE")) {  // the rule takes it that nobody has converted the number yet
    violation.cure = "correct the value in the file, or its unit";
    violation.message_ja = absl::StrCat("「", converted->written, "」（換算値 ", converted->number,
                                        "）は範囲外です。ファイルの値または単位を修正してください。");
  }
}

}  // namespace meguri::passport
