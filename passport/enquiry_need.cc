// SPDX-License-Identifier: Apache-2.0
#include "passport/enquiry_need.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "passport/filter.h"

namespace meguri::passport {

void CheckEnquiryNeed(const v1::Enquiry& enquiry, absl::string_view path, Findings& findings) {
  const bool is_line = enquiry.need().size() <= kFilterBytesMax && !absl::StrContains(enquiry.need(), '\n');
  if (!is_line) {
    return;  // a rule of the section says so
  }
  const absl::StatusOr<Filter> filter = ParseFilter(enquiry.need());
  for (Violation& problem : ViolationsOf(filter.status())) {
    problem.field = absl::StrCat(path, ".need");
    problem.reason = "ENQUIRY_NEED";
    problem.message_ja =
        "要求内容は検索条件の書式で記載してください。例: material = \"PP\" AND recycled_fraction >= 0.9";
    findings.Add(std::move(problem));
  }
}

}  // namespace meguri::passport
