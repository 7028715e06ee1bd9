// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/circularity.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "passport/rules/derived_value.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

constexpr double kUnit = 1e18;
constexpr double kSumSlack = 1e-9;
constexpr double kDigits = 1e4;  // the indicator has four digits
constexpr double kUtilityFactor = 0.9;
constexpr absl::int128 kDeclaredTolerance = absl::int128(5'000'000'000'000'000);  // 0.005

// Binary numbers are for this formula only, which divides: its result is rounded to far fewer digits than they have.
double Number(bool present, const v1::Decimal& decimal, double otherwise) {
  const auto units = UnitsOf(present, decimal);
  return units.has_value() ? static_cast<double>(*units) / kUnit : otherwise;
}

struct Inputs {
  double recycled_in, reused_in, biological_in;
  double recycled_out, reused_out, composted_out, burnt_out;
  double feedstock_efficiency, recycling_efficiency;
  double utility;
};

Inputs InputsOf(const v1::Circularity& c) {
  return {Number(c.has_recycled_feedstock_fraction(), c.recycled_feedstock_fraction(), 0),
          Number(c.has_reused_feedstock_fraction(), c.reused_feedstock_fraction(), 0),
          Number(c.has_biological_feedstock_fraction(), c.biological_feedstock_fraction(), 0),
          Number(c.has_collected_for_recycling_fraction(), c.collected_for_recycling_fraction(), 0),
          Number(c.has_collected_for_reuse_fraction(), c.collected_for_reuse_fraction(), 0),
          Number(c.has_collected_for_composting_fraction(), c.collected_for_composting_fraction(), 0),
          Number(c.has_collected_for_energy_fraction(), c.collected_for_energy_fraction(), 0),
          Number(c.has_feedstock_recycling_efficiency(), c.feedstock_recycling_efficiency(), 1),
          Number(c.has_end_of_life_recycling_efficiency(), c.end_of_life_recycling_efficiency(), 1),
          Number(c.has_lifetime_ratio(), c.lifetime_ratio(), 1) *
              Number(c.has_use_intensity_ratio(), c.use_intensity_ratio(), 1)};
}

double IngoingSum(const Inputs& in) { return in.recycled_in + in.reused_in + in.biological_in; }
double OutgoingSum(const Inputs& in) { return in.recycled_out + in.reused_out + in.composted_out + in.burnt_out; }

bool IsShare(double number) { return number >= 0 && number <= 1; }

// Within these bounds the formula divides by more than 1.5.
bool AreUsable(const Inputs& in) {
  return IsShare(in.recycled_in) && IsShare(in.reused_in) && IsShare(in.biological_in) && IsShare(in.recycled_out) &&
         IsShare(in.reused_out) && IsShare(in.composted_out) && IsShare(in.burnt_out) &&
         IsShare(in.feedstock_efficiency) && IsShare(in.recycling_efficiency) && in.feedstock_efficiency > 0 &&
         in.utility > 0 && IngoingSum(in) <= 1 + kSumSlack && OutgoingSum(in) <= 1 + kSumSlack;
}

void CheckShares(double sum, absl::string_view field, absl::string_view what, const Path& path, Findings& findings) {
  if (sum > 1 + kSumSlack) {
    Report(findings, path.At(field), "K05_SHARES", absl::StrCat(what, " fractions that sum to ", sum),
           {"at most 1", "correct the fractions", "割合の合計が1を超えています。"});
  }
}

}  // namespace

absl::optional<std::string> CircularityIndicator(const v1::Circularity& circularity) {
  const Inputs in = InputsOf(circularity);
  const double mass = Number(circularity.has_mass_kg(), circularity.mass_kg(), 0);
  if (mass <= 0 || !AreUsable(in)) {
    return absl::nullopt;
  }
  // Everything is a share of the mass: it cancels out.
  const double virgin = 1 - IngoingSum(in);
  const double never_collected = 1 - OutgoingSum(in);
  const double lost_after_use = (1 - in.recycling_efficiency) * in.recycled_out;
  const double lost_before_use = in.recycled_in * (1 - in.feedstock_efficiency) / in.feedstock_efficiency;
  const double lost = never_collected + (lost_before_use + lost_after_use) / 2;
  const double linear_flow = (virgin + lost) / (2 + (lost_before_use - lost_after_use) / 2);
  const double indicator = std::max(0.0, 1 - linear_flow * kUtilityFactor / in.utility);
  // The small part keeps what is exactly half from falling on either side of it.
  const auto rounded = static_cast<int64_t>(std::floor(indicator * kDigits + 0.5 + 1e-9));
  return FixedDecimalText(FixedDecimal::FromInteger(rounded).units() / static_cast<int64_t>(kDigits));
}

void CheckCircularity(const v1::Circularity& circularity, const Path& path, Findings& findings) {
  const Inputs in = InputsOf(circularity);
  CheckShares(IngoingSum(in), "recycled_feedstock_fraction", "ingoing", path, findings);
  CheckShares(OutgoingSum(in), "collected_for_recycling_fraction", "outgoing", path, findings);
  const absl::optional<std::string> indicator = CircularityIndicator(circularity);
  if (!indicator.has_value()) {
    return;
  }
  if (circularity.has_recomputed_indicator()) {
    CheckDerived(circularity.recomputed_indicator(), *indicator, kCircularityMethod, path.Field("recomputed_indicator"),
                 findings);
  }
  const auto declared = UnitsOf(circularity.has_declared_indicator(), circularity.declared_indicator());
  const absl::int128 recomputed = FixedDecimal::Parse(*indicator)->units();
  const bool differs = declared.has_value() &&
                       (*declared > recomputed + kDeclaredTolerance || *declared + kDeclaredTolerance < recomputed);
  if (differs && (circularity.declared_method().empty() || circularity.declared_method() == kCircularityMethod)) {
    Report(findings, path.At("declared_indicator"), "K05_INDICATOR", circularity.declared_indicator().value(),
           {absl::StrCat(*indicator, " by ", kCircularityMethod),
            "correct the indicator or its inputs, or name the formula in declared_method",
            absl::StrCat("MCI は入力値から計算すると ", *indicator,
                         " です。別の算定式の場合は declared_method に記載してください。")},
           Severity::kWarning);
  }
}

}  // namespace meguri::passport
