// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/timestamp.h"

#include "absl/strings/match.h"

namespace meguri::passport {

absl::optional<absl::Time> ParseTimestamp(absl::string_view text) {
  absl::Time time;
  std::string error;
  const bool is_utc = absl::EndsWith(text, "Z") && text.size() >= 20 && text[10] == 'T';
  if (!is_utc || !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::nullopt;
  }
  return time;
}

void CheckTimestamp(absl::string_view value, const Path& path, Findings& findings) {
  if (!ParseTimestamp(value).has_value()) {
    findings.Add({.field = path.ToString(),
                  .reason = "TIME_GRAMMAR",
                  .found = Quoted(value),
                  .expected = "a date and time in UTC such as 2026-11-26T10:00:00Z",
                  .cure = "convert it to UTC and write it like this",
                  .message_ja = "日時は 2026-11-26T10:00:00Z の形式（協定世界時）で記載してください。"});
  }
}

}  // namespace meguri::passport
