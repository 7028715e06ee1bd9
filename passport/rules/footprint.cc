// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/footprint.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/derived_value.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

absl::int128 Size(absl::int128 number) { return number < 0 ? -number : number; }

void CheckStages(const v1::CarbonFootprint& footprint, absl::int128 total, const Path& path, Findings& findings) {
  if (footprint.stages().empty()) {
    return;
  }
  std::set<int> seen;
  for (int i = 0; i < footprint.stages_size(); ++i) {
    if (!seen.insert(footprint.stages(i).stage()).second) {
      Report(findings, path.Element("stages", i).At("stage"), "V14_STAGE_TWICE", "a stage that was there before",
             {"each stage once", "add its figures up", "同じライフサイクル段階が重複しています。"});
    }
  }
  const absl::int128 sum = StageSum(footprint);
  if (Size(sum - total) * 1000 > Size(total) * kFootprintTolerancePerMille) {
    Report(
        findings, path.At("kg_co2e"), "V14_STAGE_SUM", footprint.kg_co2e().value(),
        {absl::StrCat(FixedDecimalText(sum), ", the sum of the stages, within 1 %"), "correct the total or the stages",
         absl::StrCat("段階別の合計 ", FixedDecimalText(sum), " kgCO2e と一致しません（許容差1％）。")});
  }
}

void CheckSign(const v1::CarbonFootprint& footprint, absl::int128 total, const Path& path, Findings& findings) {
  const auto uptake = UnitsOf(footprint.has_biogenic_uptake_kg_co2e(), footprint.biogenic_uptake_kg_co2e()).value_or(0);
  if (total < 0 && uptake >= 0) {
    Report(findings, path.At("kg_co2e"), "V14_NEGATIVE", footprint.kg_co2e().value(),
           {"0 or more unless biogenic carbon is taken up", "give biogenic_uptake_kg_co2e, or correct the figure",
            "負の値は生物起源炭素の吸収がある場合のみ認められます。"});
  }
}

void CheckPeriods(const v1::CarbonFootprint& footprint, const Path& path, Findings& findings) {
  const auto data_end = ParseDate(footprint.reference_period().end());
  const auto start = ParseDate(footprint.validity().start());
  if (data_end.has_value() && start.has_value() && *start < *data_end) {
    Report(findings, path.Field("validity").At("start"), "V14_VALIDITY", footprint.validity().start(),
           {absl::StrCat(footprint.reference_period().end(), " or later, when the reference period has ended"),
            "correct one of the periods", "有効期間の開始は算定対象期間の終了以降でなければなりません。"});
  }
}

void CheckVerification(const v1::FootprintVerification& verification, const Path& path, Findings& findings) {
  const absl::int128 sum =
      UnitsOf(verification.has_first_party_share(), verification.first_party_share()).value_or(0) +
      UnitsOf(verification.has_second_party_share(), verification.second_party_share()).value_or(0) +
      UnitsOf(verification.has_third_party_share(), verification.third_party_share()).value_or(0);
  if (sum > FixedDecimal::FromInteger(1).units()) {
    Report(findings, path.At("verification"), "V14_VERIFICATION", FixedDecimalText(sum),
           {"shares that sum to at most 1", "count each part of the figure once", "検証割合の合計が1を超えています。"});
  }
}

// 1 − footprint / virgin outside 0.2 … 0.9 is worth a second look.
void CheckSaving(const v1::CarbonFootprint& footprint, absl::int128 total, const Path& path, Findings& findings) {
  const auto virgin = UnitsOf(footprint.has_virgin_reference_kg_co2e(), footprint.virgin_reference_kg_co2e());
  if (!virgin.has_value() || *virgin <= 0) {
    return;
  }
  if (footprint.virgin_reference_source().empty()) {
    Report(findings, path.At("virgin_reference_source"), "V14_VIRGIN_SOURCE", "no source",
           {"where the figure of virgin material is from", "name the database or study",
            "バージン材の値の出典が必要です。"});
  }
  const absl::int128 saved = *virgin - total;
  if (saved * 10 < *virgin * 2 || saved * 10 > *virgin * 9) {
    Report(findings, path.At("virgin_reference_kg_co2e"), "V14_SAVING_PLAUSIBILITY",
           absl::StrCat("a saving of ", FixedDecimalText(saved), " of ", FixedDecimalText(*virgin), " kgCO2e"),
           {"0.2 to 0.9 of the virgin figure, as a rule", "check unit, boundary and source of both figures",
            "バージン材比の削減率が通常の範囲（2〜9割）の外です。"},
           Severity::kWarning);
  }
}

}  // namespace

absl::int128 StageSum(const v1::CarbonFootprint& footprint) {
  absl::int128 sum = 0;
  for (const v1::StageEmission& stage : footprint.stages()) {
    sum += UnitsOf(stage.has_kg_co2e(), stage.kg_co2e()).value_or(0);
  }
  return sum;
}

void CheckFootprint(const v1::CarbonFootprint& footprint, const Path& path, Findings& findings) {
  const auto total = UnitsOf(footprint.has_kg_co2e(), footprint.kg_co2e());
  CheckPeriods(footprint, path, findings);
  CheckVerification(footprint.verification(), path, findings);
  if (footprint.has_recomputed_stage_sum_kg_co2e()) {
    CheckDerived(footprint.recomputed_stage_sum_kg_co2e(), FixedDecimalText(StageSum(footprint)), kStageSumMethod,
                 path.Field("recomputed_stage_sum_kg_co2e"), findings);
  }
  if (total.has_value()) {
    CheckStages(footprint, *total, path, findings);
    CheckSign(footprint, *total, path, findings);
    CheckSaving(footprint, *total, path, findings);
  }
}

}  // namespace meguri::passport
