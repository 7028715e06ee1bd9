// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/lot_balance.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "passport/rules/finding.h"
#include "passport/rules/mass_sum.h"
#include "passport/rules/timestamp.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

absl::int128 Mass(bool present, const v1::Decimal& mass) { return MassOf(present, mass).value_or(0); }

void CheckInputSum(const v1::ChainOfCustody& custody, absl::int128 in, const Path& path, Findings& findings) {
  absl::int128 sum = 0;
  for (const v1::InputLot& lot : custody.input_lots()) {
    sum += Mass(lot.has_mass_kg(), lot.mass_kg());
  }
  const bool complete = custody.process_balance().inputs_complete();
  if (!IsWithin(sum, in) || (complete && !IsWhole(sum, in))) {
    Report(findings, path.At("input_lots"), "V11_INPUT_SUM", absl::StrCat("lots of ", FixedDecimalText(sum), " kg"),
           {absl::StrCat(complete ? "" : "at most ", FixedDecimalText(in), " kg as in process_balance, within 0.5 %"),
            "add the lot that is missing, or correct the masses",
            "投入ロットの質量合計が工程の投入質量と一致しません（許容差0.5％）。"});
  }
}

void CheckTimes(const v1::ProcessBalance& balance, const Path& path, Findings& findings) {
  const auto start = ParseTimestamp(balance.started_at());
  const auto end = ParseTimestamp(balance.ended_at());
  if (start.has_value() && end.has_value() && *end < *start) {
    Report(findings, path.At("ended_at"), "V11_TIME_ORDER", balance.ended_at(),
           {absl::StrCat(balance.started_at(), " or later"), "check both times", "終了日時が開始日時より前です。"});
  }
}

}  // namespace

bool IsBalanced(absl::int128 in, absl::int128 out, absl::int128 scale_tolerance) {
  const absl::int128 error = in < out ? out - in : in - out;
  return error <= scale_tolerance || error * 1000 <= in * kProcessTolerancePerMille;
}

void CheckProcessBalance(const v1::ChainOfCustody& custody, const Path& path, Findings& findings) {
  if (!custody.has_process_balance()) {
    return;
  }
  const v1::ProcessBalance& balance = custody.process_balance();
  const Path balance_path = path.Field("process_balance");
  CheckTimes(balance, balance_path, findings);
  const Amount in = MassOf(balance.has_input_mass_kg(), balance.input_mass_kg());
  const Amount product = MassOf(balance.has_output_mass_kg(), balance.output_mass_kg());
  if (!in.has_value() || !product.has_value()) {
    return;
  }
  if (!custody.input_lots().empty()) {
    CheckInputSum(custody, *in, path, findings);
  }
  absl::int128 out = *product + Mass(balance.has_residue_mass_kg(), balance.residue_mass_kg());
  for (const v1::Loss& loss : balance.losses()) {
    out += Mass(loss.has_mass_kg(), loss.mass_kg());
  }
  if (!IsBalanced(*in, out, Mass(balance.has_scale_tolerance_kg(), balance.scale_tolerance_kg()))) {
    Report(findings, balance_path.At("output_mass_kg"), "V11_MASS_BALANCE",
           absl::StrCat(FixedDecimalText(out), " kg of product, losses and residue"),
           {absl::StrCat(FixedDecimalText(*in), " kg of inputs, within 2 % or the tolerance of the scales"),
            "add the loss or residue that is missing, or correct the masses",
            "投入質量と産出（製品・損失・残渣）の質量が釣り合いません（許容差2％）。"});
  }
}

}  // namespace meguri::passport
