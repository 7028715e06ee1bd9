// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/life_facts.h"

#include "absl/strings/str_cat.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

constexpr int kScoreMax = 10;
constexpr int kScoreRoundingPerMille = 10;  // of the scale: 0.1 of 10

absl::int128 OrZero(bool present, const v1::Decimal& decimal) { return UnitsOf(present, decimal).value_or(0); }

}  // namespace

void CheckDurability(const v1::Durability& durability, const Path& path, Findings& findings) {
  if (durability.has_industry_average_life() && durability.industry_average_source().empty()) {
    Report(findings, path.At("industry_average_source"), "LIFETIME_SOURCE", "no source",
           {"where the industry average is from", "name the study", "業界平均寿命の出典が必要です。"});
  }
}

void CheckRepairScore(const v1::RepairScore& score, const Path& path, Findings& findings) {
  absl::int128 points = 0;
  absl::int128 points_max = 0;
  for (int i = 0; i < score.criteria_size(); ++i) {
    const v1::RepairCriterion& criterion = score.criteria(i);
    const absl::int128 reached = OrZero(criterion.has_points(), criterion.points());
    const absl::int128 possible = OrZero(criterion.has_points_max(), criterion.points_max());
    if (reached > possible) {
      Report(findings, path.Element("criteria", i).At("points"), "REPAIR_POINTS", criterion.points().value(),
             {absl::StrCat("at most ", criterion.points_max().value()), "correct the points",
              "得点が上限を超えています。"});
    }
    points += reached;
    points_max += possible;
  }
  if (score.criteria().empty()) {
    return;
  }
  if (points_max != OrZero(score.has_criteria_points_max(), score.criteria_points_max())) {
    Report(findings, path.At("criteria_points_max"), "REPAIR_POINTS_MAX",
           score.has_criteria_points_max() ? score.criteria_points_max().value() : "no maximum",
           {absl::StrCat(FixedDecimalText(points_max), ", the sum of the criteria"),
            "add the criterion that is missing, or correct the maximum", "配点の合計が方法の満点と一致しません。"});
  }
  const auto declared = UnitsOf(score.has_score(), score.score());
  if (!declared.has_value() || points_max < 10) {
    return;
  }
  // score / 10 = points / points_max, multiplied out in thousandths of the scale.
  const absl::int128 scaled = points * kScoreMax * 100 / (points_max / 10);
  const absl::int128 milli = *declared / (FixedDecimal::FromInteger(1).units() / 1000);
  const absl::int128 off = scaled < milli ? milli - scaled : scaled - milli;
  if (off > kScoreMax * kScoreRoundingPerMille) {
    Report(findings, path.At("score"), "REPAIR_SCORE", score.score().value(),
           {absl::StrCat(FixedDecimalText(points), " of ", FixedDecimalText(points_max), " points on a scale to 10"),
            "correct the score or the points", "修理スコアが得点から計算した値と一致しません。"});
  }
}

void CheckItemState(const v1::ItemState& state, const Path& path, Findings& findings) {
  const auto low = UnitsOf(state.has_temperature_min_c(), state.temperature_min_c());
  const auto high = UnitsOf(state.has_temperature_max_c(), state.temperature_max_c());
  if (low.has_value() && high.has_value() && *high < *low) {
    Report(findings, path.At("temperature_max_c"), "TEMPERATURE_ORDER", state.temperature_max_c().value(),
           {absl::StrCat(state.temperature_min_c().value(), " or more"), "check both temperatures",
            "最高温度が最低温度より低くなっています。"});
  }
}

}  // namespace meguri::passport
