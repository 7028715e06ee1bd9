// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/substance_amount.h"

#include <string>
#include <utility>

#include "passport/terms/number_term.h"

namespace meguri::passport {
namespace {

// Amounts are found by numbers of public registries; a name may mean several substances.
bool IsRegistered(const v1::SubstanceIdentifier& identifier) {
  return identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS ||
         identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_EC;
}

}  // namespace

SubstanceIdentifiers CasIdentifier(absl::string_view cas_number) {
  v1::SubstanceIdentifier cas;
  cas.set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
  cas.set_value(std::string(cas_number));
  SubstanceIdentifiers identifiers;
  identifiers.Add(std::move(cas));
  return identifiers;
}

void AddSubstance(const SubstanceIdentifiers& identifiers, absl::string_view fraction, TermSink& terms) {
  for (const v1::SubstanceIdentifier& identifier : identifiers) {
    terms.AddWord("substance", identifier.value());
    if (fraction.empty() && IsRegistered(identifier)) {
      terms.AddWord("amount_unknown", identifier.value());
    }
  }
  AddSubstanceFraction(identifiers, fraction, terms);
}

void AddSubstanceFraction(const SubstanceIdentifiers& identifiers, absl::string_view fraction, TermSink& terms) {
  for (const v1::SubstanceIdentifier& identifier : identifiers) {
    if (!fraction.empty() && IsRegistered(identifier)) {
      terms.AddNumber(SubstanceFractionField(identifier.value()), fraction);
    }
  }
}

}  // namespace meguri::passport
