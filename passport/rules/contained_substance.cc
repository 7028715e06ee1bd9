// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/contained_substance.h"

#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "passport/rules/decimal.h"
#include "passport/rules/finding.h"
#include "passport/rules/reference.h"
#include "passport/rules/substance_share.h"

namespace meguri::passport {
namespace {

const Path kSummaryPath("sections.hazard_summary");

template <typename Identified>
std::string CasOf(const Identified& identified) {
  for (const v1::SubstanceIdentifier& identifier : identified.identifiers()) {
    if (identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS) {
      return identifier.value();
    }
  }
  return "";
}

// How the summary calls a substance for which it names exemptions.
struct RestrictedRow {
  absl::string_view cas;
  v1::RestrictedSubstance substance;
};
constexpr RestrictedRow kRestricted[] = {
    {"7439-92-1", v1::RESTRICTED_SUBSTANCE_LEAD},    {"7439-97-6", v1::RESTRICTED_SUBSTANCE_MERCURY},
    {"7440-43-9", v1::RESTRICTED_SUBSTANCE_CADMIUM}, {"18540-29-9", v1::RESTRICTED_SUBSTANCE_HEXAVALENT_CHROMIUM},
    {"1163-19-5", v1::RESTRICTED_SUBSTANCE_PBDE},    {"117-81-7", v1::RESTRICTED_SUBSTANCE_DEHP},
    {"85-68-7", v1::RESTRICTED_SUBSTANCE_BBP},       {"84-74-2", v1::RESTRICTED_SUBSTANCE_DBP},
    {"84-69-5", v1::RESTRICTED_SUBSTANCE_DIBP},
};

// Whether the summary or the declaration names an exemption for the substance.
bool IsExempted(const RecordContent& content, const std::string& cas) {
  const auto in_summary = [&cas](const v1::RestrictedSubstanceState& state) {
    return !state.exemptions().empty() && absl::c_any_of(kRestricted, [&](const RestrictedRow& row) {
      return row.cas == cas && row.substance == state.substance();
    });
  };
  const auto in_declaration = [&cas](const v1::DeclaredSubstance& declared) {
    return !declared.exemptions().empty() && CasOf(declared) == cas;
  };
  return absl::c_any_of(content.hazard_summary->restricted_substances(), in_summary) ||
         (content.substance_declaration != nullptr &&
          absl::c_any_of(content.substance_declaration->substances(), in_declaration));
}

// Compares the substances of a composition with the answers of the summary.
class Comparison {
 public:
  Comparison(const RecordContent& content, absl::CivilDay day, Findings& findings)
      : content_(content), summary_(*content.hazard_summary), day_(day), findings_(findings) {}

  void Take(const SubstanceShare& share) {
    const std::string cas = CasOf(*share.node);
    if (cas.empty()) {
      return;
    }
    const auto is_allowed = [&] { return share.is_exempt || IsExempted(content_, cas); };
    if (summary_.rohs_conformant() == v1::ANSWER_YES &&
        IsAbove(share.of_material, cas, v1::SUBSTANCE_REGIME_ROHS, v1::CONCENTRATION_BASIS_HOMOGENEOUS_MATERIAL) &&
        !is_allowed()) {
      Say("rohs_conformant", share, cas, *share.of_material);
    }
    if (summary_.jmoss_mark() == v1::JMOSS_MARK_GREEN &&
        IsAbove(share.of_material, cas, v1::SUBSTANCE_REGIME_JMOSS, v1::CONCENTRATION_BASIS_HOMOGENEOUS_MATERIAL) &&
        !is_allowed()) {
      Say("jmoss_mark", share, cas, *share.of_material);
    }
    if (summary_.contains_svhc() == v1::ANSWER_NO) {
      TakeSvhc(share, cas);
    } else if (summary_.contains_svhc() == v1::ANSWER_YES && !MayBeNamed(cas) &&
               IsAbove(share.of_article, cas, v1::SUBSTANCE_REGIME_REACH_SVHC, v1::CONCENTRATION_BASIS_ARTICLE)) {
      Say("svhc", share, cas, *share.of_article);
    }
  }

 private:
  // Whether the summary names the substance, or one without a CAS number, which may be it. That it names any at all is
  // asked of it elsewhere.
  bool MayBeNamed(const std::string& cas) const {
    return summary_.svhc().empty() || absl::c_any_of(summary_.svhc(), [&cas](const v1::SvhcEntry& entry) {
             const std::string named = CasOf(entry);
             return named.empty() || named == cas;
           });
  }

  void TakeSvhc(const SubstanceShare& share, const std::string& cas) {
    const auto is_above = [&](const Amount& amount) {
      return IsAbove(amount, cas, v1::SUBSTANCE_REGIME_REACH_SVHC, v1::CONCENTRATION_BASIS_ARTICLE);
    };
    if (is_above(share.of_article)) {
      Say("contains_svhc", share, cas, *share.of_article);
    } else if (!share.of_article.has_value() && is_above(share.of_material)) {
      Report(findings_, kSummaryPath.At("contains_svhc"), "V15_CONTRADICTION_POSSIBLE",
             Found(share, cas, *share.of_material, " of a material"),
             {"its share of the article", "say the masses of material and part, or answer yes",
              absl::StrCat("高懸念物質 ", cas, " の成形品に対する濃度が分かりません。質量を記載してください。")},
             Severity::kWarning);
    }
  }

  bool IsAbove(const Amount& amount, const std::string& cas, v1::SubstanceRegime regime,
               v1::ConcentrationBasis basis) const {
    if (!amount.has_value() || !IsListedOn(day_, regime, cas)) {
      return false;
    }
    const auto threshold = SubstanceThresholdOn(day_, regime, basis, cas, /*application=*/"");
    return threshold.has_value() && *amount > threshold->units;
  }

  static std::string Found(const SubstanceShare& share, const std::string& cas, absl::int128 amount,
                           absl::string_view of = "") {
    return absl::StrCat(cas, " at ", FixedDecimalText(amount), of, " in ", share.path->ToString());
  }

  void Say(absl::string_view field, const SubstanceShare& share, const std::string& cas, absl::int128 amount) {
    Report(findings_, kSummaryPath.At(field), "V15_CONTRADICTION", Found(share, cas, amount),
           {"an answer that the composition section bears out",
            "correct the answer or the composition, or name the exemption",
            absl::StrCat("構成に ", cas, "（", FixedDecimalText(amount), "）があり、この回答と矛盾します。")});
  }

  const RecordContent& content_;
  const v1::HazardSummary& summary_;
  const absl::CivilDay day_;
  Findings& findings_;
};

}  // namespace

void CheckContainedSubstances(const record::Header& header, const RecordContent& content, Findings& findings) {
  if (content.hazard_summary == nullptr || content.composition == nullptr) {
    return;
  }
  const absl::CivilDay day = absl::ToCivilDay(
      absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms())), absl::UTCTimeZone());
  const Amount whole = content.identity == nullptr
                           ? absl::nullopt
                           : MassOf(content.identity->has_mass_kg(), content.identity->mass_kg());
  Comparison comparison(content, day, findings);
  ForEachSubstance(*content.composition, whole, Path("sections.composition"),
                   [&comparison](const SubstanceShare& share) { comparison.Take(share); });
}

}  // namespace meguri::passport
