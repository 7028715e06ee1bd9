// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/quantity.h"

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "passport/rules/decimal.h"

namespace meguri::passport {
namespace {

struct Range {
  absl::string_view reason;
  int64_t max = 0;
  bool zero_allowed = false;
  absl::string_view expected;
  absl::string_view cure;
  absl::string_view message_ja;
};

constexpr Range kMass = {"V6_MASS_RANGE",
                         kMassKgMax,
                         true,
                         "kilograms from 0 to 1e9",
                         "check the number and its unit",
                         "質量は0以上1e9以下のキログラム値で記載してください。"};
constexpr Range kPositiveMass = {"V6_MASS_RANGE",
                                 kMassKgMax,
                                 false,
                                 "kilograms above 0, up to 1e9",
                                 "check the number and its unit",
                                 "質量は0より大きく1e9以下のキログラム値で記載してください。"};
constexpr Range kFraction = {"V6_FRACTION_RANGE",
                             1,
                             true,
                             "a fraction from 0 to 1",
                             "divide a percentage by 100",
                             "割合は0から1の値で記載してください（％は100で割る）。"};
constexpr Range kVoltage = {"VOLTAGE_RANGE",
                            kVoltageMax,
                            false,
                            "volts above 0, up to 1e6",
                            "check the number and its unit",
                            "電圧は0より大きいボルト値で記載してください。"};

void CheckRange(const Range& range, absl::string_view value, const Path& path, Findings& findings) {
  const absl::optional<FixedDecimal> number = FixedDecimal::Parse(value);
  if (!number.has_value()) {
    return;
  }
  const FixedDecimal zero;
  const bool too_small = range.zero_allowed ? *number < zero : !(zero < *number);
  if (too_small || FixedDecimal::FromInteger(range.max) < *number) {
    findings.Add({.field = path.ToString(),
                  .reason = std::string(range.reason),
                  .found = std::string(value),
                  .expected = std::string(range.expected),
                  .cure = std::string(range.cure),
                  .message_ja = std::string(range.message_ja)});
  }
}

}  // namespace

void CheckDecimal(const v1::Decimal& decimal, const Path& path, Findings& findings) {
  if (!FixedDecimal::Parse(decimal.value()).has_value()) {
    findings.Add({.field = path.ToString(),
                  .reason = "DECIMAL_GRAMMAR",
                  .found = Quoted(decimal.value()),
                  .expected = absl::StrCat("a plain decimal such as 12.5 with at most ", kDecimalIntegerDigitsMax,
                                           " digits before the point and ", kDecimalFractionDigitsMax, " after it"),
                  .cure = "write no exponent, plus sign, needless zero or separator",
                  .message_ja = "数値は 12.5 のような十進表記で記載してください（指数・桁区切り・余分な0は不可）。"});
  }
}

void CheckMass(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kMass, value, path, findings);
}

void CheckPositiveMass(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kPositiveMass, value, path, findings);
}

void CheckFraction(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kFraction, value, path, findings);
}

void CheckVoltage(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kVoltage, value, path, findings);
}

}  // namespace meguri::passport
