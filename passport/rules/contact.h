// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr size_t kEmailBytesMax = 254;  // RFC 5321 4.5.3.1.3, less the brackets
inline constexpr size_t kTelephoneBytesMin = 5;
inline constexpr size_t kTelephoneBytesMax = 30;

void CheckEmail(absl::string_view value, const Path& path, Findings& findings);
void CheckTelephone(absl::string_view value, const Path& path, Findings& findings);
// There is some way to reach them.
void CheckContact(const v1::Contact& contact, const Path& path, Findings& findings);

}  // namespace meguri::passport
