// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/share_sums.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "passport/rules/finding.h"
#include "passport/rules/mass_sum.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

absl::int128 One() { return FixedDecimal::FromInteger(1).units(); }

void CheckSum(absl::int128 sum, absl::int128 whole, bool complete, absl::string_view reason, const Path& path,
              absl::string_view field, Findings& findings) {
  if (!IsWithin(sum, whole) || (complete && !IsWhole(sum, whole))) {
    Report(findings, path.At(field), reason, absl::StrCat("a sum of ", FixedDecimalText(sum)),
           {absl::StrCat(complete ? "" : "at most ", FixedDecimalText(whole), " within 0.5 %"),
            "correct the parts or the whole",
            absl::StrCat("合計 ", FixedDecimalText(sum), " が全体 ", FixedDecimalText(whole),
                         " と一致しません（許容差0.5％）。")});
  }
}

// A line number or serial that was there before.
void CheckUnique(const std::string& value, absl::string_view field, absl::string_view reason, const Path& path,
                 std::set<std::string>& seen, Findings& findings) {
  if (!value.empty() && !seen.insert(value).second) {
    Report(findings, path.At(field), reason, Quoted(value),
           {"each once", "correct the number", "同じ番号が重複しています。"});
  }
}

// The mass of a share: as it says, or its fraction of the whole.
Amount MassOfShare(const v1::MaterialShare& share, absl::int128 whole) {
  const Amount mass = MassOf(share.has_mass_kg(), share.mass_kg());
  const Amount fraction = FractionOf(share.has_mass_fraction(), share.mass_fraction());
  return mass.has_value() || !fraction.has_value() ? mass : Share(whole, *fraction);
}

void CheckShareMass(const v1::MaterialShare& share, absl::int128 whole, const Path& path, Findings& findings) {
  const Amount mass = MassOf(share.has_mass_kg(), share.mass_kg());
  const Amount fraction = FractionOf(share.has_mass_fraction(), share.mass_fraction());
  if (!mass.has_value() || !fraction.has_value()) {
    return;
  }
  const absl::int128 expected = Share(whole, *fraction);
  const absl::int128 difference = *mass < expected ? expected - *mass : *mass - expected;
  const bool is_rounded = difference * 10'000 <= whole * kShareRoundingPerTenThousand;
  if (!is_rounded && !(IsWithin(*mass, expected) && IsWhole(*mass, expected))) {
    Report(findings, path.At("mass_fraction"), "V6_MASS_FRACTION",
           absl::StrCat(share.mass_fraction().value(), " of ", FixedDecimalText(whole), " kg, ",
                        share.mass_kg().value(), " kg"),
           {"a mass and a fraction that agree within 0.5 %, or 0.0005 of the whole",
            "correct one of them, or leave the fraction out", "質量と質量割合が一致しません（許容差0.5％）。"});
  }
}

}  // namespace

void CheckBillOfMaterials(const v1::BillOfMaterials& bill, const Path& path, Findings& findings) {
  std::set<std::string> lines;
  std::set<std::string> serials;
  for (int i = 0; i < bill.items_size(); ++i) {
    const v1::BillItem& item = bill.items(i);
    const Path item_path = path.Element("items", i);
    CheckUnique(item.line(), "line", "V7_LINE_DUPLICATE", item_path, lines, findings);
    const std::string serial =
        item.serial_number().empty() ? "" : absl::StrCat(item.part_number(), "/", item.serial_number());
    CheckUnique(serial, "serial_number", "V7_SERIAL_DUPLICATE", item_path, serials, findings);
  }
  const Amount whole = MassOf(bill.has_mass_kg(), bill.mass_kg());
  if (whole.has_value()) {
    CheckBillMass(bill, *whole, /*is_whole=*/true, path, findings);
  }
}

void CheckBillMass(const v1::BillOfMaterials& bill, absl::int128 whole, bool is_whole, const Path& path,
                   Findings& findings) {
  absl::int128 sum = 0;
  bool all_weighed = !bill.items().empty();
  for (const v1::BillItem& item : bill.items()) {
    const Amount mass = MassOf(item.has_mass_kg(), item.mass_kg());
    all_weighed = all_weighed && mass.has_value();
    sum += mass.value_or(0);
  }
  CheckSum(sum, whole, is_whole && bill.items_complete() && all_weighed, "V6_MASS_SUM", path, "items", findings);
}

void CheckSummaryMass(const v1::CompositionSummary& summary, absl::int128 whole, bool is_whole, const Path& path,
                      Findings& findings) {
  absl::int128 sum = 0;
  bool all_known = true;
  bool any_weighed = false;
  for (int i = 0; i < summary.shares_size(); ++i) {
    const v1::MaterialShare& share = summary.shares(i);
    const Amount mass = MassOfShare(share, whole);
    any_weighed = any_weighed || share.has_mass_kg();
    all_known = all_known && mass.has_value();
    sum += mass.value_or(0);
    if (is_whole) {
      CheckShareMass(share, whole, path.Element("shares", i), findings);
    }
  }
  if (any_weighed) {
    CheckSum(sum, whole, is_whole && summary.shares_complete() && all_known, "V6_MASS_SUM", path, "shares", findings);
  }
}

void CheckCompositionSummary(const v1::CompositionSummary& summary, const Path& path, Findings& findings) {
  absl::int128 sum = 0;
  bool all_known = !summary.shares().empty();
  for (int i = 0; i < summary.shares_size(); ++i) {
    const v1::MaterialShare& share = summary.shares(i);
    const Amount fraction = FractionOf(share.has_mass_fraction(), share.mass_fraction());
    all_known = all_known && fraction.has_value();
    sum += fraction.value_or(0);
    if (!share.has_mass_fraction() && !share.has_mass_kg()) {
      Report(findings, path.Element("shares", i).At("mass_fraction"), "V6_AMOUNT_MISSING", "no amount",
             {"mass_fraction or mass_kg", "fill in one of them", "質量または質量割合が必要です。"});
    }
  }
  CheckSum(sum, One(), summary.shares_complete() && all_known, "V6_FRACTION_SUM", path, "shares", findings);
  const Amount recyclable = FractionOf(summary.has_recyclable_fraction(), summary.recyclable_fraction());
  const Amount recoverable = FractionOf(summary.has_recoverable_fraction(), summary.recoverable_fraction());
  if (recyclable.has_value() && recoverable.has_value() && *recoverable < *recyclable) {
    Report(findings, path.At("recoverable_fraction"), "V6_RECOVERABLE", summary.recoverable_fraction().value(),
           {absl::StrCat(summary.recyclable_fraction().value(), " or more, as what is recycled is recovered too"),
            "correct one of them", "回収可能率はリサイクル可能率以上でなければなりません。"});
  }
  const bool listed = !summary.critical_raw_materials().empty();
  const v1::Answer answer = summary.contains_critical_raw_materials();
  if ((answer == v1::ANSWER_YES && !listed) || (answer == v1::ANSWER_NO && listed)) {
    Report(findings, path.At("critical_raw_materials"), "CRM_LIST", listed ? "a list after no" : "no list after yes",
           {"an answer and a list that agree", "correct one of them", "有無の回答と一覧の内容が一致しません。"});
  }
}

void CheckCriticalRawMaterial(const v1::CriticalRawMaterial& material, const Path& path, Findings& findings) {
  if (!material.has_mass_kg() && !material.has_mass_fraction()) {
    Report(findings, path.At("mass_kg"), "V6_AMOUNT_MISSING", "no amount",
           {"mass_kg or mass_fraction", "fill in one of them", "質量または質量割合が必要です。"});
  }
  for (const v1::SupplyStage stage : {v1::SUPPLY_STAGE_MINING, v1::SUPPLY_STAGE_REFINING}) {
    absl::int128 sum = 0;
    bool any = false;
    for (const v1::OriginShare& origin : material.origins()) {
      if (origin.stage() == stage) {
        any = true;
        sum += FractionOf(origin.has_share(), origin.share()).value_or(0);
      }
    }
    if (any) {
      CheckSum(sum, One(), /*complete=*/true, "V6_ORIGIN_SUM", path, "origins", findings);
    }
  }
}

}  // namespace meguri::passport
