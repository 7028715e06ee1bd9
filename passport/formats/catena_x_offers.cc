// SPDX-License-Identifier: Apache-2.0
// What passports of Catena-X have for sections that they cannot fill alone.
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/consumer_return.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/facility.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "meguri/passport/v1/test_reports.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/catena_x_aspects.h"
#include "passport/formats/document_text.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_CARBON_FOOTPRINT;
using record::v1::SECTION_TYPE_CONSUMER_RETURN;
using record::v1::SECTION_TYPE_DISMANTLING;
using record::v1::SECTION_TYPE_FACILITY;
using record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION;
using record::v1::SECTION_TYPE_TEST_REPORTS;

constexpr CodeRow kStages[] = {
    {"raw material acquisition and pre-processing", "LIFE_CYCLE_STAGE_RAW_MATERIAL"},
    {"main product production", "LIFE_CYCLE_STAGE_PRODUCTION"},
    {"distribution", "LIFE_CYCLE_STAGE_DISTRIBUTION"},
    {"end of life and recycling", "LIFE_CYCLE_STAGE_END_OF_LIFE"},
};
constexpr absl::string_view kPerKilowattHour = "kg CO2 / kWh";

struct Metal {
  const char* key;
  const char* name;
  const char* cas_number;
};
constexpr Metal kMetals[] = {
    {"cadmium", "Cadmium", "7440-43-9"}, {"mercury", "Mercury", "7439-97-6"}, {"lead", "Lead", "7439-92-1"}};

// The link of one document of a list.
bool SetLink(DocumentDraft& draft, v1::Media& media, InputNode& document) {
  if (!SetMedia(draft, media, document.Find("content"))) {
    return false;
  }
  DocumentDraft::Imply(document.Find("contentType"));
  return true;
}

template <typename Take>
void ForEachLink(DocumentDraft& draft, InputNode* documents, Take take) {
  for (size_t i = 0; documents != nullptr && i < documents->children.size(); ++i) {
    v1::Media media;
    if (SetLink(draft, media, documents->children[i])) {
      take(std::move(media));
    }
  }
}

// One figure a stage; what it is in all is not said.
void OfferFootprint(InputNode* figures, DocumentDraft& draft) {
  if (figures == nullptr || figures->children.empty()) {
    return;
  }
  draft.Offer<v1::CarbonFootprint>(SECTION_TYPE_CARBON_FOOTPRINT, [&](v1::CarbonFootprint& footprint) {
    InputNode* unit = figures->children[0].Find("unit");
    if (unit == nullptr || unit->text != kPerKilowattHour) {
      return;
    }
    draft.SetAs(footprint, "declared_unit", unit, "DECLARED_UNIT_KILOWATT_HOUR");
    footprint.mutable_declared_amount()->set_value("1");
    for (InputNode& element : figures->children) {
      InputNode* other = element.Find("unit");
      v1::StageEmission stage;
      if (other == nullptr || other->text != unit->text ||
          !SetCode(draft, stage, "stage", element.Find("lifecycle"), kStages)) {
        continue;
      }
      if (other != unit) {
        DocumentDraft::Imply(other);
      }
      draft.Set(stage, "kg_co2e", element.Find("value"));
      *footprint.add_stages() = std::move(stage);
    }
    draft.Set(footprint, "performance_class", figures->children[0].Find("performanceClass"));
    InputNode* declaration = figures->children[0].Find("declaration");
    if (declaration != nullptr && !declaration->children.empty()) {
      SetLink(draft, *footprint.mutable_study(), declaration->children[0]);
    }
  });
}

void ReadSubstance(InputNode& element, DocumentDraft& draft, v1::DeclaredSubstance& substance) {
  InputNode* unit = element.Find("materialUnit");
  if (unit != nullptr && draft.Set(substance, "concentration", element.Find("concentration"), unit->text)) {
    DocumentDraft::Imply(unit);
  }
  SetText(draft, *substance.mutable_location(), element.Find("location"));
}

void ReadName(InputNode& names, DocumentDraft& draft, v1::DeclaredSubstance& substance) {
  SetText(draft, *substance.mutable_name(), names.Find("name"));
  InputNode* type = names.Find("type");
  v1::SubstanceIdentifier identifier;
  if (type != nullptr && type->text == "CAS" && draft.Set(identifier, "value", names.Find("id"))) {
    DocumentDraft::Imply(type);
    identifier.set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
    *substance.add_identifiers() = std::move(identifier);
  }
}

// The law, the version of its list and the threshold are for the user.
void OfferSubstances(InputNode* hazardous, DocumentDraft& draft) {
  if (hazardous == nullptr) {
    return;
  }
  draft.Offer<v1::SubstanceDeclaration>(SECTION_TYPE_SUBSTANCE_DECLARATION, [&](v1::SubstanceDeclaration& section) {
    for (const Metal& metal : kMetals) {
      if (InputNode* element = hazardous->Find(metal.key)) {
        v1::DeclaredSubstance& substance = *section.add_substances();
        substance.mutable_name()->set_en(metal.name);
        v1::SubstanceIdentifier& identifier = *substance.add_identifiers();
        identifier.set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
        identifier.set_value(metal.cas_number);
        ReadSubstance(*element, draft, substance);
      }
    }
    InputNode* others = hazardous->Find("other");
    for (size_t i = 0; others != nullptr && i < others->children.size(); ++i) {
      InputNode& element = others->children[i];
      v1::DeclaredSubstance& substance = *section.add_substances();
      ReadSubstance(element, draft, substance);
      InputNode* names = element.Find("materialIdentification");
      if (names != nullptr && !names->children.empty()) {
        ReadName(names->children[0], draft, substance);
      }
    }
  });
}

void OfferFacilities(InputNode* plants, const char* key, DocumentDraft& draft) {
  if (plants == nullptr) {
    return;
  }
  draft.Offer<v1::FacilityList>(SECTION_TYPE_FACILITY, [&](v1::FacilityList& list) {
    for (InputNode& plant : plants->children) {
      InputNode* id = plant.Find(key);
      v1::FacilityIdentifier identifier;
      if (id == nullptr || !absl::StartsWith(id->text, "BPN") || !draft.Set(identifier, "value", id)) {
        continue;
      }
      identifier.set_scheme(absl::StartsWith(id->text, "BPNS") ? v1::FACILITY_IDENTIFIER_SCHEME_BPNS
                                                               : v1::FACILITY_IDENTIFIER_SCHEME_BPNA);
      v1::Facility& facility = *list.add_facilities();
      *facility.add_identifiers() = std::move(identifier);
      facility.add_roles(v1::FACILITY_ROLE_MANUFACTURING);
    }
  });
}

void OfferDocuments(InputNode& root, DocumentDraft& draft) {
  draft.Offer<v1::Dismantling>(SECTION_TYPE_DISMANTLING, [&](v1::Dismantling& dismantling) {
    for (const auto& [from, type] : {std::pair("safety.dismantling", v1::DOCUMENT_TYPE_DISMANTLING_MANUAL),
                                     std::pair("safety.removalFromAppliance", v1::DOCUMENT_TYPE_REMOVAL_MANUAL)}) {
      const v1::DocumentType kind = type;
      ForEachLink(draft, DocumentDraft::At(&root, from), [&](v1::Media media) {
        v1::Document& document = *dismantling.add_documents();
        document.set_type(kind);
        *document.mutable_file() = std::move(media);
      });
    }
  });
  draft.Offer<v1::ConsumerReturn>(SECTION_TYPE_CONSUMER_RETURN, [&](v1::ConsumerReturn& section) {
    for (const char* from : {"sustainability.documents.separateCollection", "sustainability.documents.wastePrevention",
                             "safety.meaningOfLabels"}) {
      ForEachLink(draft, DocumentDraft::At(&root, from),
                  [&](v1::Media media) { *section.add_documents() = std::move(media); });
    }
  });
  draft.Offer<v1::TestReportList>(SECTION_TYPE_TEST_REPORTS, [&](v1::TestReportList& list) {
    for (const char* from : {"conformity.resultOfTestReport", "performance.rated.testReport"}) {
      ForEachLink(draft, DocumentDraft::At(&root, from),
                  [&](v1::Media media) { *list.add_reports()->mutable_file() = std::move(media); });
    }
  });
}

}  // namespace

void OfferCatenaXSections(InputNode& root, DocumentDraft& draft) {
  InputNode* sustainability = root.Find("sustainability");
  InputNode* figures = DocumentDraft::At(sustainability, "carbonFootprint");
  OfferFootprint(figures != nullptr ? figures : DocumentDraft::At(sustainability, "productFootprint.carbon"), draft);
  OfferSubstances(DocumentDraft::At(&root, "materials.hazardous"), draft);
  InputNode* plants = DocumentDraft::At(&root, "operation.manufacturer.facility");
  if (plants != nullptr) {
    OfferFacilities(plants, "facility", draft);
  } else {
    OfferFacilities(DocumentDraft::At(&root, "operation.manufacturing.facilities"), "facilityIdentification", draft);
  }
  OfferDocuments(root, draft);
}

}  // namespace meguri::passport
