// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/number_term.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"

namespace meguri::passport {
namespace {

constexpr int64_t kUnitsOfDecimalPerUnit = 1'000'000'000;  // 1e-18 and 1e-9
constexpr int64_t kUnitsPerOne = 1'000'000'000;

}  // namespace

absl::optional<IndexNumber> ToIndexNumber(const FixedDecimal& decimal) {
  const absl::int128 units = decimal.units() / kUnitsOfDecimalPerUnit;
  if (decimal.units() < 0 || decimal.units() > absl::int128(kNumberTermMax) * kUnitsPerOne * kUnitsOfDecimalPerUnit) {
    return absl::nullopt;
  }
  return IndexNumber{static_cast<uint64_t>(units), units * kUnitsOfDecimalPerUnit == decimal.units()};
}

std::string EncodeIndexNumber(uint64_t units) {
  std::string bytes;
  AppendU64(units, bytes);
  return bytes;
}

std::string NumberTermValue(absl::string_view decimal) {
  const absl::optional<FixedDecimal> parsed = FixedDecimal::Parse(decimal);
  const absl::optional<IndexNumber> number = parsed.has_value() ? ToIndexNumber(*parsed) : absl::nullopt;
  return number.has_value() ? EncodeIndexNumber(number->units) : "";
}

std::string SubstanceFractionField(absl::string_view substance) {
  return absl::StrCat("substance_fraction/", absl::AsciiStrToLower(absl::StripAsciiWhitespace(substance)));
}

}  // namespace meguri::passport
