// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/derived_value.h"

#include "absl/strings/str_cat.h"
#include "passport/rules/finding.h"

namespace meguri::passport {

void CheckDerived(const v1::Derived& derived, const std::string& value, absl::string_view method, const Path& path,
                  Findings& findings) {
  if (derived.value().value() != value || derived.method() != method) {
    Report(findings, path.At("value"), "DERIVED_VALUE",
           absl::StrCat(derived.value().value(), " by ", Quoted(derived.method())),
           {absl::StrCat(value, " by ", method), "leave it out: the program fills it in",
            absl::StrCat("再計算した値は ", value, " です。この項目は自動で記入されます。")});
  }
}

}  // namespace meguri::passport
