// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_aas.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "passport/formats/aas_element.h"
#include "passport/formats/export_aas_battery.h"
#include "passport/formats/export_take.h"

namespace meguri::passport {
namespace {

constexpr CodeRow kGranularities[] = {
    {"Model", "GRANULARITY_MODEL"}, {"Batch", "GRANULARITY_BATCH"}, {"Item", "GRANULARITY_ITEM"}};
constexpr CodeRow kStatuses[] = {{"Active", "PASSPORT_STATUS_ACTIVE"}, {"Inactive", "PASSPORT_STATUS_INACTIVE"}};
constexpr CodeRow kUnits[] = {{"piece", "DECLARED_UNIT_PIECE"},     {"kg", "DECLARED_UNIT_KILOGRAM"},
                              {"l", "DECLARED_UNIT_LITRE"},         {"m3", "DECLARED_UNIT_CUBIC_METRE"},
                              {"m2", "DECLARED_UNIT_SQUARE_METRE"}, {"kWh", "DECLARED_UNIT_KILOWATT_HOUR"},
                              {"MJ", "DECLARED_UNIT_MEGAJOULE"},    {"tkm", "DECLARED_UNIT_TONNE_KILOMETRE"}};
constexpr CodeRow kMethods[] = {{"ISO 14067", "FOOTPRINT_STANDARD_ISO_14067"},
                                {"GHG Protocol Product Standard", "FOOTPRINT_STANDARD_GHG_PROTOCOL_PRODUCT"},
                                {"PEF", "FOOTPRINT_STANDARD_PEF"},
                                {"Catena-X PCF Rulebook", "FOOTPRINT_STANDARD_CATENA_X_RULEBOOK"},
                                {"METI CFP Guideline", "FOOTPRINT_STANDARD_METI_CFP_GUIDELINE"},
                                {"EU Battery Regulation", "FOOTPRINT_STANDARD_EU_BATTERY_REGULATION"},
                                {"SuMPO EPD", "FOOTPRINT_STANDARD_SUMPO_EPD"}};
// Part 3 of IDTA 02035 says these; none that we know of is for use.
constexpr CodeRow kPhases[] = {{"A1 - raw material supply (and upstream production)", "LIFE_CYCLE_STAGE_RAW_MATERIAL"},
                               {"A3 - production", "LIFE_CYCLE_STAGE_PRODUCTION"},
                               {"A4 - transport to final destination", "LIFE_CYCLE_STAGE_DISTRIBUTION"},
                               {"C3 - recycling, waste treatment", "LIFE_CYCLE_STAGE_END_OF_LIFE"}};

// The asset kinds of V3.0 have no batch.
absl::string_view AssetKindOf(InputNode* identity) {
  const InputNode* granularity = DocumentDraft::At(identity, "granularity");
  if (granularity == nullptr || granularity->text == "GRANULARITY_BATCH") {
    return "NotApplicable";
  }
  return granularity->text == "GRANULARITY_MODEL" ? "Type" : "Instance";
}

// The identifier of the first facility that has one.
absl::optional<std::string> TakeFacility(ExportSource& record) {
  InputNode* facility = FirstOf(record.sections().Find("facility"), "facilities");
  return TakeText(FirstOf(facility, "identifiers"), "value");
}

absl::optional<std::string> TakePartNumber(InputNode* identity) {
  for (InputNode& identifier : ListAt(identity, "identifiers").children) {
    if (Implies(&identifier, "scheme", "IDENTIFIER_SCHEME_MANUFACTURER_PART_NUMBER")) {
      return TakeText(&identifier, "value");
    }
  }
  return absl::nullopt;
}

// What is said in several submodels.
struct Shared {
  std::string product_uri;
  absl::optional<std::string> facility;
  absl::optional<std::string> manufacturer;
  absl::optional<std::string> serial;
};

AasElements Nameplate(InputNode* identity, const Shared& shared) {
  AasElements elements;
  AddProperty(elements, {"URIOfTheProduct", "0112/2///61987#ABN590#002"}, "xs:anyURI", shared.product_uri);
  AddTexts(elements, {"ManufacturerName", "0112/2///61987#ABA565#009"}, absl::nullopt, shared.manufacturer);
  AddTexts(elements, {"ManufacturerProductDesignation", "0112/2///61987#ABA567#009"}, TakeText(identity, "name.ja"),
           TakeText(identity, "name.en"));
  AddProperty(elements, {"ManufacturerProductType", "0112/2///61987#ABA300#008"}, "xs:string",
              TakeText(identity, "model_number"));
  AddProperty(elements, {"ProductArticleNumberOfManufacturer", "0112/2///61987#ABA581#007"}, "xs:string",
              TakePartNumber(identity));
  AddProperty(elements, {"SerialNumber", "0112/2///61987#ABA951#009"}, "xs:string", shared.serial);
  AddProperty(elements, {"DateOfManufacture", "0112/2///61987#ABB757#007"}, "xs:date",
              TakeText(identity, "produced_on"));
  AddProperty(elements, {"CountryOfOrigin", "0112/2///61987#ABP462#001"}, "xs:string",
              TakeText(identity, "country_of_production"));
  AddProperty(elements,
              {"UniqueFacilityIdentifier", "https://admin-shell.io/idta/nameplate/3/0/UniqueFacilityIdentifier"},
              "xs:string", shared.facility);
  return elements;
}

AasElements Metadata(const record::Header& header, InputNode* identity, const Shared& shared) {
  const absl::Time issued = absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms()));
  AasElements elements;
  AddProperty(elements, {"digitalProductPassportId", "https://admin-shell.io/idta/cds/digitalProductPassportId/1"},
              "xs:string", RecordUri(header.record_id()));
  AddProperty(elements, {"uniqueProductIdentifier", "https://admin-shell.io/idta/cds/uniqueProductIdentifier/1"},
              "xs:string", shared.product_uri);
  AddProperty(elements, {"granularity", "https://admin-shell.io/idta/cds/granularity/1"}, "xs:string",
              TakeCode(identity, "granularity", kGranularities));
  // A passport that says nothing of it is active: identity.proto.
  AddProperty(elements, {"dppStatus", "https://admin-shell.io/idta/cds/dppStatus/1"}, "xs:string",
              TakeCode(identity, "passport_status", kStatuses).value_or("Active"));
  AddProperty(elements, {"lastUpdate", "https://admin-shell.io/idta/cds/lastUpdate/1"}, "xs:dateTime",
              absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", issued, absl::UTCTimeZone()));
  AddProperty(elements, {"economicOperatorId", "https://admin-shell.io/idta/cds/economicOperatorId/1"}, "xs:string",
              TakeText(identity, "economic_operator_id"));
  AddProperty(elements, {"facilityId", "https://admin-shell.io/idta/cds/facilityId/1"}, "xs:string", shared.facility);
  AddTextList(elements, {"contentSpecificationIds", "https://admin-shell.io/idta/cds/contentSpecificationIds/1"},
              "https://admin-shell.io/idta/cds/contentSpecificationId/1",
              TakeTexts(identity, "content_specification_ids"));
  return elements;
}

// What all footprints of a product have in common: the one over all stages, and those of single stages.
struct FootprintBasis {
  std::vector<std::string> methods;
  absl::optional<std::string> unit;
  absl::optional<std::string> amount;
  absl::optional<std::string> expires;
};

AasElements FootprintOf(const FootprintBasis& basis, const absl::optional<std::string>& kg_co2e,
                        const std::vector<std::string>& phases) {
  AasElements elements;
  AddTextList(elements,
              {"PcfCalculationMethods", "https://admin-shell.io/idta/CarbonFootprint/PcfCalculationMethods/1/0"},
              "0173-1#02-ABG854#003", basis.methods);
  AddProperty(elements, {"PcfCO2eq", "0173-1#02-ABG855#003"}, "xs:decimal", kg_co2e);
  AddProperty(elements, {"ReferenceImpactUnitForCalculation", "0173-1#02-ABG856#003"}, "xs:string", basis.unit);
  AddProperty(elements, {"QuantityOfMeasureForCalculation", "0173-1#02-ABG857#003"}, "xs:double", basis.amount);
  AddTextList(elements, {"LifeCyclePhases", "https://admin-shell.io/idta/CarbonFootprint/LifeCyclePhases/1/0"},
              "0173-1#02-ABG858#003", phases);
  AddProperty(elements, {"ExpirationDate", "https://admin-shell.io/idta/CarbonFootprint/ExpirationDate/1/0"},
              "xs:dateTime", basis.expires);
  return elements;
}

AasElements CarbonFootprints(InputNode* footprint, bool is_battery) {
  constexpr AasName kOne = {"", "https://admin-shell.io/idta/CarbonFootprint/ProductCarbonFootprint/1/0"};
  FootprintBasis basis;
  for (InputNode& standard : ListAt(footprint, "standards").children) {
    if (const auto method = TakeCode(&standard, "", kMethods)) {
      basis.methods.push_back(*method);
    }
  }
  basis.unit = TakeCode(footprint, "declared_unit", kUnits);
  basis.amount = TakeNumber(footprint, "declared_amount");
  if (const auto end = TakeText(footprint, "validity.end")) {
    basis.expires = absl::StrCat(*end, "T23:59:59Z");
  }
  std::vector<std::string> phases;
  AasElements stages;
  InputNode& our_stages = ListAt(footprint, "stages");
  for (InputNode& stage : our_stages.children) {
    if (const auto phase = HasNumber(&stage, "kg_co2e") ? TakeCode(&stage, "stage", kPhases) : absl::nullopt) {
      phases.push_back(*phase);
      AddCollection(stages, kOne, FootprintOf(basis, TakeNumber(&stage, "kg_co2e"), {*phase}));
    }
  }
  if (phases.size() < our_stages.children.size()) {
    phases.clear();  // the figure over all stages covers more than these
  }
  AasElements total = FootprintOf(basis, TakeNumber(footprint, "kg_co2e"), phases);
  if (is_battery) {
    AddBatteryFootprint(footprint, total);
  }
  AasElements list;
  AddCollection(list, kOne, std::move(total));
  for (JsonNode& stage : stages) {
    list.push_back(std::move(stage));
  }
  AasElements elements;
  AddList(elements,
          {"ProductCarbonFootprints", "https://admin-shell.io/idta/CarbonFootprint/ProductCarbonFootprints/1/0"},
          "SubmodelElementCollection", kOne.semantic_id, std::move(list));
  return elements;
}

std::string EnvironmentOf(ExportSource& record) {
  InputNode* identity = record.sections().Find("identity");
  const bool is_battery = Implies(identity, "product_group", "battery");
  Shared shared;
  shared.product_uri = TakeProductUri(identity, record.header().record_id());
  shared.facility = TakeFacility(record);
  shared.manufacturer = TakeText(identity, "manufacturer_id");
  shared.serial = TakeText(identity, "serial");
  AasEnvironment environment(RecordUri(record.header().record_id()), AssetKindOf(identity), shared.product_uri);
  environment.AddAssetId("gtin", TakeText(identity, "gtin"));
  environment.AddAssetId("lot", TakeText(identity, "lot"));
  environment.AddAssetId("serial", shared.serial);
  environment.AddSubmodel({"Nameplate", "https://admin-shell.io/idta/nameplate/3/0/Nameplate"},
                          Nameplate(identity, shared));
  environment.AddSubmodel({"DppMetadata", "https://admin-shell.io/idta/cds/dppMetadata/1"},
                          Metadata(record.header(), identity, shared));
  if (InputNode* footprint = record.sections().Find("carbon_footprint")) {
    environment.AddSubmodel({"CarbonFootprint", "https://admin-shell.io/idta/CarbonFootprint/CarbonFootprint/1/0"},
                            CarbonFootprints(footprint, is_battery));
  }
  if (is_battery) {
    AddBatterySubmodels(record, shared.manufacturer, environment);
  }
  return std::move(environment).Print();
}

}  // namespace

absl::StatusOr<std::string> WriteAasEnvironment(ExportSources& records) {
  std::string environment;
  MEGURI_RETURN_IF_ERROR(records.ForEach([&environment](ExportSource& record) {
    environment = EnvironmentOf(record);
    return absl::OkStatus();
  }));
  return environment;
}

}  // namespace meguri::passport
