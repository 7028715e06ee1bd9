// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/decimal.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace meguri::passport {
namespace {

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

bool IsIntegerPart(absl::string_view digits) {
  return IsDigits(digits) && digits.size() <= kDecimalIntegerDigitsMax && (digits == "0" || digits[0] != '0');
}

bool IsFractionPart(absl::string_view digits) {
  return IsDigits(digits) && digits.size() <= kDecimalFractionDigitsMax && digits.back() != '0';
}

absl::int128 PowerOfTen(size_t exponent) {
  absl::int128 power = 1;
  for (size_t i = 0; i < exponent; ++i) {
    power *= 10;
  }
  return power;
}

absl::int128 FromDigits(absl::string_view digits) {
  absl::int128 value = 0;
  for (const char digit : digits) {
    value = value * 10 + (digit - '0');
  }
  return value;
}

std::string ToDigits(absl::int128 value) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value > 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

absl::optional<FixedDecimal> FixedDecimal::Parse(absl::string_view text) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  const size_t point = text.find('.');
  const absl::string_view integer = text.substr(0, point);
  const absl::string_view fraction = point == absl::string_view::npos ? "" : text.substr(point + 1);
  if (!IsIntegerPart(integer) || (point != absl::string_view::npos && !IsFractionPart(fraction))) {
    return absl::nullopt;
  }
  const absl::int128 units = FromDigits(integer) * PowerOfTen(kDecimalFractionDigitsMax) +
                             FromDigits(fraction) * PowerOfTen(kDecimalFractionDigitsMax - fraction.size());
  if (negative && units == 0) {
    return absl::nullopt;
  }
  return FixedDecimal(negative ? -units : units);
}

FixedDecimal FixedDecimal::FromInteger(int64_t value) {
  return FixedDecimal(absl::int128(value) * PowerOfTen(kDecimalFractionDigitsMax));
}

std::string FixedDecimalText(absl::int128 units) {
  const bool negative = units < 0;
  std::string digits = ToDigits(negative ? -units : units);
  if (digits.size() <= kDecimalFractionDigitsMax) {
    digits.insert(0, kDecimalFractionDigitsMax + 1 - digits.size(), '0');
  }
  digits.insert(digits.size() - kDecimalFractionDigitsMax, 1, '.');
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') {
    digits.pop_back();
  }
  return absl::StrCat(negative ? "-" : "", digits);
}

}  // namespace meguri::passport
