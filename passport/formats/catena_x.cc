// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/catena_x.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/catena_x_aspects.h"
#include "passport/formats/document.h"
#include "passport/formats/document_text.h"
#include "passport/formats/leaf_rows.h"

namespace meguri::passport {
namespace {

using record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
using record::v1::SECTION_TYPE_CARBON_FOOTPRINT;
using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_COMPOSITION_SUMMARY;
using record::v1::SECTION_TYPE_DISMANTLING;
using record::v1::SECTION_TYPE_IDENTITY;

absl::Status Finish(DocumentDraft draft, TakeRecord take) {
  ImportedRecord record = std::move(draft).Take();
  return take(record);
}

// ---- passports

constexpr LeafRow kPassportRows[] = {
    {"characteristics.physicalDimension.weight.value", SECTION_TYPE_IDENTITY, "mass_kg", ".unit"},
    {"commercial.placedOnMarket", SECTION_TYPE_IDENTITY, "placed_on_market_on"},
    {"operation.manufacturer.manufacturingDate", SECTION_TYPE_IDENTITY, "produced_on"},
    {"operation.manufacturing.manufacturingDate", SECTION_TYPE_IDENTITY, "produced_on"},
    {"metadata.expirationDate", SECTION_TYPE_IDENTITY, "valid_until"},
    {"metadata.issueDate", SECTION_TYPE_IDENTITY, "valid_from"},
    {"identification.chemistry", SECTION_TYPE_COMPOSITION_SUMMARY, "chemistry.en"},
};

constexpr CodeRow kStatus[] = {{"original", "PRODUCT_STATUS_ORIGINAL"},
                               {"repurposed", "PRODUCT_STATUS_REPURPOSED"},
                               {"re-used", "PRODUCT_STATUS_REUSED"},
                               {"remanufactured", "PRODUCT_STATUS_REMANUFACTURED"},
                               {"waste", "PRODUCT_STATUS_WASTE"}};

constexpr CodeRow kLists[] = {
    {"CAS", "SUBSTANCE_IDENTIFIER_SCHEME_CAS"},     {"EC", "SUBSTANCE_IDENTIFIER_SCHEME_EC"},
    {"IUPAC", "SUBSTANCE_IDENTIFIER_SCHEME_IUPAC"}, {"InChI", "SUBSTANCE_IDENTIFIER_SCHEME_INCHI"},
    {"INCI", "SUBSTANCE_IDENTIFIER_SCHEME_INCI"},   {"SMILES", "SUBSTANCE_IDENTIFIER_SCHEME_SMILES"}};

void ReadPart(DocumentDraft& draft, InputNode* part, v1::Identity& identity) {
  SetText(draft, *identity.mutable_name(), DocumentDraft::At(part, "nameAtManufacturer"));
  draft.Set(identity, "model_number", DocumentDraft::At(part, "manufacturerPartId"));
}

// The value of the first entry of a list {key, value}; the key is implied.
bool SetKeyed(DocumentDraft& draft, v1::Identity& identity, const char* field, InputNode* list) {
  if (list == nullptr || list->children.empty() || !draft.Set(identity, field, list->children[0].Find("value"))) {
    return false;
  }
  DocumentDraft::Imply(list->children[0].Find("key"));
  return true;
}

void ReadCodes(DocumentDraft& draft, InputNode* codes, v1::Identity& identity) {
  if (codes == nullptr) {
    return;
  }
  for (InputNode& code : codes->children) {
    InputNode* key = code.Find("key");
    InputNode* value = code.Find("value");
    if (key == nullptr || value == nullptr || key->text != "TARIC") {
      continue;
    }
    v1::Category& category = *identity.add_categories();
    category.set_scheme(v1::CATEGORY_SCHEME_HS);
    draft.SetAs(category, "value", value, absl::StrReplaceAll(value->text, {{" ", ""}}));
    DocumentDraft::Imply(key);
  }
}

void ReadMaterialId(DocumentDraft& draft, InputNode& element, v1::CompositionNode& node, const char* type,
                    const char* name, const char* id) {
  SetText(draft, *node.mutable_name(), element.Find(name));
  v1::SubstanceIdentifier identifier;
  if (SetCode(draft, identifier, "scheme", element.Find(type), kLists) &&
      draft.Set(identifier, "value", element.Find(id))) {
    *node.add_identifiers() = std::move(identifier);
  }
}

// Materials of the battery passport.
void ReadBatteryMaterials(DocumentDraft& draft, InputNode& materials) {
  auto& composition = draft.Section<v1::Composition>(SECTION_TYPE_COMPOSITION);
  for (InputNode& element : materials.children) {
    v1::CompositionNode& node = *composition.add_nodes();
    node.set_kind(v1::COMPOSITION_NODE_KIND_MATERIAL);
    if (InputNode* ids = element.Find("id"); ids != nullptr && !ids->children.empty()) {
      ReadMaterialId(draft, ids->children[0], node, "type", "name", "id");
    }
    InputNode* unit = element.Find("unit");
    if (unit != nullptr && draft.Set(node, "mass_fraction", element.Find("concentration"), unit->text)) {
      DocumentDraft::Imply(unit);
    }
    draft.Set(node, "location.en", element.Find("location"));
  }
}

// Materials of the digital product passport.
void ReadProductMaterials(DocumentDraft& draft, InputNode& materials) {
  auto& composition = draft.Section<v1::Composition>(SECTION_TYPE_COMPOSITION);
  for (InputNode& element : materials.children) {
    v1::CompositionNode& node = *composition.add_nodes();
    node.set_kind(v1::COMPOSITION_NODE_KIND_MATERIAL);
    if (InputNode* ids = element.Find("materialIdentifications"); ids != nullptr && !ids->children.empty()) {
      ReadMaterialId(draft, ids->children[0], node, "materialListTypeId", "materialName", "materialId");
    }
    InputNode* value = DocumentDraft::At(&element, "concentrationInformation.concentration.concentrationValue");
    InputNode* unit = DocumentDraft::At(&element, "concentrationInformation.concentration.concentrationUnit");
    if (unit != nullptr && draft.Set(node, "mass_fraction", value, unit->text)) {
      DocumentDraft::Imply(unit);
    }
    if (InputNode* places = element.Find("materialLocations"); places != nullptr && places->children.size() == 1) {
      draft.Set(node, "location.en", &places->children[0]);
    }
  }
}

// ---- footprint

constexpr LeafRow kFootprintRows[] = {
    {"companyAndProductInformation.productInformation.productNameCompany", SECTION_TYPE_IDENTITY, "name.en"},
    {"companyAndProductInformation.productInformation.productDescription", SECTION_TYPE_IDENTITY, "description.en"},
    {"companyAndProductInformation.productInformation.declaredUnitAmount", SECTION_TYPE_CARBON_FOOTPRINT,
     "declared_amount"},
    {"companyAndProductInformation.productInformation.productMassPerDeclaredUnit", SECTION_TYPE_CARBON_FOOTPRINT,
     "product_mass_kg", "kg"},
    {"productLifeCycleStagesAndEmissions.productionStage.pcfExcludingBiogenicUptake", SECTION_TYPE_CARBON_FOOTPRINT,
     "kg_co2e"},
    {"productLifeCycleStagesAndEmissions.productionStage.fossilGhgEmissions", SECTION_TYPE_CARBON_FOOTPRINT,
     "fossil_kg_co2e"},
    {"productLifeCycleStagesAndEmissions.productionStage.biogenicCO2Uptake", SECTION_TYPE_CARBON_FOOTPRINT,
     "biogenic_uptake_kg_co2e"},
    {"productLifeCycleStagesAndEmissions.productionStage.biogenicNonCO2Emissions", SECTION_TYPE_CARBON_FOOTPRINT,
     "biogenic_non_co2_kg_co2e"},
    {"productLifeCycleStagesAndEmissions.productionStage.landUseChangeGhgEmissions", SECTION_TYPE_CARBON_FOOTPRINT,
     "land_use_change_kg_co2e"},
    {"productLifeCycleStagesAndEmissions.packagingStage.packagingEmissionsIncluded", SECTION_TYPE_CARBON_FOOTPRINT,
     "packaging_included"},
    {"pcfAssessmentAndMethodology.dataSourcesAndQuality.primaryDataShare", SECTION_TYPE_CARBON_FOOTPRINT,
     "primary_data_share", "percent"},
    {"pcfAssessmentAndMethodology.dataSourcesAndQuality.technologicalDQR", SECTION_TYPE_CARBON_FOOTPRINT,
     "data_quality_rating.technological"},
    {"pcfAssessmentAndMethodology.dataSourcesAndQuality.geographicalDQR", SECTION_TYPE_CARBON_FOOTPRINT,
     "data_quality_rating.geographical"},
    {"pcfAssessmentAndMethodology.dataSourcesAndQuality.temporalDQR", SECTION_TYPE_CARBON_FOOTPRINT,
     "data_quality_rating.temporal"},
    {"pcfAssessmentAndMethodology.pcfAssessmentInformation.boundarySpecifications.exemptedEmissionsPercent",
     SECTION_TYPE_CARBON_FOOTPRINT, "exempted_share", "percent"},
    {"pcfAssessmentAndMethodology.verificationAndCertificationShares.productVerificationShare1stParty",
     SECTION_TYPE_CARBON_FOOTPRINT, "verification.first_party_share", "percent"},
    {"pcfAssessmentAndMethodology.verificationAndCertificationShares.productVerificationShare2ndParty",
     SECTION_TYPE_CARBON_FOOTPRINT, "verification.second_party_share", "percent"},
    {"pcfAssessmentAndMethodology.verificationAndCertificationShares.productVerificationShare3rdParty",
     SECTION_TYPE_CARBON_FOOTPRINT, "verification.third_party_share", "percent"},
};

constexpr CodeRow kDeclaredUnits[] = {{"piece", "DECLARED_UNIT_PIECE"},
                                      {"kilogram", "DECLARED_UNIT_KILOGRAM"},
                                      {"liter", "DECLARED_UNIT_LITRE"},
                                      {"cubic meter", "DECLARED_UNIT_CUBIC_METRE"},
                                      {"square meter", "DECLARED_UNIT_SQUARE_METRE"},
                                      {"kilowatt hour", "DECLARED_UNIT_KILOWATT_HOUR"},
                                      {"megajoule", "DECLARED_UNIT_MEGAJOULE"},
                                      {"ton kilometer", "DECLARED_UNIT_TONNE_KILOMETRE"}};
constexpr CodeRow kBoundaries[] = {{"Cradle-to-gate", "SYSTEM_BOUNDARY_CRADLE_TO_GATE"},
                                   {"Cradle-to-grave", "SYSTEM_BOUNDARY_CRADLE_TO_GRAVE"}};
constexpr CodeRow kPotentials[] = {{"AR5", "GLOBAL_WARMING_POTENTIAL_AR5"}, {"AR6", "GLOBAL_WARMING_POTENTIAL_AR6"}};
constexpr CodeRow kAllocations[] = {{"cut-off", "RECYCLING_ALLOCATION_CUT_OFF"},
                                    {"upstream system expansion", "RECYCLING_ALLOCATION_UPSTREAM_SYSTEM_EXPANSION"}};
constexpr CodeRow kAnswers[] = {{"true", "ANSWER_YES"}, {"false", "ANSWER_NO"}};
constexpr CodeRow kStandards[] = {{"ISO 14067", "FOOTPRINT_STANDARD_ISO_14067"},
                                  {"GHG Protocol", "FOOTPRINT_STANDARD_GHG_PROTOCOL_PRODUCT"},
                                  {"PEF", "FOOTPRINT_STANDARD_PEF"}};

// In version 9 every group is an array of one; taken apart, paths are plain names.
void OpenArraysOfOne(InputNode& node) {
  for (InputNode& child : node.children) {
    if (child.kind == InputNode::Kind::kArray && child.children.size() == 1 && child.children[0].is_object() &&
        !child.children[0].is_leaf()) {
      InputNode only = std::move(child.children[0]);
      only.name = child.name;
      child = std::move(only);
    }
    OpenArraysOfOne(child);
  }
}

void ReadClassifications(DocumentDraft& draft, InputNode* list) {
  constexpr absl::string_view kGtin = "urn:gtin:";
  constexpr size_t kGtinDigits = 14;
  if (list == nullptr) {
    return;
  }
  for (InputNode& element : list->children) {
    absl::string_view gtin = element.text;
    if (absl::ConsumePrefix(&gtin, kGtin) && gtin.size() <= kGtinDigits) {
      draft.SetAs(draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY), "gtin", &element,
                  absl::StrCat(std::string(kGtinDigits - gtin.size(), '0'), gtin));
    }
  }
}

void ReadFootprint(DocumentDraft& draft, InputNode& root) {
  const auto at = [&root](absl::string_view path) { return DocumentDraft::At(&root, path); };
  auto& footprint = draft.Section<v1::CarbonFootprint>(SECTION_TYPE_CARBON_FOOTPRINT);
  const std::string method = "pcfAssessmentAndMethodology.pcfMethodology.";
  SetCode(draft, footprint, "declared_unit",
          at("companyAndProductInformation.productInformation.declaredUnitOfMeasurement"), kDeclaredUnits);
  SetCode(draft, footprint, "boundary", at("scopeOfPcfForm.partialFullPcf"), kBoundaries);
  DocumentDraft::Imply(at("scopeOfPcfForm.specVersion"));
  SetCode(draft, footprint, "global_warming_potential",
          at(method + "gwpCharacterizationFactorDetails.ipccCharacterizationFactors"), kPotentials);
  SetCode(draft, footprint, "recycling_allocation", at(method + "allocationInForeground.allocationRecycledCarbon"),
          kAllocations);
  SetCode(draft, footprint, "mass_balance_used", at(method + "massBalancingInformation.massBalancingUsed"), kAnswers);
  if (InputNode* standards = at(method + "standards.crossSectoralStandards")) {
    for (InputNode& standard : standards->children) {
      SetCode(draft, footprint, "standards[]", &standard, kStandards);
    }
  }
  const std::string time = "pcfAssessmentAndMethodology.pcfAssessmentInformation.time.";
  SetDate(draft, *footprint.mutable_reference_period(), "start", at(time + "referencePeriodStart"));
  SetDate(draft, *footprint.mutable_reference_period(), "end", at(time + "referencePeriodEnd"));
  SetDate(draft, *footprint.mutable_validity(), "start", at(time + "validityPeriodStart"));
  SetDate(draft, *footprint.mutable_validity(), "end", at(time + "validityPeriodEnd"));
}

// ---- dismantling

struct RemovalRow {
  const char* name;
  v1::RemovalItemCode code;
};
constexpr RemovalRow kRemovals[] = {
    {"componentContainingMercury", v1::REMOVAL_ITEM_CODE_MERCURY_COMPONENT},
    {"refrigerant", v1::REMOVAL_ITEM_CODE_REFRIGERANT},
    {"airConditioningFluid", v1::REMOVAL_ITEM_CODE_REFRIGERANT},
    {"pyrotechnic", v1::REMOVAL_ITEM_CODE_AIR_BAG},
    {"brakeFluid", v1::REMOVAL_ITEM_CODE_BRAKE_FLUID},
    {"fuel", v1::REMOVAL_ITEM_CODE_FUEL},
    {"motorOil", v1::REMOVAL_ITEM_CODE_ENGINE_OIL},
    {"coolingLiquid", v1::REMOVAL_ITEM_CODE_COOLANT},
    {"catalyticConverter", v1::REMOVAL_ITEM_CODE_CATALYST},
    {"tyre", v1::REMOVAL_ITEM_CODE_TYRE},
    {"electricVehicleBattery", v1::REMOVAL_ITEM_CODE_BATTERY},
    {"sliBattery", v1::REMOVAL_ITEM_CODE_BATTERY},
};

void ReadRemovals(DocumentDraft& draft, InputNode* group) {
  if (group == nullptr) {
    return;
  }
  auto& dismantling = draft.Section<v1::Dismantling>(SECTION_TYPE_DISMANTLING);
  for (const RemovalRow& row : kRemovals) {
    InputNode* part = group->Find(row.name);
    InputNode* present = part == nullptr ? nullptr : part->Find("isPresent");
    if (present == nullptr) {
      continue;
    }
    v1::RemovalItem& item = *dismantling.add_removal_items();
    item.set_code(row.code);
    draft.Set(item, "present", present);
    InputNode* detail = part->Find("itemDetail") != nullptr ? part->Find("itemDetail") : part->Find("partDetail");
    draft.Set(item, "quantity", DocumentDraft::At(detail, "number"));
    draft.Set(item, "location.en", DocumentDraft::At(detail, "location"));
    draft.Set(item, "instruction.en", DocumentDraft::At(detail, "removalInstruction"));
    draft.Set(item, "treatment.en", DocumentDraft::At(detail, "treatmentTechnique"));
    InputNode* weight = DocumentDraft::At(detail, "weight");
    InputNode* unit = DocumentDraft::At(weight, "unit");
    if (unit != nullptr && draft.Set(item, "mass_kg", DocumentDraft::At(weight, "value"), unit->text)) {
      DocumentDraft::Imply(unit);
    }
  }
}

// ---- versions

struct AspectVersion {
  absl::string_view name;
  absl::string_view major;
};
constexpr AspectVersion kPassportVersions[] = {{"battery_pass", "6"}, {"digital_product_passport", "7"}};

// Another major version may say the same with other names, or another thing with the same. `urn` is as in
// urn:io.catenax.generic.digital_product_passport:7.0.0.
absl::Status CheckPassportVersion(absl::string_view urn) {
  for (const AspectVersion& known : kPassportVersions) {
    const size_t at = urn.find(absl::StrCat(known.name, ":"));
    if (at == absl::string_view::npos) {
      continue;
    }
    const absl::string_view version = urn.substr(at + known.name.size() + 1);
    if (version.substr(0, version.find('.')) != known.major) {
      return Error(absl::StatusCode::kInvalidArgument, "ASPECT_VERSION",
                   absl::StrCat("the file is a ", known.name, " of version ", version, "; this program reads version ",
                                known.major, ": export it as that"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsCatenaXPassport(InputNode& root) {
  InputNode* version = root.Find("specVersion");
  if (version == nullptr) {
    version = DocumentDraft::At(&root, "metadata.specVersion");
  }
  return version != nullptr && (absl::StrContains(version->text, "battery_pass") ||
                                absl::StrContains(version->text, "digital_product_passport"));
}

absl::Status ReadCatenaXPassport(InputNode& root, TakeRecord take) {
  DocumentDraft draft(root, RECORD_TYPE_PRODUCT_PASSPORT);
  const auto at = [&root](absl::string_view path) { return DocumentDraft::At(&root, path); };
  for (const InputNode* version : {root.Find("specVersion"), at("metadata.specVersion")}) {
    if (version != nullptr) {
      MEGURI_RETURN_IF_ERROR(CheckPassportVersion(version->text));
    }
  }
  DocumentDraft::Imply(root.Find("specVersion"));
  DocumentDraft::Imply(at("metadata.specVersion"));
  auto& identity = draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY);
  ReadPart(draft, at("identification.identification.type"), identity);
  ReadPart(draft, at("identification.partTypeInformation"), identity);
  bool is_item = SetKeyed(draft, identity, "serial", at("identification.identification.serial"));
  is_item = SetKeyed(draft, identity, "serial", at("identification.serialInformation")) || is_item;
  bool is_batch = SetKeyed(draft, identity, "lot", at("identification.identification.batch"));
  is_batch = SetKeyed(draft, identity, "lot", at("identification.batchInformation")) || is_batch;
  identity.set_granularity(is_item ? v1::GRANULARITY_ITEM : is_batch ? v1::GRANULARITY_BATCH : v1::GRANULARITY_MODEL);
  ReadCodes(draft, at("identification.identification.codes"), identity);
  ReadCodes(draft, at("identification.codes"), identity);
  SetCode(draft, identity, "product_status", at("sustainability.status"), kStatus);
  SetCode(draft, identity, "product_status", at("sustainability.productStatus"), kStatus);
  AddTwinId(draft, at("metadata.passportIdentifier"));
  SetLeaves(draft, root, kPassportRows);
  ReadCatenaXLife(root, draft);
  OfferCatenaXSections(root, draft);
  if (root.Find("specVersion") != nullptr) {
    identity.set_product_group("battery");
  }
  if (InputNode* materials = at("materials.composition")) {
    ReadBatteryMaterials(draft, *materials);
  }
  if (InputNode* materials = at("composition.materialInformation.materials")) {
    ReadProductMaterials(draft, *materials);
  }
  return Finish(std::move(draft), take);
}

bool IsCatenaXFootprint(InputNode& root) {
  return root.Find("scopeOfPcfForm") != nullptr && root.Find("pcfAssessmentAndMethodology") != nullptr;
}

absl::Status ReadCatenaXFootprint(InputNode& root, TakeRecord take) {
  OpenArraysOfOne(root);
  DocumentDraft draft(root, RECORD_TYPE_PRODUCT_PASSPORT);
  draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY).set_granularity(v1::GRANULARITY_MODEL);
  SetLeaves(draft, root, kFootprintRows);
  ReadClassifications(
      draft, DocumentDraft::At(&root, "companyAndProductInformation.productInformation.productClassifications"));
  ReadFootprint(draft, root);
  return Finish(std::move(draft), take);
}

bool IsCatenaXDismantling(InputNode& root) {
  return root.Find("mandatoryRemoval") != nullptr && root.Find("depollutionRequirement") != nullptr;
}

absl::Status ReadCatenaXDismantling(InputNode& root, TakeRecord take) {
  DocumentDraft draft(root, RECORD_TYPE_PRODUCT_PASSPORT);
  AddTwinId(draft, root.Find("catenaXId"));
  draft.Set(draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY), "model_number", root.Find("derivate"));
  ReadRemovals(draft, DocumentDraft::At(&root, "depollutionRequirement.component"));
  ReadRemovals(draft, DocumentDraft::At(&root, "depollutionRequirement.fluid"));
  ReadRemovals(draft, root.Find("mandatoryRemoval"));
  return Finish(std::move(draft), take);
}

}  // namespace meguri::passport
