// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A need is a filter (passport/filter.h): a word that no record can have would be asked for in vain. `path` is that of
// the section.
void CheckEnquiryNeed(const v1::Enquiry& enquiry, absl::string_view path, Findings& findings);

}  // namespace meguri::passport
