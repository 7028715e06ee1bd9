// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/material_facts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/finding.h"
#include "passport/rules/mass_sum.h"

namespace meguri::passport {
namespace {

struct UnitOfCode {
  v1::PropertyCode code;
  absl::string_view unit;
};

// As material_properties.proto says.
constexpr UnitOfCode kUnits[] = {
    {v1::PROPERTY_CODE_MELT_FLOW_RATE, "g/10min"},
    {v1::PROPERTY_CODE_DENSITY, "kg/m3"},
    {v1::PROPERTY_CODE_ASH_CONTENT, "fraction"},
    {v1::PROPERTY_CODE_RESIDUAL_HUMIDITY, "fraction"},
    {v1::PROPERTY_CODE_BULK_DENSITY, "kg/m3"},
    {v1::PROPERTY_CODE_TENSILE_MODULUS, "MPa"},
    {v1::PROPERTY_CODE_TENSILE_STRENGTH, "MPa"},
    {v1::PROPERTY_CODE_ELONGATION_AT_BREAK, "fraction"},
    {v1::PROPERTY_CODE_CHARPY_IMPACT, "kJ/m2"},
    {v1::PROPERTY_CODE_IZOD_IMPACT, "kJ/m2"},
    {v1::PROPERTY_CODE_FLEXURAL_MODULUS, "MPa"},
    {v1::PROPERTY_CODE_PARTICLE_SIZE_D50, "mm"},
    {v1::PROPERTY_CODE_INTRINSIC_VISCOSITY, "dL/g"},
    {v1::PROPERTY_CODE_FILTER_RESIDUE, "fraction"},
    {v1::PROPERTY_CODE_VOLATILES, "fraction"},
    {v1::PROPERTY_CODE_ELECTRICAL_CONDUCTIVITY, "fraction"},
    {v1::PROPERTY_CODE_HARDNESS, "HBW"},
    {v1::PROPERTY_CODE_YIELD_STRENGTH, "MPa"},
    {v1::PROPERTY_CODE_SPECIFIC_SURFACE, "m2/g"},
    {v1::PROPERTY_CODE_TAP_DENSITY, "kg/m3"},
    {v1::PROPERTY_CODE_SPECIFIC_CAPACITY, "mAh/g"},
    {v1::PROPERTY_CODE_PARTICLE_SIZE_D10, "mm"},
    {v1::PROPERTY_CODE_PARTICLE_SIZE_D90, "mm"},
};

bool AreDigits(absl::string_view text, size_t size) {
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

void CheckUnit(const v1::MaterialProperty& property, const Path& path, Findings& findings) {
  for (const UnitOfCode& row : kUnits) {
    if (row.code == property.code() && !property.unit().empty() && row.unit != property.unit()) {
      Report(findings, path.At("unit"), "PROPERTY_UNIT", Quoted(property.unit()),
             {std::string(row.unit), "convert the values to that unit",
              absl::StrCat("単位は ", row.unit, " に換算して記載してください。")});
    }
    const bool is_fraction = row.code == property.code() && row.unit == "fraction" &&
                             row.code != v1::PROPERTY_CODE_ELONGATION_AT_BREAK;  // plastics stretch to many times
    const auto mean = UnitsOf(property.has_mean(), property.mean());
    if (is_fraction && mean.has_value() && (*mean < 0 || *mean > FixedDecimal::FromInteger(1).units())) {
      Report(findings, path.At("mean"), "V6_FRACTION_RANGE", property.mean().value(),
             {"a fraction from 0 to 1", "divide a percentage by 100",
              "割合は0から1の値で記載してください（％は100で割る）。"});
    }
  }
}

}  // namespace

void CheckMaterialIdentity(const v1::MaterialIdentity& material, const Path& path, Findings& findings) {
  if (material.family() == v1::MATERIAL_FAMILY_PLASTIC && material.polymer_symbol().empty()) {
    Report(findings, path.At("polymer_symbol"), "MATERIAL_POLYMER", "no symbol",
           {"the ISO 1043-1 symbol of a plastic", "write for example PP",
            "プラスチックには ISO 1043-1 の略号が必要です。"});
  }
  if (material.waste_status() == v1::WASTE_STATUS_WASTE && material.waste_codes().empty()) {
    Report(findings, path.At("waste_codes"), "WASTE_CODE_MISSING", "no code",
           {"the kind of waste by JWNET or the European catalogue", "fill in waste_codes",
            "廃棄物には種類コードの記載が必要です。"});
  }
  if (material.data_quality_level() > 4) {
    Report(findings, path.At("data_quality_level"), "V10_DQL", absl::StrCat("level ", material.data_quality_level()),
           {"1 … 4", "declare a level of EN 18065", "データ品質レベルは1〜4で記載してください。"});
  }
}

void CheckWasteCode(const v1::WasteCode& code, const Path& path, Findings& findings) {
  absl::string_view value = code.value();
  bool fits = true;
  if (code.scheme() == v1::WASTE_CODE_SCHEME_JWNET) {
    fits = AreDigits(value, 7);
  } else if (code.scheme() == v1::WASTE_CODE_SCHEME_EWC) {
    absl::ConsumeSuffix(&value, "*");
    fits = AreDigits(value, 6);
  }
  if (!fits && !code.value().empty()) {
    Report(findings, path.At("value"), "WASTE_CODE", Quoted(code.value()),
           {"7 digits of JWNET, or 6 of the European catalogue with * if hazardous", "look the code up in its list",
            "廃棄物種類コードの桁数が正しくありません。"});
  }
}

void CheckMaterialOffer(const v1::MaterialOffer& offer, const Path& path, Findings& findings) {
  CheckDateOrder(offer.available_from(), offer.available_until(), path.Field("available_until"), findings);
  const auto available = UnitsOf(offer.has_available_mass_kg(), offer.available_mass_kg());
  const auto minimum = UnitsOf(offer.has_minimum_order_mass_kg(), offer.minimum_order_mass_kg());
  if (available.has_value() && minimum.has_value() && *minimum > *available) {
    Report(findings, path.At("minimum_order_mass_kg"), "OFFER_MASS", offer.minimum_order_mass_kg().value(),
           {absl::StrCat("at most the ", offer.available_mass_kg().value(), " kg that are there"),
            "correct one of them", "最小注文質量が提供可能質量を超えています。"});
  }
}

void CheckMaterialProperty(const v1::MaterialProperty& property, const Path& path, Findings& findings) {
  CheckUnit(property, path, findings);
  const auto low = UnitsOf(property.has_minimum(), property.minimum());
  const auto high = UnitsOf(property.has_maximum(), property.maximum());
  if (low.has_value() && high.has_value() && *high < *low) {
    Report(findings, path.At("maximum"), "PROPERTY_RANGE", property.maximum().value(),
           {absl::StrCat(property.minimum().value(), " or more"), "check both ends of the range",
            "最大値が最小値より小さくなっています。"});
  }
  if (property.has_standard_deviation() && property.sample_count() == 0) {
    Report(findings, path.At("sample_count"), "PROPERTY_SAMPLES", "no number of samples",
           {"1 or more beside a standard deviation", "say how many samples there were",
            "標準偏差には試料数の記載が必要です。"});
  }
}

void CheckMaterialProperties(const v1::MaterialProperties& properties, const Path& path, Findings& findings) {
  absl::int128 sum = UnitsOf(properties.has_main_polymer_fraction(), properties.main_polymer_fraction()).value_or(0);
  for (const v1::Filler& filler : properties.fillers()) {
    sum += UnitsOf(filler.has_mass_fraction(), filler.mass_fraction()).value_or(0);
  }
  for (const v1::Additive& additive : properties.additives()) {
    sum += UnitsOf(additive.has_mass_fraction(), additive.mass_fraction()).value_or(0);
  }
  if (!IsWithin(sum, FixedDecimal::FromInteger(1).units())) {
    Report(findings, path.At("main_polymer_fraction"), "V6_FRACTION_SUM",
           absl::StrCat("fractions that sum to ", FixedDecimalText(sum)),
           {"at most 1.005", "correct the fractions of polymer, fillers and additives",
            "ポリマー・充填材・添加剤の割合の合計が1を超えています。"});
  }
  if ((properties.no_fillers() && !properties.fillers().empty()) ||
      (properties.no_additives() && !properties.additives().empty())) {
    Report(findings, path.At(properties.fillers().empty() ? "no_additives" : "no_fillers"), "PROPERTY_CONTRADICTION",
           "declared absent, and listed", {"one of them", "correct it", "「なし」の宣言と一覧が矛盾しています。"});
  }
}

}  // namespace meguri::passport
