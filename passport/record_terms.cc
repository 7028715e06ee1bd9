// SPDX-License-Identifier: Apache-2.0
#include "passport/record_terms.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "passport/section_table.h"

namespace meguri::passport {

std::vector<record::IndexTerm> RecordTerms(const record::Header& header) {
  if (header.is_tombstone()) {
    return {};
  }
  const auto type = static_cast<uint32_t>(header.message().record_type());
  const RecordKind* kind = FindRecordKind(type);
  return {{kAllRecordsField, ""},
          {"record_type", kind != nullptr ? std::string(kind->name) : absl::StrCat(type)},
          {"publisher", header.publisher().text()}};
}

}  // namespace meguri::passport
