// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/substance_amount.h"

#include <string>

#include "absl/numeric/int128.h"
#include "absl/types/optional.h"
#include "passport/rules/decimal.h"
#include "passport/terms/number_term.h"

namespace meguri::passport {
namespace {

constexpr int64_t kUnitsPerOne = 1'000'000'000;
const absl::int128 kDecimalUnitsPerOne = absl::int128(kUnitsPerOne) * kUnitsPerOne;

}  // namespace

void AddSubstance(const google::protobuf::RepeatedPtrField<v1::SubstanceIdentifier>& identifiers,
                  absl::string_view fraction, TermSink& terms) {
  for (const v1::SubstanceIdentifier& identifier : identifiers) {
    terms.AddWord("substance", identifier.value());
    const bool is_registered = identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS ||
                               identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_EC;
    if (is_registered && !fraction.empty()) {
      terms.AddNumber(SubstanceFractionField(identifier.value()), fraction);
    }
  }
}

std::string FractionOf(absl::string_view mass_fraction, absl::string_view mass_kg, absl::string_view whole_mass_kg) {
  if (!mass_fraction.empty()) {
    return std::string(mass_fraction);
  }
  const absl::optional<FixedDecimal> mass = FixedDecimal::Parse(mass_kg);
  const absl::optional<FixedDecimal> whole = FixedDecimal::Parse(whole_mass_kg);
  if (!mass.has_value() || !whole.has_value() || whole->units() <= 0 || mass->units() < 0 ||
      mass->units() > absl::int128(kNumberTermMax) * kDecimalUnitsPerOne) {
    return "";
  }
  // At most 1e9 · 1e18 · 1e9 = 1e36, below 2^127.
  const absl::int128 scaled = mass->units() * kUnitsPerOne;
  const absl::int128 fraction = scaled / whole->units() + (scaled % whole->units() == 0 ? 0 : 1);
  return fraction > kUnitsPerOne ? "1" : FixedDecimalText(fraction * kUnitsPerOne);
}

}  // namespace meguri::passport
