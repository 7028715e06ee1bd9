// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/template.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "passport/readers/csv.h"
#include "passport/readers/xlsx.h"

namespace meguri::passport {
namespace {

constexpr size_t kGroupBytesMax = 40;
constexpr char kGroupPlace[] = "$group";  // in an example: the group that was asked for

enum class For { kAll, kProduct, kLot, kPlasticLot, kMetalLot, kBattery };

// A column, what it means, and what the four example rows have there: the record, a part or material, a material or
// substance, a substance.
struct Column {
  For group;
  const char* heading;
  const char* note_ja;
  const char* note_en;
  const char* examples[4];
};

constexpr Column kColumns[] = {
    {For::kAll,
     "メモ / Remark [ignore]",
     "取り込まれません。# で始まる行は読み飛ばします。",
     "Not imported. Rows that begin with # are skipped.",
     {"# 例 / example", "#", "#", "#"}},
    {For::kLot, "種別 / Type [record_type=material_passport]", "空欄のまま", "Leave empty", {"", "", "", ""}},
    {For::kAll,
     "記録 / Record [record]",
     "同じ値が続く行が1件の記録になります。",
     "Rows that follow each other with the same value are one record.",
     {"R-1", "R-1", "R-1", "R-1"}},
    {For::kAll,
     "階層 / Level [level]",
     "0: 製品・ロット、1: 部品または素材、2以降: その内訳",
     "0: product or lot; 1: its parts or materials; 2 and up: what they consist of",
     {"0", "1", "2", "3"}},
    {For::kAll, "品名 / Name (ja) [identity.name.ja]", "必須", "Required", {"記入例 製品", "", "", ""}},
    {For::kAll, "英語名 / Name (en) [identity.name.en]", "任意", "Optional", {"Example product", "", "", ""}},
    {For::kAll, "品目 / Product group [identity.product_group]", "必須", "Required", {kGroupPlace, "", "", ""}},
    {For::kAll,
     "型番 / Model [identity.model_number]",
     "メーカー型番",
     "Manufacturer's number",
     {"EX-100", "", "", ""}},
    {For::kProduct,
     "粒度 / Granularity [identity.granularity]",
     "必須: model(型式)、batch(ロット)、item(個品)",
     "Required: model, batch or item",
     {"model", "", "", ""}},
    {For::kLot,
     "粒度 / Granularity [identity.granularity]",
     "必須: batch(ロット)",
     "Required: batch",
     {"batch", "", "", ""}},
    {For::kAll,
     "GTIN [identity.gtin]",
     "14桁。短いものは先頭に0を補う。",
     "14 digits; shorter ones with zeros in front",
     {"04912345678904", "", "", ""}},
    {For::kProduct,
     "ロット / Lot [identity.lot]",
     "粒度が batch のとき",
     "If the granularity is batch",
     {"", "", "", ""}},
    {For::kLot, "ロット / Lot [identity.lot]", "必須", "Required", {"L-2026-001", "", "", ""}},
    {For::kProduct,
     "シリアル / Serial [identity.serial]",
     "粒度が item のとき",
     "If the granularity is item",
     {"", "", "", ""}},
    {For::kProduct,
     "状態 / Status [identity.product_status]",
     "粒度が item のとき: original、reused、repurposed、remanufactured、waste",
     "If the granularity is item: original, reused, repurposed, remanufactured or waste",
     {"", "", "", ""}},
    {For::kAll,
     "質量 / Mass (kg) [identity.mass_kg | kg]",
     "必須。1個またはロットの正味質量",
     "Required: net mass of one piece, or of the lot",
     {"10", "", "", ""}},
    {For::kAll, "製造日 / Produced on [identity.produced_on]", "YYYY-MM-DD", "YYYY-MM-DD", {"2026-04-01", "", "", ""}},
    {For::kAll,
     "製造国 / Country [identity.country_of_production]",
     "ISO 3166-1 の2文字",
     "ISO 3166-1, two letters",
     {"JP", "", "", ""}},
    {For::kBattery,
     "電池種類 / Chemistry [composition_summary.chemistry.ja]",
     "公開される電池化学の名称",
     "Public name of the chemistry",
     {"リン酸鉄リチウム / 黒鉛", "", "", ""}},
    {For::kBattery,
     "公開素材 / Public material [composition_summary.shares[0].family]",
     "公開する主な素材区分",
     "Main material family that is made public",
     {"battery_active_material", "", "", ""}},
    {For::kBattery,
     "その割合 / Its share (%) [composition_summary.shares[0].mass_fraction | %]",
     "0〜100",
     "0 to 100",
     {"35", "", "", ""}},
    {For::kLot,
     "素材区分 / Family [material_identity.family]",
     "必須: plastic、ferrous、nonferrous、glass …",
     "Required: plastic, ferrous, nonferrous, glass …",
     {"$family", "", "", ""}},
    {For::kPlasticLot,
     "樹脂 / Polymer [material_identity.polymer_symbol]",
     "ISO 1043-1 の略号: PP、PC+ABS",
     "ISO 1043-1 symbol: PP, PC+ABS",
     {"PP", "", "", ""}},
    {For::kMetalLot,
     "材料規格 / Standard [material_identity.material_standard]",
     "JIS H 5302 ADC12 など",
     "For example JIS H 5302 ADC12",
     {"JIS H 5302 ADC12", "", "", ""}},
    {For::kLot,
     "形状 / Form [material_identity.form]",
     "必須: flake、regrind、regranulate、bale、ingot …",
     "Required: flake, regrind, regranulate, bale, ingot …",
     {"$form", "", "", ""}},
    {For::kLot,
     "廃棄物該当 / Waste status [material_identity.waste_status]",
     "必須: waste、valuable、end_of_waste、never_waste",
     "Required: waste, valuable, end_of_waste or never_waste",
     {"end_of_waste", "", "", ""}},
    {For::kPlasticLot,
     "商品名 / Trade name [material_identity.trade_name.ja]",
     "品質レベル1以上で必要",
     "Needed from DQL 1 on",
     {"再生PP 黒", "", "", ""}},
    {For::kPlasticLot,
     "色 / Colour [material_identity.colour.ja]",
     "品質レベル1以上で必要",
     "Needed from DQL 1 on",
     {"黒", "", "", ""}},
    {For::kPlasticLot,
     "荷姿 / Packaging [material_identity.packaging]",
     "big_bag、sack、octabin、silo_truck …",
     "big_bag, sack, octabin, silo_truck …",
     {"big_bag", "", "", ""}},
    {For::kPlasticLot,
     "MFR (g/10min) [material_identity.nominal_melt_flow_rate]",
     "ISO 1133 による代表値",
     "Nominal value by ISO 1133",
     {"15", "", "", ""}},
    {For::kPlasticLot,
     "品質レベル / DQL [material_identity.data_quality_level]",
     "EN 18065 の 1〜4",
     "EN 18065, 1 to 4",
     {"1", "", "", ""}},
    {For::kAll,
     "再生材の対象 / Claim scope [recycled_content.claims[0].scope]",
     "product、material、component、element",
     "product, material, component or element",
     {"product", "", "", ""}},
    {For::kAll,
     "対象質量 / Claim mass (kg) [recycled_content.claims[0].total_mass_kg | kg]",
     "対象の全質量",
     "Mass of what the claim is about",
     {"10", "", "", ""}},
    {For::kAll,
     "プレコンシューマ / Pre-consumer (kg) [recycled_content.claims[0].pre_consumer_mass_kg | kg]",
     "同一工程内の再利用は含めない",
     "Without what is used again in the same process",
     {"1", "", "", ""}},
    {For::kAll,
     "ポストコンシューマ / Post-consumer (kg) [recycled_content.claims[0].post_consumer_mass_kg | kg]",
     "使用済製品由来",
     "From products after use",
     {"2", "", "", ""}},
    {For::kAll,
     "再生材割合 / Recycled (%) [recycled_content.claims[0].recycled_fraction | %]",
     "(プレ+ポスト)÷対象質量",
     "(pre + post) / mass",
     {"30", "", "", ""}},
    {For::kAll,
     "再生方法 / Method [recycled_content.claims[0].method]",
     "mechanical、chemical、dissolution、metallurgical …",
     "mechanical, chemical, dissolution, metallurgical …",
     {"$method", "", "", ""}},
    {For::kAll,
     "管理モデル / Custody [recycled_content.claims[0].chain_of_custody_model]",
     "ISO 22095: identity_preserved、segregated、controlled_blending、mass_balance、book_and_claim",
     "ISO 22095: identity_preserved, segregated, controlled_blending, mass_balance, book_and_claim",
     {"segregated", "", "", ""}},
    {For::kBattery,
     "算定工場 / Plant [recycled_content.claims[0].reporting_basis.plant]",
     "電池では必須",
     "Required for batteries",
     {"豊橋工場", "", "", ""}},
    {For::kBattery,
     "算定年 / Year [recycled_content.claims[0].reporting_basis.year]",
     "電池では必須",
     "Required for batteries",
     {"2026", "", "", ""}},
    {For::kAll,
     "構成区分 / Kind [node.kind]",
     "part(部品)、material_class、material(素材)、substance_group、substance(物質)",
     "part, material_class, material, substance_group or substance",
     {"", "$kind1", "$kind2", "$kind3"}},
    {For::kAll,
     "構成名 / Node name [node.name.ja]",
     "階層1以上で必須",
     "Required from level 1",
     {"", "$name1", "$name2", "$name3"}},
    {For::kAll, "CAS [node.cas]", "物質のCAS番号", "CAS number of a substance", {"", "", "", "$cas3"}},
    {For::kAll,
     "構成質量 / Node mass (g) [node.mass_kg | g]",
     "質量または含有率のいずれか",
     "Mass or share",
     {"", "10000", "9500", ""}},
    {For::kAll,
     "含有率 / Share (%) [node.mass_fraction | %]",
     "親に対する割合",
     "Of the node above",
     {"", "", "", "2"}},
    {For::kAll, "員数 / Units [node.number_of_units]", "部品の個数", "Pieces of a part", {"", "$units", "", ""}},
};

bool Is(For group, absl::string_view product_group) {
  const bool is_lot = absl::EndsWith(product_group, "-lot");
  switch (group) {
    case For::kAll:
      return true;
    case For::kProduct:
      return !is_lot;
    case For::kLot:
      return is_lot;
    case For::kPlasticLot:
      return product_group == "plastic-lot";
    case For::kMetalLot:
      return product_group == "metal-lot";
    case For::kBattery:
      return product_group == "battery";
  }
  return false;
}

// Examples that differ between products and lots, plastics and metals.
struct Variant {
  const char* place;
  const char* product;
  const char* lot;
  const char* metal_lot;
};
constexpr Variant kVariants[] = {
    {"$family", "plastic", "plastic", "nonferrous"},
    {"$form", "regranulate", "regranulate", "ingot"},
    {"$method", "mechanical", "mechanical", "metallurgical"},
    {"$kind1", "part", "material_class", "material_class"},
    {"$kind2", "material", "material", "material"},
    {"$kind3", "substance", "substance", "substance"},
    {"$name1", "筐体", "プラスチック", "非鉄金属"},
    {"$name2", "ポリプロピレン", "ポリプロピレン", "アルミニウム合金 ADC12"},
    {"$name3", "添加剤", "添加剤", "銅"},
    {"$cas3", "7440-44-0", "7440-44-0", "7440-50-8"},
    {"$units", "1", "", ""},
};

std::string Example(absl::string_view text, absl::string_view product_group) {
  if (text == kGroupPlace) {
    return std::string(product_group);
  }
  for (const Variant& variant : kVariants) {
    if (text == variant.place) {
      const bool is_lot = absl::EndsWith(product_group, "-lot");
      return product_group == "metal-lot" ? variant.metal_lot : is_lot ? variant.lot : variant.product;
    }
  }
  return std::string(text);
}

bool IsGroupName(absl::string_view name) {
  return !name.empty() && name.size() <= kGroupBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           c == '-';
  });
}

}  // namespace

absl::StatusOr<SheetTemplate> TemplateFor(absl::string_view product_group) {
  if (!IsGroupName(product_group)) {
    return Error(
        absl::StatusCode::kInvalidArgument, "PRODUCT_GROUP",
        "a product group is written with small letters, digits and hyphens: battery, washing-machine, plastic-lot");
  }
  SheetTemplate sheet;
  sheet.example_rows.resize(std::size(kColumns[0].examples));
  sheet.notes.push_back({"列 / Column", "説明", "Meaning"});
  for (const Column& column : kColumns) {
    if (!Is(column.group, product_group)) {
      continue;
    }
    sheet.headings.emplace_back(column.heading);
    sheet.notes.push_back({column.heading, column.note_ja, column.note_en});
    for (size_t i = 0; i < sheet.example_rows.size(); ++i) {
      sheet.example_rows[i].push_back(Example(column.examples[i], product_group));
    }
  }
  return sheet;
}

absl::StatusOr<std::string> TemplateAsXlsx(const SheetTemplate& sheet) {
  XlsxSheet rows{"記入 Sheet", {sheet.headings}};
  rows.rows.insert(rows.rows.end(), sheet.example_rows.begin(), sheet.example_rows.end());
  return WriteXlsx({rows, {"記入要領 Notes", sheet.notes}});
}

std::string TemplateAsCsv(const SheetTemplate& sheet) {
  std::string csv = absl::StrCat("\xEF\xBB\xBF", CsvLine(sheet.headings));
  for (const std::vector<std::string>& row : sheet.example_rows) {
    csv += CsvLine(row);
  }
  return csv;
}

std::string SheetLabel(absl::string_view field) {
  for (const Column& column : kColumns) {
    const absl::string_view heading = column.heading;
    const size_t begin = heading.rfind(" [");
    absl::string_view inner = heading.substr(begin + 2, heading.size() - begin - 3);
    absl::string_view label = heading.substr(0, begin);
    const size_t bar = inner.find(" | ");
    if (inner.substr(0, bar) != field) {
      continue;
    }
    if (bar == absl::string_view::npos) {
      return std::string(label);
    }
    label = label.substr(0, label.rfind(" ("));  // the unit of the template is not that of the field
    return absl::StrCat(label, absl::EndsWith(field, "_kg") ? " (kg)" : " (0-1)");
  }
  return "";
}

}  // namespace meguri::passport
