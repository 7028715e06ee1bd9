// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/jurisdiction.h"

namespace meguri::passport {

bool IsJurisdiction(absl::string_view code) {
  // Two digits compare like the numbers they are.
  return code == "JP" || (code.size() == 2 && code >= "01" && code <= "47" && code[1] >= '0' && code[1] <= '9');
}

void CheckJurisdiction(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsJurisdiction(value)) {
    findings.Add({.field = path.ToString(),
                  .reason = "JURISDICTION",
                  .found = Quoted(value),
                  .expected = "JP, or a prefecture code 01-47 of JIS X 0401",
                  .cure = "write JP for the national authorities, 13 for those of Tokyo",
                  .message_ja = "管轄は JP または都道府県コード（01〜47）で記載してください。"});
  }
}

}  // namespace meguri::passport
