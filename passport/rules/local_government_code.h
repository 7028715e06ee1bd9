// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "meguri/registry/v1/member.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// V2: the check digit after the 5 digits of `base` in a code of a Japanese local government (全国地方公共団体コード).
char LocalGovernmentCheckDigit(absl::string_view base);

// Whether `code` is 6 digits with a right check digit, and its first two are a prefecture of JIS X 0401 (01-47).
bool IsLocalGovernmentCode(absl::string_view code);

// V2: the corporate number of a municipality ends in its code: 8000020130001 is Tokyo, 130001.
void CheckMunicipality(const registry::v1::MemberEntry& member, const Path& path, Findings& findings);

}  // namespace meguri::passport
