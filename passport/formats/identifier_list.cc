// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/identifier_list.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "passport/readers/text_encoding.h"

namespace meguri::passport {

absl::StatusOr<std::vector<std::string>> ReadIdentifierList(absl::string_view bytes) {
  MEGURI_ASSIGN_OR_RETURN(const std::string text, DecodeText(bytes));
  std::vector<std::string> identifiers;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> cells = absl::StrSplit(line, absl::MaxSplits(absl::ByAnyChar(",\t"), 1));
    const absl::string_view identifier = absl::StripAsciiWhitespace(cells[0]);
    if (!identifier.empty() && !absl::StartsWith(identifier, "#")) {
      identifiers.emplace_back(identifier);
    }
  }
  return identifiers;
}

}  // namespace meguri::passport
