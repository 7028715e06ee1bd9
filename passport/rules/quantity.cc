// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/quantity.h"

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "passport/rules/decimal.h"

namespace meguri::passport {
namespace {

// In thousandths.
constexpr int64_t kMilli = 1'000;
constexpr int64_t kNumberMaxMilli = kNumberMax * kMilli;

struct Range {
  absl::string_view reason;
  int64_t min_milli = 0;
  bool min_allowed = true;
  int64_t max_milli = 0;
  absl::string_view expected;
  absl::string_view cure;
  absl::string_view message_ja;
};

constexpr absl::string_view kCheckUnit = "check the number and its unit";

constexpr Range kMass = {"V6_MASS_RANGE",
                         0,
                         true,
                         kMassKgMax* kMilli,
                         "kilograms from 0 to 1e9",
                         kCheckUnit,
                         "質量は0以上1e9以下のキログラム値で記載してください。"};
constexpr Range kPositiveMass = {"V6_MASS_RANGE",
                                 0,
                                 false,
                                 kMassKgMax* kMilli,
                                 "kilograms above 0, up to 1e9",
                                 kCheckUnit,
                                 "質量は0より大きく1e9以下のキログラム値で記載してください。"};
constexpr Range kFraction = {"V6_FRACTION_RANGE",
                             0,
                             true,
                             kMilli,
                             "a fraction from 0 to 1",
                             "divide a percentage by 100",
                             "割合は0から1の値で記載してください（％は100で割る）。"};
constexpr Range kPositiveFraction = {"V6_FRACTION_RANGE",
                                     0,
                                     false,
                                     kMilli,
                                     "a fraction above 0, up to 1",
                                     "divide a percentage by 100",
                                     "割合は0より大きく1以下の値で記載してください（％は100で割る）。"};
constexpr Range kExemptedShare = {"V14_EXEMPTED_SHARE",
                                  0,
                                  true,
                                  50,
                                  "a share from 0 to 0.05",
                                  "count the emissions that were cut off, or divide a percentage by 100",
                                  "カットオフ割合は0.05（5％）以下でなければなりません。"};
constexpr Range kVoltage = {"VOLTAGE_RANGE",
                            0,
                            false,
                            kVoltageMax* kMilli,
                            "volts above 0, up to 1e6",
                            kCheckUnit,
                            "電圧は0より大きいボルト値で記載してください。"};
constexpr Range kLength = {"LENGTH_RANGE",
                           0,
                           false,
                           kLengthMmMax* kMilli,
                           "millimetres above 0, up to 1e6",
                           kCheckUnit,
                           "寸法は0より大きいミリメートル値で記載してください。"};
constexpr Range kTemperature = {"TEMPERATURE_RANGE",
                                -273'150,
                                true,
                                2'000 * kMilli,
                                "degrees Celsius from -273.15 to 2000",
                                kCheckUnit,
                                "温度は摂氏で記載してください。"};
constexpr Range kLatitude = {"COORDINATE_RANGE",
                             -90 * kMilli,
                             true,
                             90 * kMilli,
                             "degrees from -90 to 90",
                             "write decimal degrees, south negative",
                             "緯度は-90から90の度数で記載してください。"};
constexpr Range kLongitude = {"COORDINATE_RANGE",
                              -180 * kMilli,
                              true,
                              180 * kMilli,
                              "degrees from -180 to 180",
                              "write decimal degrees, west negative",
                              "経度は-180から180の度数で記載してください。"};
constexpr Range kRating = {"RATING_RANGE",
                           kMilli,
                           true,
                           5 * kMilli,
                           "a rating from 1 to 5",
                           "1 is best, 5 is worst",
                           "評価は1から5の値で記載してください。"};
constexpr Range kScore = {"SCORE_RANGE",
                          0,
                          true,
                          10 * kMilli,
                          "a score from 0 to 10",
                          "convert it to this scale",
                          "スコアは0から10の値で記載してください。"};
constexpr Range kNonNegative = {
    "NUMBER_RANGE", 0, true, kNumberMaxMilli, "0 or more", kCheckUnit, "0以上の値を記載してください。"};
constexpr Range kPositive = {
    "NUMBER_RANGE", 0, false, kNumberMaxMilli, "more than 0", kCheckUnit, "0より大きい値を記載してください。"};
constexpr Range kNonPositive = {"NUMBER_RANGE",
                                -kNumberMaxMilli,
                                true,
                                0,
                                "0 or less",
                                "uptake counts as a negative number",
                                "0以下の値を記載してください。"};

constexpr Range kAnyNumber = {"NUMBER_RANGE",
                              -kNumberMaxMilli,
                              true,
                              kNumberMaxMilli,
                              "a number within 1e11",
                              kCheckUnit,
                              "絶対値が1e11以下の値を記載してください。"};

absl::int128 FromMilli(int64_t milli) { return FixedDecimal::FromInteger(milli).units() / kMilli; }

void CheckRange(const Range& range, absl::string_view value, const Path& path, Findings& findings) {
  const absl::optional<FixedDecimal> number = FixedDecimal::Parse(value);
  if (!number.has_value()) {
    return;
  }
  const absl::int128 min = FromMilli(range.min_milli);
  const bool too_small = range.min_allowed ? number->units() < min : number->units() <= min;
  if (too_small || number->units() > FromMilli(range.max_milli)) {
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

void CheckPositiveFraction(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kPositiveFraction, value, path, findings);
}

void CheckExemptedShare(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kExemptedShare, value, path, findings);
}

void CheckVoltage(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kVoltage, value, path, findings);
}

void CheckLength(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kLength, value, path, findings);
}

void CheckTemperature(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kTemperature, value, path, findings);
}

void CheckLatitude(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kLatitude, value, path, findings);
}

void CheckLongitude(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kLongitude, value, path, findings);
}

void CheckRating(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kRating, value, path, findings);
}

void CheckScore(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kScore, value, path, findings);
}

void CheckNonNegative(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kNonNegative, value, path, findings);
}

void CheckPositive(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kPositive, value, path, findings);
}

void CheckNonPositive(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kNonPositive, value, path, findings);
}

void CheckAnyNumber(absl::string_view value, const Path& path, Findings& findings) {
  CheckRange(kAnyNumber, value, path, findings);
}

}  // namespace meguri::passport
