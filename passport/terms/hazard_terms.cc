// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/string_view.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "passport/terms/enum_word.h"
#include "passport/terms/section_terms.h"
#include "passport/terms/substance_amount.h"

namespace meguri::passport {
namespace {

constexpr char kHazard[] = "hazard";

void AddIfYes(v1::Answer answer, absl::string_view flag, TermSink& terms) {
  if (answer == v1::ANSWER_YES) {
    terms.AddWord(kHazard, flag);
  }
}

}  // namespace

void AddHazardSummaryTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& hazards = static_cast<const v1::HazardSummary&>(payload);
  AddIfYes(hazards.contains_svhc(), "svhc", terms);
  AddIfYes(hazards.contains_lithium_ion_battery(), "lithium_ion_battery", terms);
  AddIfYes(hazards.contains_fluorocarbons(), "fluorocarbons", terms);
  AddIfYes(hazards.contains_asbestos(), "asbestos", terms);
  if (hazards.rohs_conformant() == v1::ANSWER_NO) {
    terms.AddWord(kHazard, "not_rohs_conformant");
  }
  if (hazards.jmoss_mark() == v1::JMOSS_MARK_ORANGE) {
    terms.AddWord(kHazard, "jmoss_orange");
  }
  for (const v1::RestrictedSubstanceState& state : hazards.restricted_substances()) {
    if (state.above_threshold() == v1::ANSWER_YES) {
      terms.AddWord(kHazard, EnumWord(state.substance(), "RESTRICTED_SUBSTANCE_"));
    }
  }
  for (const v1::HazardClass& hazard : hazards.hazard_classes()) {
    terms.AddWord(kHazard, hazard.hazard_class());
    terms.AddWord(kHazard, hazard.hazard_statement());
  }
  for (const v1::SvhcEntry& entry : hazards.svhc()) {
    terms.AddWord("substance", entry.name().ja());
    terms.AddWord("substance", entry.name().en());
    AddSubstance(entry.identifiers(), entry.concentration_max().value(), terms);
    if (!entry.has_concentration_max()) {
      AddSubstanceFraction(entry.identifiers(), entry.concentration_min().value(), terms);  // at least
    }
  }
}

void AddSubstanceDeclarationTerms(const google::protobuf::Message& payload, TermSink& terms) {
  for (const v1::DeclaredSubstance& substance : static_cast<const v1::SubstanceDeclaration&>(payload).substances()) {
    if (terms.full()) {
      return;
    }
    const std::string& most = substance.concentration_max().value();
    terms.AddWord("substance", substance.name().ja());
    terms.AddWord("substance", substance.name().en());
    AddSubstance(substance.identifiers(), most.empty() ? substance.concentration().value() : most, terms);
    if (substance.above_threshold() == v1::ANSWER_YES) {
      terms.AddWord("above_threshold", EnumWord(substance.regime(), "SUBSTANCE_REGIME_"));
    }
  }
}

}  // namespace meguri::passport
