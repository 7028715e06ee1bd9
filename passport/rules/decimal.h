// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace meguri::passport {

inline constexpr size_t kDecimalIntegerDigitsMax = 16;
inline constexpr size_t kDecimalFractionDigitsMax = 18;

// An exact decimal number of decimal.proto, |x| < 1e16, in units of 1e-18.
class FixedDecimal {
 public:
  FixedDecimal() = default;
  // Nullopt unless `text` obeys the grammar of decimal.proto.
  static absl::optional<FixedDecimal> Parse(absl::string_view text);
  static FixedDecimal FromInteger(int64_t value);

  // In units of 1e-18. Sums of up to 10,000 numbers below 1e16 do not overflow.
  absl::int128 units() const { return units_; }

  friend bool operator==(const FixedDecimal& a, const FixedDecimal& b) { return a.units_ == b.units_; }
  friend bool operator<(const FixedDecimal& a, const FixedDecimal& b) { return a.units_ < b.units_; }

 private:
  explicit FixedDecimal(absl::int128 units) : units_(units) {}
  absl::int128 units_ = 0;
};

// The canonical text of a number of `units`.
std::string FixedDecimalText(absl::int128 units);

}  // namespace meguri::passport
