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

// The grammar of decimal.proto.
void CheckDecimal(const v1::Decimal& decimal, const Path& path, Findings& findings);

// Ranges (V6). They say nothing about a text that is no decimal: CheckDecimal does.
void CheckMass(absl::string_view value, const Path& path, Findings& findings);          // 0 … kMassKgMax
void CheckPositiveMass(absl::string_view value, const Path& path, Findings& findings);  // > 0
void CheckFraction(absl::string_view value, const Path& path, Findings& findings);      // 0 … 1
void CheckVoltage(absl::string_view value, const Path& path, Findings& findings);       // > 0

}  // namespace meguri::passport
