// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A time of RFC 3339 in UTC: 2026-11-26T10:00:00Z. Nullopt otherwise.
absl::optional<absl::Time> ParseTimestamp(absl::string_view text);

void CheckTimestamp(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
