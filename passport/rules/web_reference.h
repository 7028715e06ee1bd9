// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// Whether `text` is a URI of RFC 3986 in its characters, with a scheme and something after it.
bool IsUri(absl::string_view text);

void CheckUri(absl::string_view value, const Path& path, Findings& findings);
// A URI of the scheme https with a host.
void CheckHttps(absl::string_view value, const Path& path, Findings& findings);
void CheckMediaType(absl::string_view value, const Path& path, Findings& findings);
// 64 lower-case hexadecimal digits.
void CheckSha256(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
