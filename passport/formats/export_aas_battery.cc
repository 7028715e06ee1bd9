// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_aas_battery.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "passport/formats/export_take.h"
#include "passport/formats/unit.h"
#include "passport/rules/decimal.h"
#include "passport/rules/recycled_claim.h"

namespace meguri::passport {
namespace {

constexpr int kPercent = 2;  // a fraction times 10 to the power of that
constexpr char kDocument[] = "urn:samm:io.admin-shell.idta.handover_documentation:2.0.0#DocumentIdentifier";
constexpr char kCollection[] = "SubmodelElementCollection";

// The elements that part 7 knows.
constexpr CodeRow kElements[] = {{"Cobalt", "Co"}, {"Nickel", "Ni"}, {"Lithium", "Li"}, {"Lead", "Pb"}};

// What stands before the name in semantic IDs of parts 4 to 7, and of what they share.
constexpr char kTechnical[] = "urn:samm:io.admin-shell.idta.batterypass.technical_data:1.0.0#";
constexpr char kCondition[] = "urn:samm:io.admin-shell.idta.batterypass.product_condition:1.0.2#";
constexpr char kMaterials[] = "urn:samm:io.admin-shell.idta.batterypass.material_composition:1.0.1#";
constexpr char kCircularity[] = "urn:samm:io.admin-shell.idta.batterypass.circularity:1.0.0#";
constexpr char kContact[] = "urn:samm:io.admin-shell.idta.contact_information:1.0.0#";

// A number that is whole in the unit of the template, which wants it so; another one is left.
absl::optional<std::string> TakeWhole(InputNode* from, absl::string_view path, int exponent = 0) {
  const InputNode* leaf = DocumentDraft::At(from, path);
  const absl::StatusOr<std::string> scaled = ScaledDecimal(leaf == nullptr ? "" : leaf->text, {1, exponent});
  if (!scaled.ok() || absl::StrContains(*scaled, ".") || absl::StartsWith(*scaled, "-")) {
    return absl::nullopt;
  }
  return leaf->kind == InputNode::Kind::kNumber ? TakeText(from, path) : TakeNumber(from, path, exponent);
}

// The URIs of files, which stand for the identifiers of documents.
std::vector<std::string> TakeDocuments(InputNode& list, absl::string_view path) {
  std::vector<std::string> uris;
  for (InputNode& element : list.children) {
    if (auto uri = TakeText(&element, path)) {
      uris.push_back(*std::move(uri));
    }
  }
  return uris;
}

// Part 4.

AasElements ProductImages(InputNode* identity) {
  constexpr absl::string_view kImage = "0173-1#02-ABM220#001/0173-1#01-AHY911#001";
  AasElements images;
  for (InputNode& image : ListAt(identity, "images").children) {
    if (image.Find("media_type") != nullptr && image.Find("uri") != nullptr) {
      AddFile(images, {"", kImage}, TakeText(&image, "media_type").value_or(""), TakeText(&image, "uri").value_or(""));
    }
  }
  AasElements list;
  AddList(list, {"ProductImages", "0173-1#02-ABM220#001"}, "File", kImage, std::move(images));
  return list;
}

AasElements TechnicalAreas(ExportSource& record) {
  InputNode* durability = record.sections().Find("durability");
  AasElements voltage;
  AddProperty(voltage, {"NominalVoltage", "0173-1#02-ABL588#001"}, "xs:float",
              TakeNumber(record.sections().Find("dismantling"), "battery_layout.nominal_voltage_v"));
  AddProperty(voltage, {"CertifiedUsableBatteryEnergy", "0173-1#02-ABL829#002"}, "xs:float",
              TakeNumber(durability, "rated_capacity_kwh"));
  AasElements efficiency;
  AddProperty(efficiency, {"InitialRoundTripEnergyEfficiency", "0173-1#02-ABL833#002"}, "xs:integer",
              TakeWhole(durability, "round_trip_efficiency", kPercent));
  AasElements lifetime;
  if (const InputNode* unit = DocumentDraft::At(durability, "technical_life.unit");
      unit != nullptr && unit->text == "LIFETIME_UNIT_YEAR") {
    if (const auto years = TakeWhole(durability, "technical_life.value")) {
      Implies(durability, "technical_life.unit", "LIFETIME_UNIT_YEAR");
      AddProperty(lifetime, {"ExpectedLifetimeInCalendarYears", absl::StrCat(kTechnical, "expectedLifetime")},
                  "xs:unsignedInt", years);
    }
  }
  AddProperty(lifetime, {"ExpectedNumberOfCycles", absl::StrCat(kTechnical, "expectedNumberOfCycles")},
              "xs:unsignedInt", TakeText(durability, "usage_cycles"));
  AddProperty(lifetime, {"CapacityThresholdExhaustion", "0173-1#02-ABL838#002"}, "xs:float",
              TakeNumber(durability, "capacity_threshold_fraction", kPercent));
  AasElements areas;
  AddCollection(areas, {"CapacityEnergyVoltage", absl::StrCat(kTechnical, "capacityEnergyVoltage")},
                std::move(voltage));
  AddCollection(areas, {"RoundTripEnergyEfficiency", absl::StrCat(kTechnical, "roundTripEnergyEfficiency")},
                std::move(efficiency));
  AddCollection(areas, {"Lifetime", absl::StrCat(kTechnical, "lifetime")}, std::move(lifetime));
  return areas;
}

AasElements TechnicalData(ExportSource& record, const absl::optional<std::string>& manufacturer) {
  InputNode* identity = record.sections().Find("identity");
  AasElements general;
  AddProperty(general, {"ManufacturerIdentifier", absl::StrCat(kTechnical, "manufacturerIdentifier")}, "xs:string",
              manufacturer);
  AddProperty(general, {"BatteryMass", absl::StrCat(kTechnical, "batteryMass")}, "xs:float",
              TakeNumber(identity, "mass_kg"));
  for (JsonNode& images : ProductImages(identity)) {
    general.push_back(std::move(images));
  }
  AasElements elements;
  AddCollection(elements, {"GeneralInformation", "0173-1#02-ABK161#002/0173-1#01-AHX838#002"}, std::move(general));
  AddCollection(elements, {"TechnicalPropertyAreas", "0173-1#02-ABK163#002"}, TechnicalAreas(record));
  return elements;
}

// Part 5.

// A figure of an item's state with the time at which it held.
void AddFigure(AasElements& elements, AasName name, absl::string_view type, const absl::optional<std::string>& value,
               InputNode* state) {
  if (!value.has_value()) {
    return;
  }
  AasElements figure;
  AddProperty(figure, {absl::StrCat(name.id_short, "Value"), absl::StrCat(name.semantic_id, "Value")}, type, value);
  AddProperty(figure, {"LastUpdate", absl::StrCat(kCondition, "lastUpdate")}, "xs:dateTime", TakeText(state, "as_of"));
  AddCollection(elements, name, std::move(figure));
}

// ITEM_INCIDENT_KIND_DEEP_DISCHARGE as "deep discharge".
std::string IncidentWord(absl::string_view enumerator) {
  absl::ConsumePrefix(&enumerator, "ITEM_INCIDENT_KIND_");
  return absl::AsciiStrToLower(absl::StrReplaceAll(enumerator, {{"_", " "}}));
}

void AddIncidents(AasElements& elements, InputNode* state) {
  AasElements incidents;
  for (InputNode& incident : ListAt(state, "incidents").children) {
    const auto kind = TakeText(&incident, "kind");
    if (!kind.has_value()) {
      continue;
    }
    AasElements one;
    AddProperty(one, {"NegativeEventValue", absl::StrCat(kCondition, "negativeEventValue")}, "xs:string",
                IncidentWord(*kind));
    const auto date = TakeText(&incident, "date");
    AddProperty(one, {"LastUpdate", absl::StrCat(kCondition, "lastUpdate")}, "xs:dateTime",
                date.has_value() ? absl::make_optional(absl::StrCat(*date, "T00:00:00Z")) : TakeText(state, "as_of"));
    AddCollection(incidents, {"", absl::StrCat(kCondition, "NegativeEvent")}, std::move(one));
  }
  AddList(elements, {"NegativeEvents", absl::StrCat(kCondition, "negativeEvents")}, kCollection,
          absl::StrCat(kCondition, "NegativeEvent"), std::move(incidents));
}

AasElements ProductCondition(ExportSource& record) {
  InputNode* state = record.sections().Find("item_state");
  AasElements elements;
  AddFigure(elements, {"EnergyThroughput", absl::StrCat(kCondition, "energyThroughput")}, "xs:float",
            TakeNumber(state, "energy_throughput_kwh"), state);
  AddFigure(elements, {"StateOfCharge", absl::StrCat(kCondition, "stateOfCharge")}, "xs:float",
            TakeNumber(state, "state_of_charge", kPercent), state);
  AddFigure(elements, {"NumberOfFullCycles", absl::StrCat(kCondition, "numberOfFullCycles")}, "xs:unsignedInt",
            TakeWhole(state, "full_cycles"), state);
  AddFigure(elements, {"StateOfCertifiedEnergy", absl::StrCat(kCondition, "stateOfCertifiedEnergy")}, "xs:float",
            TakeNumber(state, "state_of_certified_energy", kPercent), state);
  AddFigure(elements, {"RemainingEnergy", absl::StrCat(kCondition, "remainingEnergy")}, "xs:float",
            TakeNumber(state, "remaining_capacity_kwh"), state);
  AddIncidents(elements, state);
  AddFigure(elements,
            {"RemainingRoundTripEnergyEfficiency", absl::StrCat(kCondition, "remainingRoundTripEnergyEfficiency")},
            "xs:float", TakeNumber(state, "round_trip_efficiency", kPercent), state);
  return elements;
}

// Part 6.

// The materials and substances of a composition, in one list as the template has them.
class BatteryMaterials {
 public:
  AasElements Take(InputNode* composition) && {
    AddNodes(ListAt(composition, "nodes"), nullptr);
    return std::move(materials_);
  }

 private:
  // `part` is the innermost one that holds the nodes, or null. Recursion is bounded, as is the depth of payloads.
  void AddNodes(InputNode& nodes, InputNode* part) {
    for (InputNode& node : nodes.children) {
      const InputNode* kind = node.Find("kind");
      const bool is_part = kind != nullptr && kind->text == kPart;
      if (Implies(&node, "kind", "COMPOSITION_NODE_KIND_MATERIAL") ||
          Implies(&node, "kind", "COMPOSITION_NODE_KIND_SUBSTANCE")) {
        AddMaterial(node, part);
      }
      AddNodes(ListAt(&node, "children"), is_part ? &node : part);
    }
  }

  static absl::optional<std::string> TakeComponent(InputNode& node, InputNode* part) {
    absl::optional<std::string> component = TakeEnglish(&node, "location");
    if (!component.has_value() && part != nullptr) {
      Implies(part, "kind", kPart);
      component = TakeEnglish(part, "name");
    }
    return component;
  }

  void AddMaterial(InputNode& node, InputNode* part) {
    AasElements location;
    AddProperty(location, {"ComponentName", absl::StrCat(kMaterials, "componentName")}, "xs:string",
                TakeComponent(node, part));
    AasElements material;
    AddCollection(material, {"BatteryMaterialLocation", absl::StrCat(kMaterials, "batteryMaterialLocation")},
                  std::move(location));
    InputNode* identifier = FirstOf(&node, "identifiers");
    AddProperty(material,
                {"BatteryMaterialIdentifier",
                 "urn:samm:io.admin-shell.idta.batterypass.material_composition:1.0.2#batteryMaterialIdentifier"},
                "xs:string", TakeText(identifier, "value"));
    AddProperty(material, {"BatteryMaterialName", absl::StrCat(kMaterials, "batteryMaterialName")}, "xs:string",
                TakeEnglish(&node, "name"));
    AddProperty(material, {"BatteryMaterialMass", absl::StrCat(kMaterials, "batteryMaterialMass")}, "xs:float",
                TakeNumber(&node, "mass_kg"));
    AddCollection(materials_, {"", absl::StrCat(kMaterials, "BatteryMaterial")}, std::move(material));
  }

  static constexpr char kPart[] = "COMPOSITION_NODE_KIND_PART";
  AasElements materials_;
};

AasElements HazardousSubstances(InputNode* hazards) {
  AasElements substances;
  for (InputNode& svhc : ListAt(hazards, "svhc").children) {
    AasElements substance;
    AddProperty(substance, {"HazardousSubstanceName", absl::StrCat(kMaterials, "hazardousSubstanceName")}, "xs:string",
                TakeEnglish(&svhc, "name"));
    AddProperty(substance,
                {"HazardousSubstanceIdentifier",
                 "urn:samm:io.admin-shell.idta.batterypass.material_composition:1.0.2#hazardousSubstanceIdentifier"},
                "xs:string", TakeText(FirstOf(&svhc, "identifiers"), "value"));
    AddProperty(substance,
                {"HazardousSubstanceConcentration", absl::StrCat(kMaterials, "hazardousSubstanceConcentration")},
                "xs:double", TakeNumber(&svhc, "concentration_max", kPercent));
    AasElements location;
    AddProperty(location, {"ComponentName", absl::StrCat(kMaterials, "componentName")}, "xs:string",
                TakeEnglish(&svhc, "article"));
    AddCollection(substance, {"HazardousSubstanceLocation", absl::StrCat(kMaterials, "hazardousSubstanceLocation")},
                  std::move(location));
    AddCollection(substances, {"", absl::StrCat(kMaterials, "HazardousSubstance")}, std::move(substance));
  }
  return substances;
}

AasElements MaterialComposition(ExportSource& record) {
  AasElements chemistry;
  AddProperty(chemistry, {"ClearName", absl::StrCat(kMaterials, "clearName")}, "xs:string",
              TakeEnglish(record.sections().Find("composition_summary"), "chemistry"));
  AasElements elements;
  AddCollection(elements, {"BatteryChemistry", absl::StrCat(kMaterials, "batteryChemistry")}, std::move(chemistry));
  AddList(elements, {"BatteryMaterials", absl::StrCat(kMaterials, "batteryMaterials")}, kCollection,
          absl::StrCat(kMaterials, "BatteryMaterial"), BatteryMaterials().Take(record.sections().Find("composition")));
  AddList(elements, {"HazardousSubstances", absl::StrCat(kMaterials, "hazardousSubstances")}, kCollection,
          absl::StrCat(kMaterials, "HazardousSubstance"),
          HazardousSubstances(record.sections().Find("hazard_summary")));
  return elements;
}

// Part 7.

// The share of one mass in the whole, in percent, rounded as the recycled fraction is. The masses are not taken: they
// do not follow from it.
absl::optional<std::string> PercentOf(InputNode& claim, const char* mass) {
  const InputNode* part = claim.Find(mass);
  const InputNode* total = claim.Find("total_mass_kg");
  if (part == nullptr || total == nullptr) {
    return absl::nullopt;
  }
  v1::RecycledContentClaim only;
  only.mutable_total_mass_kg()->set_value(total->text);
  only.mutable_pre_consumer_mass_kg()->set_value(part->text);
  const absl::optional<absl::int128> fraction = RecycledFractionOf(only);
  const absl::StatusOr<std::string> percent =
      ScaledDecimal(fraction.has_value() ? FixedDecimalText(*fraction) : "", {1, kPercent});
  return percent.ok() ? absl::make_optional(*percent) : absl::nullopt;
}

AasElements RecycledContents(InputNode* section) {
  AasElements contents;
  for (InputNode& claim : ListAt(section, "claims").children) {
    const InputNode* scope = claim.Find("scope");
    const auto element = scope != nullptr && scope->text == "CLAIM_SCOPE_ELEMENT"
                             ? TakeCode(&claim, "subject", kElements)
                             : absl::nullopt;
    if (!element.has_value()) {
      continue;
    }
    Implies(&claim, "scope", "CLAIM_SCOPE_ELEMENT");
    AasElements content;
    AddProperty(content, {"PreConsumerShare", absl::StrCat(kCircularity, "preConsumerShare")}, "xs:float",
                PercentOf(claim, "pre_consumer_mass_kg"));
    AddProperty(content, {"RecycledMaterial", absl::StrCat(kCircularity, "recycledMaterial")}, "xs:string", element);
    AddProperty(content, {"PostConsumerShare", absl::StrCat(kCircularity, "postConsumerShare")}, "xs:float",
                PercentOf(claim, "post_consumer_mass_kg"));
    AddCollection(contents, {"", absl::StrCat(kCircularity, "RecycledContent")}, std::move(content));
  }
  return contents;
}

AasElements SparePartSources(InputNode* durability) {
  AasElements sources;
  for (InputNode& part : ListAt(durability, "spare_parts").children) {
    AasElements component;
    AddProperty(component, {"PartName", absl::StrCat(kCircularity, "partName")}, "xs:string",
                TakeEnglish(&part, "name"));
    AddProperty(component, {"PartNumber", absl::StrCat(kCircularity, "partNumber")}, "xs:string",
                TakeText(&part, "part_number"));
    AasElements components;
    AddCollection(components, {"", absl::StrCat(kCircularity, "Component")}, std::move(component));
    AasElements source;
    AddTexts(source, {"NameOfSupplier", absl::StrCat(kContact, "company")}, absl::nullopt,
             TakeText(&part, "supplier_id"));
    AddProperty(source, {"SupplierWebAddress", absl::StrCat(kContact, "addressOfAdditionalLink")}, "xs:string",
                TakeText(&part, "order_uri"));
    AddList(source, {"Components", absl::StrCat(kCircularity, "components")}, kCollection,
            absl::StrCat(kCircularity, "Component"), std::move(components));
    AddCollection(sources, {"", absl::StrCat(kCircularity, "SparePartSupplier")}, std::move(source));
  }
  return sources;
}

AasElements SafetyMeasures(InputNode* dismantling) {
  AasElements measures;
  std::vector<std::string> instructions;
  if (auto uri = TakeText(dismantling, "safety.instructions.uri")) {
    instructions.push_back(*std::move(uri));
  }
  AddTextList(measures, {"SafetyInstructions", absl::StrCat(kCircularity, "safetyInstructions")}, kDocument,
              instructions);
  std::vector<std::string> agents = TakeTexts(dismantling, "safety.extinguishing_classes");
  for (std::string& agent : agents) {
    agent = std::string(absl::StripPrefix(agent, "EXTINGUISHING_CLASS_"));
  }
  AddTextList(measures, {"ExtinguishingAgents", absl::StrCat(kCircularity, "extinguishingAgents")},
              absl::StrCat(kCircularity, "ExtinguishingAgent"), agents);
  return measures;
}

AasElements Circularity(ExportSource& record) {
  InputNode* dismantling = record.sections().Find("dismantling");
  AasElements elements;
  AddTextList(elements,
              {"DismantlingAndRemovalInformation", absl::StrCat(kCircularity, "dismantlingAndRemovalInformation")},
              kDocument, TakeDocuments(ListAt(dismantling, "documents"), "file.uri"));
  AddList(elements, {"SparePartSources", absl::StrCat(kCircularity, "sparePartSources")}, kCollection,
          absl::StrCat(kCircularity, "SparePartSupplier"), SparePartSources(record.sections().Find("durability")));
  AddList(elements, {"RecycledContentInformation", absl::StrCat(kCircularity, "recycledContent")}, kCollection,
          absl::StrCat(kCircularity, "RecycledContent"), RecycledContents(record.sections().Find("recycled_content")));
  AddCollection(elements, {"SafetyMeasures", absl::StrCat(kCircularity, "safetyMeasures")},
                SafetyMeasures(dismantling));
  AasElements end_of_life;
  AddTextList(end_of_life, {"InformationOnCollection", absl::StrCat(kCircularity, "informationOnCollection")},
              kDocument, TakeDocuments(ListAt(record.sections().Find("consumer_return"), "documents"), "uri"));
  AddCollection(elements, {"EndOfLifeInformation", absl::StrCat(kCircularity, "endOfLifeInformation")},
                std::move(end_of_life));
  AddProperty(elements, {"RenewableContent", absl::StrCat(kCircularity, "renewableContent")}, "xs:float",
              TakeNumber(record.sections().Find("composition_summary"), "renewable_fraction", kPercent));
  return elements;
}

}  // namespace

void AddBatteryFootprint(InputNode* footprint, AasElements& elements) {
  constexpr char kFootprint[] = "urn:samm:io.admin-shell.idta.batterypass.carbon_footprint:1.0.0#";
  AddProperty(elements, {"PerformanceClass", absl::StrCat(kFootprint, "performanceClass")}, "xs:string",
              TakeText(footprint, "performance_class"));
  std::vector<std::string> studies;
  if (auto uri = TakeText(footprint, "study.uri")) {
    studies.push_back(*std::move(uri));
  }
  AddTextList(elements,
              {"WebLinkToPublicCarbonFootprintStudy", absl::StrCat(kFootprint, "webLinkToPublicCarbonFootprintStudy")},
              kDocument, studies);
}

void AddBatterySubmodels(ExportSource& record, const absl::optional<std::string>& manufacturer,
                         AasEnvironment& environment) {
  environment.AddSubmodel({"TechnicalData", "https://admin-shell.io/idta/digitalbatterypassport/TechnicalData/1/0"},
                          TechnicalData(record, manufacturer));
  environment.AddSubmodel({"ProductCondition", absl::StrCat(kCondition, "ProductCondition")}, ProductCondition(record));
  environment.AddSubmodel({"MaterialComposition", absl::StrCat(kMaterials, "MaterialComposition")},
                          MaterialComposition(record));
  environment.AddSubmodel({"Circularity", absl::StrCat(kCircularity, "Circularity")}, Circularity(record));
}

}  // namespace meguri::passport
