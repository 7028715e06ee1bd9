// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/open_epcis_sections.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/certification.pb.h"
#include "meguri/passport/v1/consumer_return.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/facility.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/passport/v1/test_reports.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/document_quantities.h"
#include "passport/formats/document_text.h"
#include "passport/formats/leaf_rows.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_CARBON_FOOTPRINT;
using record::v1::SECTION_TYPE_CERTIFICATION;
using record::v1::SECTION_TYPE_CONSUMER_RETURN;
using record::v1::SECTION_TYPE_DISMANTLING;
using record::v1::SECTION_TYPE_DURABILITY;
using record::v1::SECTION_TYPE_FACILITY;
using record::v1::SECTION_TYPE_HAZARD_SUMMARY;
using record::v1::SECTION_TYPE_IDENTITY;
using record::v1::SECTION_TYPE_ITEM_STATE;
using record::v1::SECTION_TYPE_TEST_REPORTS;

// ---- life and state

constexpr LeafRow kLifeRows[] = {
    {"technicalSpecifications.ratedEnergy.value", SECTION_TYPE_DURABILITY, "rated_capacity_kwh", ".unitCode"},
    {"technicalSpecifications.expectedCycleLife", SECTION_TYPE_DURABILITY, "usage_cycles"},
    {"technicalSpecifications.roundTripEfficiency", SECTION_TYPE_DURABILITY, "round_trip_efficiency", "percent"},
    {"technicalSpecifications.capacityThresholdForExhaustion", SECTION_TYPE_DURABILITY, "capacity_threshold_fraction",
     "percent"},
    {"softwareSupport.securityUpdateEndDate", SECTION_TYPE_DURABILITY, "software_support_until"},
};

constexpr LeafRow kStateRows[] = {
    {"puttingIntoService", SECTION_TYPE_ITEM_STATE, "put_into_service_on"},
    {"stateOfHealth.value", SECTION_TYPE_ITEM_STATE, "state_of_health", ".unitCode"},
    {"stateOfCharge.value", SECTION_TYPE_ITEM_STATE, "state_of_charge", ".unitCode"},
    {"remainingEnergy.value", SECTION_TYPE_ITEM_STATE, "remaining_capacity_kwh", ".unitCode"},
    {"remainingRoundTripEfficiency.value", SECTION_TYPE_ITEM_STATE, "round_trip_efficiency", ".unitCode"},
    {"internalResistanceIncrease.value", SECTION_TYPE_ITEM_STATE, "internal_resistance_increase", ".unitCode"},
    {"energyThroughput.value", SECTION_TYPE_ITEM_STATE, "energy_throughput_kwh", ".unitCode"},
    {"numberOfFullCycles", SECTION_TYPE_ITEM_STATE, "full_cycles"},
};

void ReadSpareParts(InputNode& root, DocumentDraft& draft) {
  InputNode* components = DocumentDraft::At(&root, "billOfMaterials.components");
  if (components == nullptr) {
    return;
  }
  for (InputNode& component : components->children) {
    if (component.Find("sparePartAvailabilityYears") == nullptr && component.Find("sparePartPrice") == nullptr) {
      continue;  // a component that nobody sells
    }
    v1::SparePart part;
    if (draft.Set(part, "part_number", component.Find("componentPartNumber"))) {
      SetTexts(draft, *part.mutable_name(), component.Find("name"));
      *draft.Section<v1::Durability>(SECTION_TYPE_DURABILITY).add_spare_parts() = std::move(part);
    }
  }
}

void ReadLife(InputNode& root, DocumentDraft& draft) {
  SetLeaves(draft, root, kLifeRows);
  InputNode* years = DocumentDraft::At(&root, "technicalSpecifications.expectedLifetimeYears");
  if (draft.SetPath(SECTION_TYPE_DURABILITY, "technical_life.value", years)) {
    draft.Section<v1::Durability>(SECTION_TYPE_DURABILITY).mutable_technical_life()->set_unit(v1::LIFETIME_UNIT_YEAR);
  }
  v1::Durability warranty;
  InputNode* duration = DocumentDraft::At(&root, "manufacturersWarranty.durationOfWarranty");
  if (SetMonths(draft, warranty, "warranty_months", DocumentDraft::At(duration, "value"),
                DocumentDraft::At(duration, "unitCode"))) {
    draft.Section<v1::Durability>(SECTION_TYPE_DURABILITY).set_warranty_months(warranty.warranty_months());
  }
  ReadSpareParts(root, draft);
}

// The state of one piece, at the time of the last update of its data.
void OfferState(InputNode& root, DocumentDraft& draft) {
  if (draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY).granularity() != v1::GRANULARITY_ITEM) {
    return;
  }
  draft.Offer<v1::ItemState>(SECTION_TYPE_ITEM_STATE, [&](v1::ItemState& state) {
    SetLeaves(draft, root, kStateRows);
    // It is said as a share, or as an energy, for which there is no place.
    InputNode* certified = root.Find("stateOfCertifiedEnergy");
    InputNode* share = DocumentDraft::At(certified, "unitCode");
    if (share != nullptr && share->text == "P1" &&
        draft.Set(state, "state_of_certified_energy", certified->Find("value"), share->text)) {
      DocumentDraft::Imply(share);
    }
    InputNode* fade = root.Find("powerFade");
    if (InputNode* unit = DocumentDraft::At(fade, "unitCode")) {
      SetRemaining(draft, state, "remaining_power_fraction", DocumentDraft::At(fade, "value"), unit->text);
      DocumentDraft::Imply(unit);
    }
    InputNode* cycles = root.Find("cycleCount");
    if (cycles != nullptr && root.Find("numberOfFullCycles") != nullptr &&
        cycles->text == root.Find("numberOfFullCycles")->text) {
      DocumentDraft::Imply(cycles);  // says the same once more
    }
    if (state.ByteSizeLong() == 0) {
      return;
    }
    InputNode* time = root.Find("lastDataUpdate");
    SetTime(draft, state, "as_of", time == nullptr ? root.Find("lastUpdated") : time);
    DocumentDraft::ImplySame(root.Find("lastUpdated"), time);
  });
}

// ---- footprint

constexpr LeafRow kFootprintRows[] = {
    {"carbonFootprintTotal.value", SECTION_TYPE_CARBON_FOOTPRINT, "kg_co2e"},
    {"carbonFootprintTotal", SECTION_TYPE_CARBON_FOOTPRINT, "kg_co2e"},
    {"carbonFootprintStudyUrl", SECTION_TYPE_CARBON_FOOTPRINT, "study.uri"},
    {"primarySourcedRatio", SECTION_TYPE_CARBON_FOOTPRINT, "primary_data_share", "fraction"},
    {"thirdPartyVerification.verificationBodyName", SECTION_TYPE_CARBON_FOOTPRINT, "verification.verifier"},
    {"thirdPartyVerification.verificationCertificateUrl", SECTION_TYPE_CARBON_FOOTPRINT, "verification.statement.uri"},
};
struct StageRow {
  const char* name;
  v1::LifeCycleStage stage;
};
constexpr StageRow kStages[] = {
    {"carbonFootprintRawMaterialExtraction", v1::LIFE_CYCLE_STAGE_RAW_MATERIAL},
    {"carbonFootprintProduction", v1::LIFE_CYCLE_STAGE_PRODUCTION},
    {"carbonFootprintDistribution", v1::LIFE_CYCLE_STAGE_DISTRIBUTION},
    {"carbonFootprintRecycling", v1::LIFE_CYCLE_STAGE_END_OF_LIFE},
};
constexpr CodeRow kBoundaries[] = {{"CradleToGate", "SYSTEM_BOUNDARY_CRADLE_TO_GATE"},
                                   {"CradleToGrave", "SYSTEM_BOUNDARY_CRADLE_TO_GRAVE"}};
struct PrefixRow {
  absl::string_view prefix;
  const char* name;
};
constexpr PrefixRow kStandards[] = {{"ISO 14067", "FOOTPRINT_STANDARD_ISO_14067"},
                                    {"GHG Protocol", "FOOTPRINT_STANDARD_GHG_PROTOCOL_PRODUCT"},
                                    {"PEF", "FOOTPRINT_STANDARD_PEF"}};
constexpr PrefixRow kDeclaredUnits[] = {{"1 kWh ", "DECLARED_UNIT_KILOWATT_HOUR"},
                                        {"kg CO2e/unit", "DECLARED_UNIT_PIECE"}};
constexpr absl::string_view kClassPrefix = "CFClass";

bool SetByPrefix(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* leaf,
                 absl::Span<const PrefixRow> rows) {
  for (const PrefixRow& row : rows) {
    if (leaf != nullptr && absl::StartsWith(leaf->text, row.prefix)) {
      return draft.SetAs(message, field, leaf, row.name);
    }
  }
  return false;
}

void ReadStages(InputNode& declaration, DocumentDraft& draft, v1::CarbonFootprint& footprint) {
  for (const StageRow& row : kStages) {
    InputNode* quantity = declaration.Find(row.name);
    InputNode* unit = DocumentDraft::At(quantity, "unitCode");
    v1::StageEmission stage;
    if (unit != nullptr && unit->text == "KGM" && draft.Set(stage, "kg_co2e", quantity->Find("value"))) {
      DocumentDraft::Imply(unit);
      stage.set_stage(row.stage);
      *footprint.add_stages() = std::move(stage);
    }
  }
}

void OfferFootprint(InputNode& root, DocumentDraft& draft) {
  InputNode* declaration = root.Find("carbonFootprintDeclaration");
  if (declaration == nullptr) {
    declaration = root.Find("emissionsPerformance");
  }
  if (declaration == nullptr) {
    return;
  }
  draft.Offer<v1::CarbonFootprint>(SECTION_TYPE_CARBON_FOOTPRINT, [&](v1::CarbonFootprint& footprint) {
    SetLeaves(draft, *declaration, kFootprintRows);
    DocumentDraft::Imply(DocumentDraft::At(declaration, "carbonFootprintTotal.unitCode"));
    ReadStages(*declaration, draft, footprint);
    InputNode* unit = declaration->Find("functionalUnit");
    if (SetByPrefix(draft, footprint, "declared_unit", unit != nullptr ? unit : declaration->Find("declaredUnit"),
                    kDeclaredUnits)) {
      footprint.mutable_declared_amount()->set_value("1");
    }
    SetByPrefix(draft, footprint, "standards[]", declaration->Find("calculationStandard"), kStandards);
    if (InputNode* scope = OpenEpcisLeaf(declaration->Find("operationalScope"))) {
      for (const CodeRow& row : kBoundaries) {
        if (row.text == LastPartOf(scope->text)) {
          draft.SetAs(footprint, "boundary", scope, row.name);
        }
      }
    }
    InputNode* grade = OpenEpcisLeaf(declaration->Find("carbonFootprintPerformanceClass"));
    if (grade != nullptr && absl::StartsWith(LastPartOf(grade->text), kClassPrefix)) {
      draft.SetAs(footprint, "performance_class", grade, LastPartOf(grade->text).substr(kClassPrefix.size()));
    }
  });
}

// ---- facilities

struct PlaceRow {
  const char* name;
  v1::FacilityRole role;  // if the place does not say its type
};
constexpr PlaceRow kPlaces[] = {{"manufacturingPlace", v1::FACILITY_ROLE_MANUFACTURING},
                                {"facilityInformation", v1::FACILITY_ROLE_UNSPECIFIED}};
constexpr CodeRow kFacilityTypes[] = {{"Assembly", "FACILITY_ROLE_ASSEMBLY"},
                                      {"Manufacturing", "FACILITY_ROLE_MANUFACTURING"},
                                      {"Recycling", "FACILITY_ROLE_RECYCLING"}};

void ReadFacility(InputNode& place, v1::FacilityRole role, DocumentDraft& draft, v1::Facility& facility) {
  for (const char* name : {"globalLocationNumber", "gln"}) {
    v1::FacilityIdentifier identifier;
    if (draft.Set(identifier, "value", place.Find(name))) {
      identifier.set_scheme(v1::FACILITY_IDENTIFIER_SCHEME_GLN);
      *facility.add_identifiers() = std::move(identifier);
    }
  }
  if (InputNode* name = place.Find("name")) {
    SetTexts(draft, *facility.mutable_name(), name);
  }
  InputNode* address = place.Find("address");
  InputNode* country = DocumentDraft::At(address, "addressCountry.countryCode");
  draft.Set(facility, "country", country == nullptr ? DocumentDraft::At(address, "countryCode") : country);
  v1::Text text;
  if (SetJoined(draft, text,
                {{"", DocumentDraft::At(address, "streetAddress")},
                 {", ", DocumentDraft::At(address, "postalCode")},
                 {" ", DocumentDraft::At(address, "addressLocality")}})) {
    *facility.mutable_address() = std::move(text);
  }
  if (!SetCode(draft, facility, "roles[]", place.Find("facilityType"), kFacilityTypes) &&
      role != v1::FACILITY_ROLE_UNSPECIFIED) {
    facility.add_roles(role);
  }
}

void OfferFacilities(InputNode& root, DocumentDraft& draft) {
  draft.Offer<v1::FacilityList>(SECTION_TYPE_FACILITY, [&](v1::FacilityList& list) {
    for (const PlaceRow& row : kPlaces) {
      InputNode* place = root.Find(row.name);
      if (place != nullptr && place->is_object()) {
        ReadFacility(*place, row.role, draft, *list.add_facilities());
      }
    }
  });
}

// ---- conformity

constexpr CodeRow kAnswers[] = {{"true", "ANSWER_YES"}, {"false", "ANSWER_NO"}};

// Links that say once more where the declaration lies.
void ImplyRepeats(InputNode& root, InputNode* link) {
  for (const char* list : {"certification", "referencedFile"}) {
    InputNode* files = root.Find(list);
    for (size_t i = 0; files != nullptr && i < files->children.size(); ++i) {
      DocumentDraft::ImplySame(files->children[i].Find("id"), link);
      DocumentDraft::ImplySame(files->children[i].Find("certificationURI"), link);
    }
  }
}

void ReadConformity(InputNode& root, DocumentDraft& draft) {
  InputNode* link = DocumentDraft::At(&root, "euDeclarationOfConformity.declarationOfConformity");
  if (link == nullptr) {
    link = DocumentDraft::At(&root, "rohsCompliance.rohsDeclarationUrl");
  }
  v1::Media media;
  if (SetMedia(draft, media, link)) {
    *draft.Section<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY).mutable_declaration_of_conformity() = media;
    ImplyRepeats(root, link);
  }
  if (InputNode* conformant = DocumentDraft::At(&root, "rohsCompliance.rohsCompliant")) {
    SetCode(draft, draft.Section<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY), "rohs_conformant", conformant,
            kAnswers);
  }
}

void OfferCertifications(InputNode& root, DocumentDraft& draft) {
  draft.Offer<v1::CertificationList>(SECTION_TYPE_CERTIFICATION, [&](v1::CertificationList& list) {
    InputNode* certifications = root.Find("certification");
    for (size_t i = 0; certifications != nullptr && i < certifications->children.size(); ++i) {
      InputNode& element = certifications->children[i];
      v1::Certification& certification = *list.add_certifications();
      draft.Set(certification, "scheme", element.Find("certificationStandard"));
      draft.Set(certification, "issued_by", element.Find("certificationAgency"));
      draft.Set(certification, "certificate_number", element.Find("certificationIdentification"));
      SetDate(draft, certification, "issue_date", element.Find("certificationStartDate"));
      SetDate(draft, certification, "expiry_date", element.Find("certificationEndDate"));
      if (InputNode* link = element.Find("certificationURI")) {
        SetMedia(draft, *certification.add_evidence(), link);
      }
    }
    if (InputNode* declaration = root.Find("environmentalProductDeclaration")) {
      v1::Certification& certification = *list.add_certifications();
      draft.Set(certification, "scheme", declaration->Find("epdProgramOperator"));
      draft.Set(certification, "certificate_number", declaration->Find("epdRegistrationNumber"));
      SetDate(draft, certification, "expiry_date", declaration->Find("epdValidUntil"));
    }
  });
  draft.Offer<v1::TestReportList>(SECTION_TYPE_TEST_REPORTS, [&](v1::TestReportList& list) {
    v1::TestReport& report = *list.add_reports();
    draft.Set(report, "report_number", root.Find("testReportNumber"));
    SetMedia(draft, *report.mutable_file(), root.Find("resultOfTestReport"));
  });
}

// ---- dismantling and return

constexpr CodeRow kDocuments[] = {{"BillOfMaterial", "DOCUMENT_TYPE_BILL_OF_MATERIAL"},
                                  {"Model3D", "DOCUMENT_TYPE_MODEL_3D"},
                                  {"DismantlingManual", "DOCUMENT_TYPE_DISMANTLING_MANUAL"},
                                  {"RemovalManual", "DOCUMENT_TYPE_REMOVAL_MANUAL"},
                                  {"OtherManual", "DOCUMENT_TYPE_OTHER_MANUAL"},
                                  {"Drawing", "DOCUMENT_TYPE_DRAWING"}};
constexpr absl::string_view kSafetyDataSheet = "SafetyDataSheet";

constexpr LeafRow kDismantlingRows[] = {
    {"numberOfCells", SECTION_TYPE_DISMANTLING, "battery_layout.cell_count"},
    {"numberOfModules", SECTION_TYPE_DISMANTLING, "battery_layout.module_count"},
    {"technicalSpecifications.nominalVoltage.value", SECTION_TYPE_DISMANTLING, "battery_layout.nominal_voltage_v",
     ".unitCode"},
};

InputNode* TypeOfDocument(InputNode& document) { return OpenEpcisLeaf(document.Find("documentType")); }

void ReadSafetyDataSheet(InputNode* documents, DocumentDraft& draft) {
  for (size_t i = 0; documents != nullptr && i < documents->children.size(); ++i) {
    InputNode& document = documents->children[i];
    InputNode* type = TypeOfDocument(document);
    v1::Media media;
    if (type != nullptr && LastPartOf(type->text) == kSafetyDataSheet &&
        !draft.Section<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY).has_safety_data_sheet() &&
        SetMedia(draft, media, document.Find("documentUrl"))) {
      DocumentDraft::Imply(type);
      draft.Set(media, "media_type", document.Find("mimeType"));
      *draft.Section<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY).mutable_safety_data_sheet() = media;
    }
  }
}

void ReadDocuments(InputNode* documents, DocumentDraft& draft, v1::Dismantling& dismantling) {
  for (size_t i = 0; documents != nullptr && i < documents->children.size(); ++i) {
    InputNode& element = documents->children[i];
    InputNode* type = TypeOfDocument(element);
    for (const CodeRow& row : kDocuments) {
      v1::Document document;
      if (type != nullptr && row.text == LastPartOf(type->text) &&
          SetMedia(draft, *document.mutable_file(), element.Find("documentUrl"))) {
        draft.SetAs(document, "type", type, row.name);
        draft.Set(*document.mutable_file(), "media_type", element.Find("mimeType"));
        *dismantling.add_documents() = std::move(document);
      }
    }
  }
}

void OfferDismantling(InputNode& root, DocumentDraft& draft) {
  InputNode* end = root.Find("endOfLifeInfo");
  draft.Offer<v1::Dismantling>(SECTION_TYPE_DISMANTLING, [&](v1::Dismantling& dismantling) {
    SetLeaves(draft, root, kDismantlingRows);
    ReadDocuments(root.Find("dismantlingDocuments"), draft, dismantling);
    v1::Document manual;
    if (SetMedia(draft, *manual.mutable_file(), OpenEpcisLeaf(DocumentDraft::At(end, "dismantlingInstructions")))) {
      manual.set_type(v1::DOCUMENT_TYPE_DISMANTLING_MANUAL);
      *dismantling.add_documents() = std::move(manual);
    }
    v1::Safety safety;
    InputNode* instructions = DocumentDraft::At(end, "safetyInstructionsForDismantling");
    SetMedia(draft, *safety.mutable_instructions(),
             instructions != nullptr ? instructions : DocumentDraft::At(end, "safetyInstructions"));
    InputNode* agent = OpenEpcisLeaf(DocumentDraft::At(end, "extinguishingAgent"));
    if (agent != nullptr && agent->kind == InputNode::Kind::kString && !agent->text.empty()) {
      draft.SetAs(*safety.mutable_measures(), "en", agent, absl::StrCat("Extinguishing agent: ", agent->text));
      DocumentDraft::Imply(DocumentDraft::At(end, "extinguishingAgent.@language"));
    }
    *dismantling.mutable_safety() = std::move(safety);
  });
}

void ReadLabels(InputNode* labels, DocumentDraft& draft, v1::ConsumerReturn& section) {
  for (size_t i = 0; labels != nullptr && i < labels->children.size(); ++i) {
    InputNode& element = labels->children[i];
    InputNode* subject = OpenEpcisLeaf(element.Find("labelSubject"));
    v1::LabelMeaning label;
    SetTexts(draft, *label.mutable_meaning(), element.Find("labelMeaning"));
    if (subject != nullptr && draft.SetAs(label, "mark", subject, LastPartOf(subject->text))) {
      *section.add_labels() = std::move(label);
    }
  }
}

void OfferReturn(InputNode& root, DocumentDraft& draft) {
  constexpr const char* kLinks[] = {"endOfLifeInfo.separateCollection", "endOfLifeInfo.informationOnCollection",
                                    "endOfLifeInfo.wastePrevention", "weeeCompliance.collectionSchemeUrl",
                                    "circularityPerformance.endOfLifeInstructions"};
  draft.Offer<v1::ConsumerReturn>(SECTION_TYPE_CONSUMER_RETURN, [&](v1::ConsumerReturn& section) {
    ReadLabels(root.Find("labels"), draft, section);
    for (const char* link : kLinks) {
      v1::Media media;
      if (SetMedia(draft, media, OpenEpcisLeaf(DocumentDraft::At(&root, link)))) {
        *section.add_documents() = std::move(media);
      }
    }
  });
}

}  // namespace

InputNode* OpenEpcisLeaf(InputNode* node) {
  if (node == nullptr || node->is_leaf()) {
    return node;
  }
  for (const char* language : {"@language", "language"}) {
    const InputNode* tag = node->Find(language);
    if (tag != nullptr && tag->text != "en") {
      return nullptr;
    }
  }
  for (const char* name : {"@id", "id", "@value", "value"}) {
    InputNode* leaf = node->Find(name);
    if (leaf != nullptr && leaf->is_leaf()) {
      return leaf;
    }
  }
  return nullptr;
}

absl::string_view LastPartOf(absl::string_view iri) {
  const size_t mark = iri.find_last_of(":/#");
  return mark == absl::string_view::npos ? iri : iri.substr(mark + 1);
}

void ReadOpenEpcisSections(InputNode& root, DocumentDraft& draft) {
  ReadLife(root, draft);
  ReadConformity(root, draft);
  ReadSafetyDataSheet(root.Find("dismantlingDocuments"), draft);
  OfferState(root, draft);
  OfferFootprint(root, draft);
  OfferFacilities(root, draft);
  OfferCertifications(root, draft);
  OfferDismantling(root, draft);
  OfferReturn(root, draft);
}

}  // namespace meguri::passport
