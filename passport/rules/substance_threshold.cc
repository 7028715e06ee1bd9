// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/substance_threshold.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/finding.h"
#include "passport/rules/reference.h"
#include "passport/rules/text.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

// What a substance is compared by: its concentration, or the highest of its range.
absl::optional<absl::int128> JudgedConcentration(const v1::DeclaredSubstance& substance) {
  const auto exact = UnitsOf(substance.has_concentration(), substance.concentration());
  return exact.has_value() ? exact : UnitsOf(substance.has_concentration_max(), substance.concentration_max());
}

std::string CasOf(const v1::DeclaredSubstance& substance) {
  for (const v1::SubstanceIdentifier& identifier : substance.identifiers()) {
    if (identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS) {
      return identifier.value();
    }
  }
  return "";
}

void CheckConcentration(const v1::DeclaredSubstance& substance, const Path& path, Findings& findings) {
  if (!JudgedConcentration(substance).has_value()) {
    Report(findings, path.At("concentration"), "V15_CONCENTRATION", "no concentration",
           {"a concentration, or the range in which it lies", "fill in concentration or concentration_max",
            "濃度または濃度範囲の上限が必要です。"});
  }
  const auto low = UnitsOf(substance.has_concentration_min(), substance.concentration_min());
  const auto high = UnitsOf(substance.has_concentration_max(), substance.concentration_max());
  if (low.has_value() && high.has_value() && *high < *low) {
    Report(findings, path.At("concentration_max"), "V15_RANGE", substance.concentration_max().value(),
           {absl::StrCat(substance.concentration_min().value(), " or more"), "check both ends of the range",
            "濃度範囲の上限が下限より小さくなっています。"});
  }
}

// Of a compound these regimes restrict the element in it.
bool CountsElements(v1::SubstanceRegime regime) {
  return regime == v1::SUBSTANCE_REGIME_ROHS || regime == v1::SUBSTANCE_REGIME_JMOSS ||
         regime == v1::SUBSTANCE_REGIME_EU_BATTERY || regime == v1::SUBSTANCE_REGIME_ELV;
}

std::vector<RestrictedPart> JudgedParts(const v1::DeclaredSubstance& substance) {
  const std::string cas = CasOf(substance);
  return CountsElements(substance.regime()) ? RestrictedPartsOf(cas)
                                            : std::vector<RestrictedPart>{{cas, FixedDecimal::FromInteger(1).units()}};
}

bool IsAboveWithoutExemption(const v1::DeclaredSubstance& substance, absl::string_view declared_on) {
  if (substance.in_scope() == v1::ANSWER_NO || IsAboveThreshold(substance) != v1::ANSWER_YES) {
    return false;
  }
  const auto& exemptions = substance.exemptions();
  // An exemption without an end holds; days compare as their texts do.
  return std::none_of(exemptions.begin(), exemptions.end(), [declared_on](const v1::DeclaredExemption& exemption) {
    return exemption.valid_until().empty() || exemption.valid_until() >= declared_on;
  });
}

void CheckThreshold(const v1::DeclaredSubstance& substance, absl::CivilDay day, const Path& path, Findings& findings) {
  const auto declared = UnitsOf(substance.has_threshold(), substance.threshold());
  absl::optional<ReferenceValue> law;
  for (const RestrictedPart& part : JudgedParts(substance)) {
    const auto of_part =
        SubstanceThresholdOn(day, substance.regime(), substance.basis(), part.cas_number, substance.application());
    law = of_part.has_value() ? of_part : law;
    if (declared.has_value() && of_part.has_value() && *declared == of_part->units) {
      return;
    }
  }
  if (declared.has_value() && law.has_value()) {
    Report(findings, path.At("threshold"), "V15_THRESHOLD", substance.threshold().value(),
           {absl::StrCat(FixedDecimalText(law->units), " (", law->source, ")"), "correct the threshold or its basis",
            absl::StrCat("しきい値は ", FixedDecimalText(law->units), " です（", law->source, "）。")});
  }
}

absl::string_view Word(v1::Answer answer) { return answer == v1::ANSWER_YES ? "above" : "not above"; }

void CheckAbove(const v1::DeclaredSubstance& substance, const Path& path, Findings& findings) {
  const v1::Answer above = IsAboveThreshold(substance);
  if (above == v1::ANSWER_UNSPECIFIED) {
    return;
  }
  if (substance.above_threshold() != v1::ANSWER_UNSPECIFIED && substance.above_threshold() != above) {
    Report(findings, path.At("above_threshold"), "V15_ABOVE_THRESHOLD", std::string(Word(substance.above_threshold())),
           {absl::StrCat(Word(above), " the threshold of ", substance.threshold().value()),
            "correct the answer or the concentration",
            "しきい値超過の有無が濃度としきい値から計算した結果と一致しません。"});
  }
  if (substance.recomputed_above_threshold() != v1::ANSWER_UNSPECIFIED &&
      substance.recomputed_above_threshold() != above) {
    Report(findings, path.At("recomputed_above_threshold"), "DERIVED_VALUE",
           std::string(Word(substance.recomputed_above_threshold())),
           {std::string(Word(above)), "leave it out: the program fills it in", "この項目は自動で記入されます。"});
  }
  if (above == v1::ANSWER_YES && !substance.has_location()) {
    Report(findings, path.At("location"), "V15_LOCATION", "no location",
           {"component and material of what is above its threshold", "say where it is",
            "しきい値を超える物質は含有部位の記載が必要です。"});
  }
  if (above == v1::ANSWER_YES && substance.regime() == v1::SUBSTANCE_REGIME_REACH_SVHC &&
      substance.safe_use().ja().empty()) {
    Report(findings, path.At("safe_use"), "V15_SAFE_USE", "no safe use in Japanese",
           {"how to use the article safely", "fill in safe_use.ja",
            "0.1％を超える高懸念物質には安全な使用方法（日本語）の記載が必要です。"});
  }
}

void CheckList(v1::Answer answer, bool empty, const Path& path, absl::string_view list, Findings& findings) {
  if ((answer == v1::ANSWER_YES && empty) || (answer == v1::ANSWER_NO && !empty)) {
    Report(findings, path.At(list), "V15_LIST", empty ? "an empty list after yes" : "a list after no",
           {"an answer and a list that agree", "correct one of them", "有無の回答と一覧の内容が一致しません。"});
  }
}

}  // namespace

v1::Answer IsAboveThreshold(const v1::DeclaredSubstance& substance) {
  const auto concentration = JudgedConcentration(substance);
  const auto threshold = UnitsOf(substance.has_threshold(), substance.threshold());
  if (!concentration.has_value() || !threshold.has_value()) {
    return v1::ANSWER_UNSPECIFIED;
  }
  const auto parts = JudgedParts(substance);
  const bool is_above = std::any_of(parts.begin(), parts.end(), [&](const RestrictedPart& part) {
    return Share(*concentration, part.fraction) > *threshold;
  });
  return is_above ? v1::ANSWER_YES : v1::ANSWER_NO;
}

bool IsNonconformant(const v1::DeclaredSubstance& substance, absl::string_view declared_on) {
  const bool restricts = substance.regime() == v1::SUBSTANCE_REGIME_ROHS ||
                         substance.regime() == v1::SUBSTANCE_REGIME_EU_BATTERY ||
                         substance.regime() == v1::SUBSTANCE_REGIME_ELV;
  return restricts && IsAboveWithoutExemption(substance, declared_on);
}

void CheckSubstances(const v1::SubstanceDeclaration& declaration, const Path& path, Findings& findings) {
  const auto day = ParseDate(declaration.declared_on());
  for (int i = 0; i < declaration.substances_size() && !findings.full(); ++i) {
    const v1::DeclaredSubstance& substance = declaration.substances(i);
    const Path substance_path = path.Element("substances", i);
    CheckConcentration(substance, substance_path, findings);
    if (day.has_value()) {
      CheckThreshold(substance, *day, substance_path, findings);
    }
    CheckAbove(substance, substance_path, findings);
    if (IsNonconformant(substance, declaration.declared_on())) {
      Report(findings, substance_path.At("concentration"), "V15_NONCONFORMANT",
             "above the threshold, in scope, and no exemption holds",
             {"at most the threshold, or an exemption", "check the material, or name the exemption",
              "しきい値を超えており、有効な適用除外がありません。"},
             Severity::kWarning);
    }
  }
}

void CheckHazardSummary(const v1::HazardSummary& summary, const Path& path, Findings& findings) {
  CheckList(summary.contains_svhc(), summary.svhc().empty(), path, "svhc", findings);
  for (int i = 0; i < summary.restricted_substances_size(); ++i) {
    const v1::RestrictedSubstanceState& state = summary.restricted_substances(i);
    const bool above = state.above_threshold() == v1::ANSWER_YES;
    const Path state_path = path.Element("restricted_substances", i);
    if (above && !state.has_location()) {
      Report(findings, state_path.At("location"), "V15_LOCATION", "no location",
             {"the unit in which it is", "name it", "しきい値を超える物質は含有部位の記載が必要です。"});
    }
    if (above && state.exemptions().empty() &&
        (summary.rohs_conformant() == v1::ANSWER_YES || summary.jmoss_mark() == v1::JMOSS_MARK_GREEN)) {
      Report(findings, state_path.At("above_threshold"), "V15_CONTRADICTION",
             "above without exemption, yet declared conformant",
             {"an exemption, or no claim to conform", "correct one of them",
              "適用除外なしの超過と適合の宣言が矛盾しています。"});
    }
  }
  for (int i = 0; i < summary.svhc_size(); ++i) {
    const auto low = UnitsOf(summary.svhc(i).has_concentration_min(), summary.svhc(i).concentration_min());
    const auto high = UnitsOf(summary.svhc(i).has_concentration_max(), summary.svhc(i).concentration_max());
    if (low.has_value() && high.has_value() && *high < *low) {
      Report(findings, path.Element("svhc", i).At("concentration_max"), "V15_RANGE",
             summary.svhc(i).concentration_max().value(),
             {"not below concentration_min", "check both ends of the range",
              "濃度範囲の上限が下限より小さくなっています。"});
    }
  }
}

void CheckHazardAgreement(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.hazard_summary == nullptr || content.substance_declaration == nullptr) {
    return;
  }
  const v1::SubstanceDeclaration& declaration = *content.substance_declaration;
  const Path path("sections.hazard_summary");
  for (const v1::DeclaredSubstance& substance : declaration.substances()) {
    if (substance.regime() == v1::SUBSTANCE_REGIME_ROHS && IsNonconformant(substance, declaration.declared_on()) &&
        content.hazard_summary->rohs_conformant() == v1::ANSWER_YES) {
      Report(findings, path.At("rohs_conformant"), "V15_CONTRADICTION", "yes",
             {"no, as the substance declaration has a substance above its threshold without exemption",
              "correct one of the sections", "含有物質の宣言と RoHS 適合の宣言が矛盾しています。"});
      return;
    }
    if (substance.regime() == v1::SUBSTANCE_REGIME_JMOSS &&
        IsAboveWithoutExemption(substance, declaration.declared_on()) &&
        content.hazard_summary->jmoss_mark() == v1::JMOSS_MARK_GREEN) {
      Report(findings, path.At("jmoss_mark"), "V15_CONTRADICTION", "green",
             {"orange, as the substance declaration has a substance above its threshold without exemption",
              "correct one of the sections", "含有物質の宣言とグリーンマークが矛盾しています。"});
      return;
    }
    if (substance.regime() == v1::SUBSTANCE_REGIME_REACH_SVHC && IsAboveThreshold(substance) == v1::ANSWER_YES &&
        content.hazard_summary->contains_svhc() == v1::ANSWER_NO) {
      Report(findings, path.At("contains_svhc"), "V15_CONTRADICTION", "no",
             {"yes, as the substance declaration has one above its threshold", "correct one of the sections",
              "含有物質の宣言と高懸念物質の有無が矛盾しています。"});
      return;
    }
  }
}

}  // namespace meguri::passport
