// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/decimal.pb.h"
#include "passport/rules/decimal.h"
#include "passport/rules/quantity.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// What rules say about a problem beside where it is and what was found.
struct Remedy {
  std::string expected;
  std::string cure;
  std::string message_ja;
};

inline void Report(Findings& findings, std::string field, absl::string_view reason, std::string found, Remedy remedy,
                   Severity severity = Severity::kError) {
  findings.Add({.field = std::move(field),
                .reason = std::string(reason),
                .found = std::move(found),
                .expected = std::move(remedy.expected),
                .cure = std::move(remedy.cure),
                .message_ja = std::move(remedy.message_ja),
                .severity = severity});
}

// The number in units of 1e-18; nullopt if it is not said, is none, or is beyond kNumberMax, which a range rule then
// says. Sums of as many as a payload can hold, times a thousand, do not overflow.
inline absl::optional<absl::int128> UnitsOf(bool present, const v1::Decimal& decimal) {
  const absl::optional<FixedDecimal> number = present ? FixedDecimal::Parse(decimal.value()) : absl::nullopt;
  const absl::int128 max = FixedDecimal::FromInteger(kNumberMax).units();
  return number.has_value() && number->units() <= max && number->units() >= -max ? absl::make_optional(number->units())
                                                                                 : absl::nullopt;
}

}  // namespace meguri::passport
