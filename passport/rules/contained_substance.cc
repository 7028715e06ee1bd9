// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/contained_substance.h"

#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
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
    {"59536-65-1", v1::RESTRICTED_SUBSTANCE_PBB},    {"1163-19-5", v1::RESTRICTED_SUBSTANCE_PBDE},
    {"117-81-7", v1::RESTRICTED_SUBSTANCE_DEHP},     {"85-68-7", v1::RESTRICTED_SUBSTANCE_BBP},
    {"84-74-2", v1::RESTRICTED_SUBSTANCE_DBP},       {"84-69-5", v1::RESTRICTED_SUBSTANCE_DIBP},
};

// Whether the summary names an exemption for what a list restricts in the substance, or the declaration for that or for
// the substance.
bool IsExempted(const RecordContent& content, const std::string& cas, const std::string& restricted_cas) {
  const auto in_summary = [&restricted_cas](const v1::RestrictedSubstanceState& state) {
    return !state.exemptions().empty() && absl::c_any_of(kRestricted, [&](const RestrictedRow& row) {
      return row.cas == restricted_cas && row.substance == state.substance();
    });
  };
  const auto in_declaration = [&](const v1::DeclaredSubstance& declared) {
    const std::string declared_cas = CasOf(declared);
    return !declared.exemptions().empty() && (declared_cas == cas || declared_cas == restricted_cas);
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
    for (const RestrictedPart& part : RestrictedPartsOf(cas)) {
      TakeRestricted(share, cas, part);
    }
    if (summary_.contains_svhc() == v1::ANSWER_NO) {
      TakeSvhc(share, cas);
    } else if (summary_.contains_svhc() == v1::ANSWER_YES && !MayBeNamed(cas) &&
               IsAbove(share.of_article, cas, v1::SUBSTANCE_REGIME_REACH_SVHC, v1::CONCENTRATION_BASIS_ARTICLE)) {
      Say("svhc", share, {cas, cas}, *share.of_article);
    }
  }

 private:
  struct Name {
    std::string en;
    std::string ja;
  };

  // How much of what a list restricts is in one material.
  struct Contained {
    absl::int128 sum = 0;
    bool is_said = false;
  };

  void TakeRestricted(const SubstanceShare& share, const std::string& cas, const RestrictedPart& part) {
    if (!share.of_material.has_value() || share.is_exempt || IsExempted(content_, cas, part.cas_number)) {
      return;
    }
    const absl::int128 amount = Share(*share.of_material, part.fraction);
    Contained& contained = contained_[{share.material, part.cas_number}];
    // What a group holds is not counted beside the group.
    const bool is_new = !counted_.contains({share.group, part.cas_number});
    counted_.insert({share.node, part.cas_number});
    contained.sum += is_new ? amount : 0;
    const bool is_alone = IsAboveAny(amount, part.cas_number);
    if (is_alone || (!contained.is_said && IsAboveAny(contained.sum, part.cas_number))) {
      contained.is_said = true;
      SayRestricted(share, cas, part.cas_number, is_alone ? amount : contained.sum, is_alone);
    }
  }

  // Whether a material that holds so much contradicts the summary.
  bool IsAboveAny(absl::int128 amount, const std::string& cas) const {
    return DeniesRohs(amount, cas) || DeniesJmoss(amount, cas) || DeniesSubstance(amount, cas);
  }
  bool DeniesSubstance(absl::int128 amount, const std::string& cas) const {
    return DenialOf(cas) >= 0 &&
           IsAbove(amount, cas, v1::SUBSTANCE_REGIME_ROHS, v1::CONCENTRATION_BASIS_HOMOGENEOUS_MATERIAL);
  }
  // Where the summary says of a restricted substance that it is not above its threshold, and in no other unit that it
  // is; -1 if it does not.
  int DenialOf(const std::string& cas) const {
    int denial = -1;
    for (int i = 0; i < summary_.restricted_substances_size(); ++i) {
      const v1::RestrictedSubstanceState& state = summary_.restricted_substances(i);
      const bool is_it = absl::c_any_of(
          kRestricted, [&](const RestrictedRow& row) { return row.cas == cas && row.substance == state.substance(); });
      if (is_it && state.above_threshold() == v1::ANSWER_YES) {
        return -1;
      }
      denial = is_it && denial < 0 && state.above_threshold() == v1::ANSWER_NO ? i : denial;
    }
    return denial;
  }
  bool DeniesRohs(absl::int128 amount, const std::string& cas) const {
    return summary_.rohs_conformant() == v1::ANSWER_YES &&
           IsAbove(amount, cas, v1::SUBSTANCE_REGIME_ROHS, v1::CONCENTRATION_BASIS_HOMOGENEOUS_MATERIAL);
  }
  bool DeniesJmoss(absl::int128 amount, const std::string& cas) const {
    return summary_.jmoss_mark() == v1::JMOSS_MARK_GREEN &&
           IsAbove(amount, cas, v1::SUBSTANCE_REGIME_JMOSS, v1::CONCENTRATION_BASIS_HOMOGENEOUS_MATERIAL);
  }

  void SayRestricted(const SubstanceShare& share, const std::string& cas, const std::string& restricted_cas,
                     absl::int128 amount, bool is_alone) {
    Name name = {cas, cas};
    if (!is_alone) {
      name.en += " and the others in its material";
      name.ja += " と同じ材料の他の物質の合計";
    }
    if (cas != restricted_cas) {
      name.en += absl::StrCat(", counted as ", restricted_cas, ",");
      name.ja += absl::StrCat("（", restricted_cas, " として計算）");
    }
    if (DeniesSubstance(amount, restricted_cas)) {
      Say(absl::StrCat("restricted_substances[", DenialOf(restricted_cas), "].above_threshold"), share, name, amount);
    }
    if (DeniesRohs(amount, restricted_cas)) {
      Say("rohs_conformant", share, name, amount);
    }
    if (DeniesJmoss(amount, restricted_cas)) {
      Say("jmoss_mark", share, name, amount);
    }
  }

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
      Say("contains_svhc", share, {cas, cas}, *share.of_article);
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

  static std::string Found(const SubstanceShare& share, absl::string_view name, absl::int128 amount,
                           absl::string_view of = "") {
    return absl::StrCat(name, " at ", FixedDecimalText(amount), of, " in ", share.path->ToString());
  }

  void Say(absl::string_view field, const SubstanceShare& share, const Name& name, absl::int128 amount) {
    Report(findings_, kSummaryPath.At(field), "V15_CONTRADICTION", Found(share, name.en, amount),
           {"an answer that the composition section bears out",
            "correct the answer or the composition, or name the exemption",
            absl::StrCat("構成に ", name.ja, "（", FixedDecimalText(amount), "）があり、この回答と矛盾します。")});
  }

  const RecordContent& content_;
  const v1::HazardSummary& summary_;
  const absl::CivilDay day_;
  Findings& findings_;
  using Restricted = std::pair<const v1::CompositionNode*, std::string>;  // material or substance, what is restricted
  absl::flat_hash_map<Restricted, Contained> contained_;
  absl::flat_hash_set<Restricted> counted_;
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
