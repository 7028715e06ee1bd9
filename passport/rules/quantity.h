// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/decimal.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int64_t kMassKgMax = 1'000'000'000;
inline constexpr int64_t kVoltageMax = 1'000'000;
inline constexpr int64_t kNumberMax = 100'000'000'000;  // of numbers that have no range of their own
inline constexpr int64_t kLengthMmMax = 1'000'000;

// The grammar of decimal.proto.
void CheckDecimal(const v1::Decimal& decimal, const Path& path, Findings& findings);

// Ranges (V6). They say nothing about a text that is no decimal: CheckDecimal does.
void CheckMass(absl::string_view value, const Path& path, Findings& findings);              // 0 … kMassKgMax
void CheckPositiveMass(absl::string_view value, const Path& path, Findings& findings);      // > 0
void CheckFraction(absl::string_view value, const Path& path, Findings& findings);          // 0 … 1
void CheckPositiveFraction(absl::string_view value, const Path& path, Findings& findings);  // > 0, ≤ 1
void CheckExemptedShare(absl::string_view value, const Path& path, Findings& findings);     // 0 … 0.05
void CheckVoltage(absl::string_view value, const Path& path, Findings& findings);           // > 0
void CheckLength(absl::string_view value, const Path& path, Findings& findings);            // > 0, ≤ 1e6 mm
void CheckTemperature(absl::string_view value, const Path& path, Findings& findings);       // -273.15 … 2000 °C
void CheckLatitude(absl::string_view value, const Path& path, Findings& findings);          // -90 … 90
void CheckLongitude(absl::string_view value, const Path& path, Findings& findings);         // -180 … 180
void CheckRating(absl::string_view value, const Path& path, Findings& findings);            // 1 … 5
void CheckScore(absl::string_view value, const Path& path, Findings& findings);             // 0 … 10
void CheckNonNegative(absl::string_view value, const Path& path, Findings& findings);
void CheckPositive(absl::string_view value, const Path& path, Findings& findings);
void CheckNonPositive(absl::string_view value, const Path& path, Findings& findings);
// Any number within kNumberMax.
void CheckAnyNumber(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
