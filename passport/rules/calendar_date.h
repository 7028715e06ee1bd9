// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A day of the calendar as ISO 8601 YYYY-MM-DD. Nullopt if `text` is none.
absl::optional<absl::CivilDay> ParseDate(absl::string_view text);

// Says that `later` lies before `earlier`, if both are dates (reason DATE_ORDER).
void CheckDateOrder(absl::string_view earlier, absl::string_view later, const Path& later_path, Findings& findings);

void CheckDate(absl::string_view value, const Path& path, Findings& findings);

// Produced before placed on the market.
void CheckIdentityDates(const v1::Identity& identity, const Path& path, Findings& findings);

// A start, an end, in this order.
void CheckPeriod(const v1::DatePeriod& period, const Path& path, Findings& findings);

}  // namespace meguri::passport
