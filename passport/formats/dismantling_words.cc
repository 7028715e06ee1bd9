// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/dismantling_words.h"

#include "absl/types/span.h"

namespace meguri::passport {
namespace {

struct Row {
  int number;
  Word word;
};

Word Find(absl::Span<const Row> rows, int number) {
  for (const Row& row : rows) {
    if (row.number == number) {
      return row.word;
    }
  }
  return {};
}

constexpr Row kHazards[] = {
    {v1::HAZARD_EXPLOSIVE, {"爆発", "Explosive", "W002"}},
    {v1::HAZARD_RADIOACTIVE, {"放射性物質", "Radioactive", "W003"}},
    {v1::HAZARD_MAGNETIC_FIELD, {"強磁場", "Magnetic field", "W006"}},
    {v1::HAZARD_ELECTRICITY, {"感電", "Electricity", "W012"}},
    {v1::HAZARD_OVERHEAD_LOAD, {"つり荷", "Overhead load", "W015"}},
    {v1::HAZARD_TOXIC, {"毒性", "Toxic", "W016"}},
    {v1::HAZARD_HOT_SURFACE, {"高温", "Hot surface", "W017"}},
    {v1::HAZARD_CRUSHING, {"挟まれ", "Crushing", "W019"}},
    {v1::HAZARD_FLAMMABLE, {"引火", "Flammable", "W021"}},
    {v1::HAZARD_SHARP, {"鋭利", "Sharp", "W022"}},
    {v1::HAZARD_CORROSIVE, {"腐食性", "Corrosive", "W023"}},
    {v1::HAZARD_OXIDISING, {"酸化性", "Oxidising", "W028"}},
    {v1::HAZARD_PRESSURE, {"高圧", "Pressure", "W029"}},
    {v1::HAZARD_OTHER, {"その他の危険", "Other hazard", "W001"}},
};

constexpr Row kEquipment[] = {
    {v1::PROTECTIVE_EQUIPMENT_EAR, {"耳栓", "Ear protection", "M003"}},
    {v1::PROTECTIVE_EQUIPMENT_EYE, {"保護めがね", "Eye protection", "M004"}},
    {v1::PROTECTIVE_EQUIPMENT_FOOTWEAR, {"安全靴", "Safety footwear", "M008"}},
    {v1::PROTECTIVE_EQUIPMENT_GLOVES, {"保護手袋", "Gloves", "M009"}},
    {v1::PROTECTIVE_EQUIPMENT_INSULATING_GLOVES, {"絶縁手袋", "Insulating gloves", "M009"}},
    {v1::PROTECTIVE_EQUIPMENT_CLOTHING, {"保護衣", "Protective clothing", "M010"}},
    {v1::PROTECTIVE_EQUIPMENT_FACE_SHIELD, {"保護面", "Face shield", "M013"}},
    {v1::PROTECTIVE_EQUIPMENT_HEAD, {"保護帽", "Head protection", "M014"}},
    {v1::PROTECTIVE_EQUIPMENT_MASK, {"マスク", "Mask", "M016"}},
    {v1::PROTECTIVE_EQUIPMENT_RESPIRATOR, {"呼吸用保護具", "Respirator", "M017"}},
};

constexpr Row kActions[] = {
    {v1::DISMANTLING_ACTION_UNSCREW, {"ねじを外す", "Unscrew", ""}},
    {v1::DISMANTLING_ACTION_UNCLIP, {"爪を外す", "Unclip", ""}},
    {v1::DISMANTLING_ACTION_CUT, {"切断する", "Cut", ""}},
    {v1::DISMANTLING_ACTION_DESOLDER, {"はんだを外す", "Desolder", ""}},
    {v1::DISMANTLING_ACTION_DRAIN, {"抜き取る", "Drain", ""}},
    {v1::DISMANTLING_ACTION_LIFT, {"持ち上げる", "Lift", ""}},
    {v1::DISMANTLING_ACTION_SEPARATE, {"分離する", "Separate", ""}},
    {v1::DISMANTLING_ACTION_DISCONNECT, {"接続を外す", "Disconnect", ""}},
};

constexpr Row kFasteners[] = {
    {v1::FASTENER_TYPE_SCREW, {"ねじ", "screw", ""}},
    {v1::FASTENER_TYPE_SNAP, {"スナップ", "snap", ""}},
    {v1::FASTENER_TYPE_GLUE, {"接着", "glue", ""}},
    {v1::FASTENER_TYPE_WELD, {"溶接", "weld", ""}},
    {v1::FASTENER_TYPE_RIVET, {"リベット", "rivet", ""}},
    {v1::FASTENER_TYPE_TAPE, {"テープ", "tape", ""}},
    {v1::FASTENER_TYPE_CONNECTOR, {"コネクター", "connector", ""}},
};

constexpr Row kRemovalItems[] = {
    {v1::REMOVAL_ITEM_CODE_PCB_CAPACITOR, {"PCB使用コンデンサー", "Capacitor with PCB", ""}},
    {v1::REMOVAL_ITEM_CODE_MERCURY_COMPONENT, {"水銀使用部品", "Component with mercury", ""}},
    {v1::REMOVAL_ITEM_CODE_BATTERY, {"電池", "Battery", ""}},
    {v1::REMOVAL_ITEM_CODE_CIRCUIT_BOARD_OVER_10_CM2, {"基板(10 cm²超)", "Circuit board over 10 cm²", ""}},
    {v1::REMOVAL_ITEM_CODE_TONER, {"トナー", "Toner", ""}},
    {v1::REMOVAL_ITEM_CODE_BROMINATED_FLAME_RETARDANT_PLASTIC,
     {"臭素系難燃剤含有プラスチック", "Plastic with brominated flame retardant", ""}},
    {v1::REMOVAL_ITEM_CODE_ASBESTOS, {"石綿", "Asbestos", ""}},
    {v1::REMOVAL_ITEM_CODE_CATHODE_RAY_TUBE, {"ブラウン管", "Cathode ray tube", ""}},
    {v1::REMOVAL_ITEM_CODE_REFRIGERANT, {"冷媒", "Refrigerant", ""}},
    {v1::REMOVAL_ITEM_CODE_GAS_DISCHARGE_LAMP, {"放電ランプ", "Gas discharge lamp", ""}},
    {v1::REMOVAL_ITEM_CODE_LCD_OVER_100_CM2, {"液晶パネル(100 cm²超)", "LCD over 100 cm²", ""}},
    {v1::REMOVAL_ITEM_CODE_EXTERNAL_CABLE, {"外部ケーブル", "External cable", ""}},
    {v1::REMOVAL_ITEM_CODE_REFRACTORY_CERAMIC_FIBRE, {"耐火性セラミック繊維", "Refractory ceramic fibre", ""}},
    {v1::REMOVAL_ITEM_CODE_RADIOACTIVE_COMPONENT, {"放射性物質を含む部品", "Radioactive component", ""}},
    {v1::REMOVAL_ITEM_CODE_ELECTROLYTE_CAPACITOR_OVER_25_MM,
     {"電解コンデンサー(25 mm超)", "Electrolyte capacitor over 25 mm", ""}},
    {v1::REMOVAL_ITEM_CODE_FUEL, {"燃料", "Fuel", ""}},
    {v1::REMOVAL_ITEM_CODE_ENGINE_OIL, {"エンジンオイル", "Engine oil", ""}},
    {v1::REMOVAL_ITEM_CODE_COOLANT, {"冷却液", "Coolant", ""}},
    {v1::REMOVAL_ITEM_CODE_BRAKE_FLUID, {"ブレーキ液", "Brake fluid", ""}},
    {v1::REMOVAL_ITEM_CODE_AIR_BAG, {"エアバッグ", "Air bag", ""}},
    {v1::REMOVAL_ITEM_CODE_CATALYST, {"触媒", "Catalyst", ""}},
    {v1::REMOVAL_ITEM_CODE_TYRE, {"タイヤ", "Tyre", ""}},
};

constexpr Row kRemovabilities[] = {
    {v1::BATTERY_REMOVABILITY_USER, {"電池は使用者が取り外し可能", "Battery removable by the user", ""}},
    {v1::BATTERY_REMOVABILITY_PROFESSIONAL, {"電池は専門家が取り外し", "Battery removable by professionals", ""}},
    {v1::BATTERY_REMOVABILITY_NOT_REMOVABLE, {"電池は取り外し不可", "Battery not removable", ""}},
};

}  // namespace

Word WordOf(v1::Hazard hazard) { return Find(kHazards, hazard); }
Word WordOf(v1::ProtectiveEquipment equipment) { return Find(kEquipment, equipment); }
Word WordOf(v1::DismantlingAction action) { return Find(kActions, action); }
Word WordOf(v1::FastenerType type) { return Find(kFasteners, type); }
Word WordOf(v1::RemovalItemCode code) { return Find(kRemovalItems, code); }
Word WordOf(v1::BatteryRemovability removability) { return Find(kRemovabilities, removability); }

}  // namespace meguri::passport
