// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/calendar_date.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

constexpr absl::string_view kForm = "dddd-dd-dd";

int Number(absl::string_view digits) {
  int value = 0;
  for (const char digit : digits) {
    value = value * 10 + (digit - '0');
  }
  return value;
}

bool HasForm(absl::string_view text) {
  if (text.size() != kForm.size()) {
    return false;
  }
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool fits = kForm[i] == 'd' ? absl::ascii_isdigit(static_cast<unsigned char>(text[i])) : text[i] == kForm[i];
    if (!fits) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::optional<absl::CivilDay> ParseDate(absl::string_view text) {
  if (!HasForm(text)) {
    return absl::nullopt;
  }
  const int year = Number(text.substr(0, 4));
  const int month = Number(text.substr(5, 2));
  const int day = Number(text.substr(8, 2));
  const absl::CivilDay date(year, month, day);
  // CivilDay carries 31 February over into March; such a text names no day.
  if (date.year() != year || date.month() != month || date.day() != day) {
    return absl::nullopt;
  }
  return date;
}

void CheckDateOrder(absl::string_view earlier, absl::string_view later, const Path& later_path, Findings& findings) {
  const absl::optional<absl::CivilDay> first = ParseDate(earlier);
  const absl::optional<absl::CivilDay> last = ParseDate(later);
  if (first.has_value() && last.has_value() && *last < *first) {
    findings.Add({.field = later_path.ToString(),
                  .reason = "DATE_ORDER",
                  .found = std::string(later),
                  .expected = absl::StrCat(earlier, " or later"),
                  .cure = "check both dates",
                  .message_ja = absl::StrCat(earlier, " 以降の日付を記載してください。")});
  }
}

void CheckDate(absl::string_view value, const Path& path, Findings& findings) {
  if (!ParseDate(value).has_value()) {
    findings.Add({.field = path.ToString(),
                  .reason = "DATE_GRAMMAR",
                  .found = Quoted(value),
                  .expected = "a day of the calendar as YYYY-MM-DD",
                  .cure = "write it like 2026-04-01",
                  .message_ja = "日付は 2026-04-01 の形式で記載してください。"});
  }
}

void CheckIdentityDates(const v1::Identity& identity, const Path& path, Findings& findings) {
  CheckDateOrder(identity.produced_on(), identity.placed_on_market_on(), path.Field("placed_on_market_on"), findings);
  CheckDateOrder(identity.valid_from(), identity.valid_until(), path.Field("valid_until"), findings);
}

void CheckPeriod(const v1::DatePeriod& period, const Path& path, Findings& findings) {
  CheckDateOrder(period.start(), period.end(), path.Field("end"), findings);
}

}  // namespace meguri::passport
