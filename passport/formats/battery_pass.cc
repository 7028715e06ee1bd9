// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/battery_pass.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/consumer_return.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "meguri/passport/v1/test_reports.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/critical_materials.h"
#include "passport/formats/document.h"
#include "passport/formats/document_quantities.h"
#include "passport/formats/document_text.h"
#include "passport/formats/leaf_rows.h"

namespace meguri::passport {
namespace {

using record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
using record::v1::SECTION_TYPE_CARBON_FOOTPRINT;
using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_COMPOSITION_SUMMARY;
using record::v1::SECTION_TYPE_CONSUMER_RETURN;
using record::v1::SECTION_TYPE_DURABILITY;
using record::v1::SECTION_TYPE_HAZARD_SUMMARY;
using record::v1::SECTION_TYPE_IDENTITY;
using record::v1::SECTION_TYPE_ITEM_STATE;
using record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION;
using record::v1::SECTION_TYPE_TEST_REPORTS;

// A field that only this part has.
constexpr const char* kMarks[] = {"batteryPassportIdentifier", "absoluteCarbonFootprint",
                                  "batteryMaterials",          "batteryTechicalProperties",
                                  "declarationOfConformity",   "supplyChainDueDiligenceReport"};

constexpr LeafRow kRows[] = {
    {"productIdentifier", SECTION_TYPE_IDENTITY, "model_number"},
    {"batteryMass", SECTION_TYPE_IDENTITY, "mass_kg", "kg"},
    {"batteryCarbonFootprint", SECTION_TYPE_CARBON_FOOTPRINT, "kg_co2e"},
    {"carbonFootprintPerformanceClass", SECTION_TYPE_CARBON_FOOTPRINT, "performance_class"},
    {"carbonFootprintStudy", SECTION_TYPE_CARBON_FOOTPRINT, "study.uri"},
    {"declarationOfConformity", SECTION_TYPE_HAZARD_SUMMARY, "declaration_of_conformity.uri"},
    {"batteryChemistry.clearName", SECTION_TYPE_COMPOSITION_SUMMARY, "chemistry.en"},
    {"batteryTechicalProperties.ratedEnergy", SECTION_TYPE_DURABILITY, "rated_capacity_kwh", "kWh"},
    {"batteryTechicalProperties.roundtripEfficiency", SECTION_TYPE_DURABILITY, "round_trip_efficiency", "percent"},
    {"batteryTechicalProperties.capacityThresholdForExhaustion", SECTION_TYPE_DURABILITY, "capacity_threshold_fraction",
     "percent"},
    {"batteryTechicalProperties.expectedNumberOfCycles", SECTION_TYPE_DURABILITY, "usage_cycles"},
    {"batteryCondition.numberOfFullCycles.numberOfFullCyclesValue", SECTION_TYPE_ITEM_STATE, "full_cycles"},
    {"batteryCondition.energyThroughput", SECTION_TYPE_ITEM_STATE, "energy_throughput_kwh", "kWh"},
    {"batteryCondition.stateOfCertifiedEnergy.stateOfCertifiedEnergyValue", SECTION_TYPE_ITEM_STATE,
     "state_of_certified_energy", "percent"},
    {"batteryCondition.stateOfCharge.stateOfChargeValue", SECTION_TYPE_ITEM_STATE, "state_of_charge", "percent"},
    {"batteryCondition.remainingEnergy.remainingEnergyalue", SECTION_TYPE_ITEM_STATE, "remaining_capacity_kwh", "kWh"},
    {"batteryCondition.remainingRoundTripEnergyEfficiency.remainingRoundTripEnergyEfficiencyValue",
     SECTION_TYPE_ITEM_STATE, "round_trip_efficiency", "percent"},
};

constexpr CodeRow kStatus[] = {{"Original", "PRODUCT_STATUS_ORIGINAL"},
                               {"Repurposed", "PRODUCT_STATUS_REPURPOSED"},
                               {"Reused", "PRODUCT_STATUS_REUSED"},
                               {"Remanufactured", "PRODUCT_STATUS_REMANUFACTURED"},
                               {"Waste", "PRODUCT_STATUS_WASTE"}};

constexpr CodeRow kStages[] = {{"RawMaterialExtraction", "LIFE_CYCLE_STAGE_RAW_MATERIAL"},
                               {"MainProduction", "LIFE_CYCLE_STAGE_PRODUCTION"},
                               {"Distribution", "LIFE_CYCLE_STAGE_DISTRIBUTION"},
                               {"Recycling", "LIFE_CYCLE_STAGE_END_OF_LIFE"}};

void ReadIdentity(InputNode& root, DocumentDraft& draft) {
  auto& identity = draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY);
  identity.set_product_group("battery");
  identity.set_granularity(v1::GRANULARITY_ITEM);  // a battery passport is that of one battery
  SetCode(draft, identity, "product_status", root.Find("batteryStatus"), kStatus);
  SetDate(draft, identity, "produced_on", root.Find("manufacturingDate"));
  InputNode* passport = root.Find("batteryPassportIdentifier");
  if (passport != nullptr) {
    v1::Identifier& identifier = *identity.add_identifiers();
    identifier.set_scheme(v1::IDENTIFIER_SCHEME_URI);
    draft.Set(identifier, "value", passport);
  }
}

// Of the whole pack: the section has one figure. Returns when it was taken.
InputNode* ReadResistance(InputNode* increases, DocumentDraft& draft, v1::ItemState& state) {
  for (size_t i = 0; increases != nullptr && i < increases->children.size(); ++i) {
    InputNode& element = increases->children[i];
    InputNode* component = element.Find("batteryComponent");
    if (component != nullptr && component->text == "pack" &&
        draft.Set(state, "internal_resistance_increase", element.Find("internalResistanceIncreaseValue"), "percent")) {
      DocumentDraft::Imply(component);
      return element.Find("lastUpdate");
    }
  }
  return nullptr;
}

// The state in the file of performance and the start of service in that of the product are parts of one section. If
// its values have different times, it has none, and is refused until the user says which.
void ReadState(InputNode& root, DocumentDraft& draft) {
  InputNode* service = root.Find("puttingIntoService");
  if (service != nullptr) {
    SetDate(draft, draft.Section<v1::ItemState>(SECTION_TYPE_ITEM_STATE), "put_into_service_on", service);
  }
  InputNode* condition = root.Find("batteryCondition");
  if (condition == nullptr) {
    return;
  }
  auto& state = draft.Section<v1::ItemState>(SECTION_TYPE_ITEM_STATE);
  SetRemaining(draft, state, "remaining_power_fraction", condition->Find("powerFade"), "percent");
  std::vector<InputNode*> times;
  for (const char* name : {"stateOfCharge", "numberOfFullCycles", "remainingEnergy", "stateOfCertifiedEnergy",
                           "remainingRoundTripEnergyEfficiency"}) {
    times.push_back(DocumentDraft::At(condition->Find(name), "lastUpdate"));
  }
  times.push_back(ReadResistance(condition->Find("internalResistanceIncrease"), draft, state));
  std::erase(times, nullptr);
  const bool agree =
      std::all_of(times.begin(), times.end(), [&](const InputNode* time) { return time->text == times.front()->text; });
  if (agree && !times.empty() && SetTime(draft, state, "as_of", times.front())) {
    for (InputNode* time : times) {
      DocumentDraft::ImplySame(time, times.front());
    }
  }
}

void ReadLifetime(InputNode& root, DocumentDraft& draft) {
  InputNode* years = DocumentDraft::At(&root, "batteryTechicalProperties.expectedLifetime");
  if (draft.SetPath(SECTION_TYPE_DURABILITY, "technical_life.value", years)) {
    draft.Section<v1::Durability>(SECTION_TYPE_DURABILITY).mutable_technical_life()->set_unit(v1::LIFETIME_UNIT_YEAR);
  }
}

// The class and the place; a declaration of the substance needs its law, list and threshold.
void ReadHazards(InputNode& substances, DocumentDraft& draft) {
  for (InputNode& element : substances.children) {
    v1::HazardClass hazard;
    if (draft.Set(hazard, "hazard_class", element.Find("hazardousSubstanceClass"))) {
      SetText(draft, *hazard.mutable_location(),
              DocumentDraft::At(&element, "hazardousSubstanceLocation.componentName"));
      *draft.Section<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY).add_hazard_classes() = std::move(hazard);
    }
  }
}

// Which substance it is goes into the declaration, which needs its law, list and threshold. What the concentration is a
// share of, the format does not say.
void OfferSubstances(InputNode& substances, DocumentDraft& draft) {
  draft.Offer<v1::SubstanceDeclaration>(SECTION_TYPE_SUBSTANCE_DECLARATION, [&](v1::SubstanceDeclaration& section) {
    for (InputNode& element : substances.children) {
      v1::DeclaredSubstance& substance = *section.add_substances();
      SetText(draft, *substance.mutable_name(), element.Find("hazardousSubstanceName"));
      v1::SubstanceIdentifier identifier;
      if (draft.Set(identifier, "value", element.Find("hazardousSubstanceIdentifier"))) {
        identifier.set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
        *substance.add_identifiers() = std::move(identifier);
      }
      SetText(draft, *substance.mutable_location(),
              DocumentDraft::At(&element, "hazardousSubstanceLocation.componentName"));
    }
  });
}

// How to return the battery, and of a report its laboratory and day, are for the user.
void OfferLabelsAndReport(InputNode& root, DocumentDraft& draft) {
  draft.Offer<v1::ConsumerReturn>(SECTION_TYPE_CONSUMER_RETURN, [&](v1::ConsumerReturn& section) {
    InputNode* labels = root.Find("labels");
    for (size_t i = 0; labels != nullptr && i < labels->children.size(); ++i) {
      InputNode& element = labels->children[i];
      v1::LabelMeaning label;
      if (draft.Set(label, "mark", element.Find("labelingSubject"))) {
        SetTexts(draft, *label.mutable_meaning(), element.Find("labelingMeaning"));
        *section.add_labels() = std::move(label);
      }
    }
  });
  draft.Offer<v1::TestReportList>(SECTION_TYPE_TEST_REPORTS, [&](v1::TestReportList& list) {
    v1::Media report;
    if (SetMedia(draft, report, root.Find("resultOfTestReport"))) {
      *list.add_reports()->mutable_file() = std::move(report);
    }
  });
}

void ReadStages(InputNode& stages, DocumentDraft& draft) {
  auto& footprint = draft.Section<v1::CarbonFootprint>(SECTION_TYPE_CARBON_FOOTPRINT);
  for (InputNode& element : stages.children) {
    v1::StageEmission stage;
    if (SetCode(draft, stage, "stage", element.Find("lifecycleStage"), kStages)) {
      draft.Set(stage, "kg_co2e", element.Find("carbonFootprint"));
      *footprint.add_stages() = std::move(stage);
    }
  }
}

void ReadMaterials(InputNode& materials, DocumentDraft& draft) {
  auto& composition = draft.Section<v1::Composition>(SECTION_TYPE_COMPOSITION);
  for (InputNode& element : materials.children) {
    v1::CompositionNode& node = *composition.add_nodes();
    node.set_kind(v1::COMPOSITION_NODE_KIND_MATERIAL);
    SetText(draft, *node.mutable_name(), element.Find("batteryMaterialName"));
    draft.Set(node, "mass_kg", element.Find("batteryMaterialMass"), "kg");
    draft.Set(node, "location.en", DocumentDraft::At(&element, "batteryMaterialLocation.componentName"));
    draft.Set(node, "part_number", DocumentDraft::At(&element, "batteryMaterialLocation.componentId"));
    v1::SubstanceIdentifier identifier;
    if (draft.Set(identifier, "value", element.Find("batteryMaterialIdentifier"))) {
      identifier.set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
      *node.add_identifiers() = std::move(identifier);
    }
    InputNode* place = DocumentDraft::At(&element, "batteryMaterialLocation.componentName");
    AddCriticalMaterial(draft, {.is_critical = element.Find("isCriticalRawMaterial"),
                                .cas_number = element.Find("batteryMaterialIdentifier"),
                                .amount = element.Find("batteryMaterialMass"),
                                .amount_field = "mass_kg",
                                .unit = "kg",
                                .location = place,
                                .location_text = place == nullptr ? absl::string_view() : place->text});
  }
}

}  // namespace

bool IsBatteryPass(InputNode& root) {
  return root.is_object() &&
         std::any_of(std::begin(kMarks), std::end(kMarks),
                     [&root](const char* mark) { return root.Find(mark) != nullptr; }) &&
         root.Find("specVersion") == nullptr && root.Find("digitalProductPassportId") == nullptr;
}

absl::Status ReadBatteryPass(InputNode& root, TakeRecord take) {
  DocumentDraft draft(root, RECORD_TYPE_PRODUCT_PASSPORT);
  if (root.Find("batteryPassportIdentifier") != nullptr) {
    ReadIdentity(root, draft);
  }
  SetLeaves(draft, root, kRows);
  ReadState(root, draft);
  ReadLifetime(root, draft);
  if (InputNode* substances = root.Find("hazardousSubstances")) {
    ReadHazards(*substances, draft);
    OfferSubstances(*substances, draft);
  }
  if (InputNode* stages = root.Find("carbonFootprintPerLifecycleStage")) {
    ReadStages(*stages, draft);
  }
  if (InputNode* materials = root.Find("batteryMaterials")) {
    ReadMaterials(*materials, draft);
  }
  OfferLabelsAndReport(root, draft);
  ImportedRecord record = std::move(draft).Take();
  return take(record);
}

}  // namespace meguri::passport
