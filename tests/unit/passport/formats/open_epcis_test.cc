// SPDX-License-Identifier: Apache-2.0
// What becomes of the terms of OpenEPCIS: sections that begin, sections that are offered, and what is left.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/consumer_return.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/facility.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "tests/unit/passport/formats/imported.h"

namespace meguri::passport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// A passport of one piece with these members more.
ImportedRecord ImportItem(const std::string& members, ImportOptions options = {}) {
  return ImportOne(absl::StrCat(R"({"@context": "https://example.org", "gs1:gtin": "09506000134352",
      "id": "https://id.gs1.org/01/09506000134352/21/A-1", )",
                                members, "}"),
                   "openepcis", std::move(options));
}

ImportOptions Setting(const char* field, const char* value) {
  ImportOptions options;
  options.fields = {{field, value}};
  return options;
}

TEST(OpenEpcisLife, TurnsYearsIntoMonthsAndPercentIntoFractions) {
  const ImportedRecord record = ImportItem(R"(
      "gs1:manufacturersWarranty": {"gs1:durationOfWarranty": {"gs1:value": 2.5, "gs1:unitCode": "ANN"}},
      "eubat:hasTechnicalSpecifications": {"eubat:hasRatedEnergy": {"gs1:value": 14300, "gs1:unitCode": "WHR"},
        "eubat:expectedLifetimeYears": 15, "eubat:roundTripEfficiency": 96})");
  EXPECT_THAT(record.unmapped, IsEmpty());
  const auto life = SectionOf<v1::Durability>(record, record::v1::SECTION_TYPE_DURABILITY);
  EXPECT_EQ(life.warranty_months(), 30U);
  EXPECT_EQ(life.rated_capacity_kwh().value(), "14.3");
  EXPECT_EQ(life.technical_life().unit(), v1::LIFETIME_UNIT_YEAR);
  EXPECT_EQ(life.round_trip_efficiency().value(), "0.96");
}

TEST(OpenEpcisLife, LeavesAWarrantyOfOtherUnitsAndEnergyWithoutOne) {
  const ImportedRecord record = ImportItem(R"(
      "gs1:manufacturersWarranty": {"gs1:durationOfWarranty": {"gs1:value": 90, "gs1:unitCode": "DAY"}},
      "eubat:hasTechnicalSpecifications": {"eubat:hasRatedEnergy": {"gs1:value": 14300}})");
  EXPECT_THAT(PlacesOf(record), UnorderedElementsAre("manufacturersWarranty.durationOfWarranty.value",
                                                     "manufacturersWarranty.durationOfWarranty.unitCode",
                                                     "technicalSpecifications.ratedEnergy.value"));
  const ImportedRecord wrong = ImportItem(
      R"("eubat:hasTechnicalSpecifications": {"eubat:hasRatedEnergy": {"gs1:value": 280, "gs1:unitCode": "KGM"}})");
  ASSERT_EQ(wrong.problems.size(), 1U);
  EXPECT_EQ(wrong.problems[0].reason, "UNIT_MISMATCH");
}

constexpr char kState[] = R"("oec:lastUpdated": "2024-03-20T16:30:00+02:00",
      "eubat:hasPowerFade": {"gs1:value": 2.5, "gs1:unitCode": "P1"},
      "eubat:hasStateOfCharge": {"gs1:value": 0.62, "gs1:unitCode": "C62"},
      "eubat:numberOfFullCycles": 640, "eubat:hasCycleCount": 640)";

TEST(OpenEpcisState, IsThatOfTheLastUpdate) {
  const ImportedRecord record = ImportItem(kState);
  EXPECT_THAT(record.unmapped, IsEmpty());
  const auto state = SectionOf<v1::ItemState>(record, record::v1::SECTION_TYPE_ITEM_STATE);
  EXPECT_EQ(state.as_of(), "2024-03-20T14:30:00Z");
  EXPECT_EQ(state.remaining_power_fraction().value(), "0.975");
  EXPECT_EQ(state.state_of_charge().value(), "0.62");
  EXPECT_EQ(state.full_cycles().value(), "640");
}

TEST(OpenEpcisState, TakesCertifiedEnergyAsAShareOnly) {
  const ImportedRecord share = ImportItem(
      absl::StrCat(kState, R"(, "eubat:hasStateOfCertifiedEnergy": {"gs1:value": 96.8, "gs1:unitCode": "P1"})"));
  EXPECT_EQ(SectionOf<v1::ItemState>(share, record::v1::SECTION_TYPE_ITEM_STATE).state_of_certified_energy().value(),
            "0.968");
  const ImportedRecord energy = ImportItem(
      absl::StrCat(kState, R"(, "eubat:hasStateOfCertifiedEnergy": {"gs1:value": 9.98, "gs1:unitCode": "KWH"})"));
  EXPECT_THAT(energy.problems, IsEmpty());
  EXPECT_EQ(energy.unmapped.size(), 2U);
}

TEST(OpenEpcisState, DoesNotBeginWithoutATimeOrForAModel) {
  const ImportedRecord timeless = ImportItem(R"("eubat:numberOfFullCycles": 640)");
  EXPECT_THAT(PlacesOf(timeless), ElementsAre("numberOfFullCycles"));
  const ImportedRecord supplied =
      ImportItem(R"("eubat:numberOfFullCycles": 640)", Setting("item_state.as_of", "2026-01-01T00:00:00Z"));
  EXPECT_THAT(supplied.unmapped, IsEmpty());
  EXPECT_EQ(SectionOf<v1::ItemState>(supplied, record::v1::SECTION_TYPE_ITEM_STATE).full_cycles().value(), "640");
  const ImportedRecord model = ImportItem(absl::StrCat(kState, R"(, "oec:granularityLevel": "model")"));
  EXPECT_FALSE(SectionOf<v1::ItemState>(model, record::v1::SECTION_TYPE_ITEM_STATE).has_full_cycles());
}

constexpr char kMaterials[] = R"("gs1:netWeight": {"gs1:value": 125500, "gs1:unitCode": "GRM"},
      "eubat:hasMaterialComposition": [{"schema:name": "Lithium", "eubat:casNumber": "7439-93-2",
        "schema:weightPercentage": 4.2, "eubat:isCriticalRawMaterial": true},
        {"schema:name": "Iron", "eubat:casNumber": "7439-89-6", "schema:weightPercentage": 20,
        "eubat:isCriticalRawMaterial": false}],
      "eubat:hasRecycledContent": {"eubat:lithiumRecycledShare": 12, "eubat:lithiumPreConsumerShare": 5,
        "eubat:lithiumPostConsumerShare": 7, "eubat:cobaltPreConsumerShare": 3})";

TEST(OpenEpcisMaterials, DeriveMassesFromWeightAndComposition) {
  const ImportedRecord record = ImportItem(kMaterials);
  EXPECT_THAT(PlacesOf(record), UnorderedElementsAre("materialComposition[1].isCriticalRawMaterial",
                                                     "recycledContent.cobaltPreConsumerShare"))
      << "how much cobalt there is, nobody says";
  const auto content = SectionOf<v1::RecycledContent>(record, record::v1::SECTION_TYPE_RECYCLED_CONTENT);
  ASSERT_EQ(content.claims_size(), 1);
  EXPECT_EQ(content.claims(0).subject(), "Li");
  EXPECT_EQ(content.claims(0).total_mass_kg().value(), "5.271");
  EXPECT_EQ(content.claims(0).pre_consumer_mass_kg().value(), "0.26355");
  EXPECT_EQ(content.claims(0).post_consumer_mass_kg().value(), "0.36897");
  EXPECT_EQ(content.claims(0).recycled_fraction().value(), "0.12");
  EXPECT_EQ(content.claims(0).method(), v1::RECYCLING_METHOD_UNSPECIFIED) << "it is not said, so it is refused";
  const auto critical = SectionOf<v1::CriticalRawMaterials>(record, record::v1::SECTION_TYPE_CRITICAL_RAW_MATERIALS);
  ASSERT_EQ(critical.materials_size(), 1);
  EXPECT_EQ(critical.materials(0).element(), "Li");
  EXPECT_EQ(critical.materials(0).mass_fraction().value(), "0.042");
  const auto summary = SectionOf<v1::CompositionSummary>(record, record::v1::SECTION_TYPE_COMPOSITION_SUMMARY);
  EXPECT_EQ(summary.contains_critical_raw_materials(), v1::ANSWER_YES);
}

TEST(OpenEpcisMaterials, MakeNoClaimWithoutTheProductsMass) {
  const ImportedRecord record = ImportItem(absl::StrReplaceAll(kMaterials, {{R"(, "gs1:unitCode": "GRM")", ""}}));
  EXPECT_EQ(SectionOf<v1::RecycledContent>(record, record::v1::SECTION_TYPE_RECYCLED_CONTENT).claims_size(), 0);
}

TEST(OpenEpcisMaterials, SayTheChemistryInOneText) {
  const ImportedRecord record = ImportItem(R"("eubat:hasBatteryChemistry": {"schema:alternateName": "LFP",
      "schema:name": {"@value": "Lithium Iron Phosphate", "@language": "en"}, "eubat:anodeActiveMaterial": "Graphite",
      "eubat:electrolyteType": {"@value": "flüssig", "@language": "de"}})");
  EXPECT_EQ(SectionOf<v1::CompositionSummary>(record, record::v1::SECTION_TYPE_COMPOSITION_SUMMARY).chemistry().en(),
            "Lithium Iron Phosphate; LFP; anode: Graphite");
  EXPECT_EQ(record.unmapped.size(), 2U) << "no other language";
}

TEST(OpenEpcisMaterials, OfferSubstancesAndSayTheirClasses) {
  const char* const substances = R"("eubat:hasHazardousSubstances": [{"schema:name": "Lithium hexafluorophosphate",
      "eubat:substanceCasNumber": "21324-40-3", "eubat:hasHazardClass": {"@id": "eubat:AcuteToxicity"},
      "eubat:concentration": 12.5, "eubat:hasSubstanceLocation": {"@id": "eubat:Electrolyte"}}])";
  const ImportedRecord record = ImportItem(substances);
  const auto hazards = SectionOf<v1::HazardSummary>(record, record::v1::SECTION_TYPE_HAZARD_SUMMARY);
  ASSERT_EQ(hazards.hazard_classes_size(), 1);
  EXPECT_EQ(hazards.hazard_classes(0).hazard_class(), "AcuteToxicity");
  EXPECT_EQ(hazards.hazard_classes(0).location().en(), "Electrolyte");
  EXPECT_EQ(record.unmapped.size(), 3U);
  const ImportedRecord declared =
      ImportItem(substances, Setting("substance_declaration.substances[0].threshold", "0.001"));
  EXPECT_THAT(PlacesOf(declared), ElementsAre("hazardousSubstances[0].concentration")) << "of what?";
  const auto section = SectionOf<v1::SubstanceDeclaration>(declared, record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION);
  ASSERT_EQ(section.substances_size(), 1);
  EXPECT_EQ(section.substances(0).identifiers(0).value(), "21324-40-3");
  EXPECT_EQ(section.substances(0).threshold().value(), "0.001");
}

TEST(OpenEpcisFootprint, IsOfferedUntilTheRestIsSupplied) {
  const char* const footprint = R"("eubat:hasCarbonFootprintDeclaration": {
      "eubat:hasCarbonFootprintTotal": {"gs1:value": 45.2, "gs1:unitCode": "KGM"},
      "eubat:hasCarbonFootprintProduction": {"gs1:value": 45.2, "gs1:unitCode": "KGM"},
      "eubat:functionalUnit": "1 kWh of total energy", "eubat:calculationStandard": "ISO 14067:2018",
      "eubat:hasCarbonFootprintPerformanceClass": {"@id": "eubat:CFClassB"}})";
  const ImportedRecord record = ImportItem(footprint);
  EXPECT_EQ(record.unmapped.size(), 7U);
  ASSERT_EQ(record.offered.size(), 1U);
  EXPECT_EQ(record.offered[0].values.size(), 7U);
  const ImportedRecord begun = ImportItem(footprint, Setting("carbon_footprint.primary_data_share", "0.5"));
  EXPECT_THAT(begun.unmapped, IsEmpty());
  EXPECT_EQ(begun.mapped, record.mapped + 5);
  EXPECT_EQ(begun.implied, record.implied + 2);
  const auto section = SectionOf<v1::CarbonFootprint>(begun, record::v1::SECTION_TYPE_CARBON_FOOTPRINT);
  EXPECT_EQ(section.kg_co2e().value(), "45.2");
  EXPECT_EQ(section.declared_unit(), v1::DECLARED_UNIT_KILOWATT_HOUR);
  EXPECT_EQ(section.stages(0).stage(), v1::LIFE_CYCLE_STAGE_PRODUCTION);
  EXPECT_THAT(section.standards(), ElementsAre(v1::FOOTPRINT_STANDARD_ISO_14067));
  EXPECT_EQ(section.performance_class(), "B");
  EXPECT_EQ(section.primary_data_share().value(), "0.5");
}

TEST(OpenEpcisFacility, BeginsWithAName) {
  const char* const place = R"("oec:hasFacilityInformation": {"gs1:globalLocationNumber": "3012345000017",
      "schema:name": "Lyon plant", "oec:facilityType": "Assembly", "gs1:address": {"gs1:streetAddress": "Rue 1",
      "gs1:addressLocality": "Lyon", "gs1:postalCode": "69009", "gs1:addressCountry": {"gs1:countryCode": "FR"}}})";
  const ImportedRecord record = ImportItem(place);
  EXPECT_THAT(record.unmapped, IsEmpty());
  const auto list = SectionOf<v1::FacilityList>(record, record::v1::SECTION_TYPE_FACILITY);
  ASSERT_EQ(list.facilities_size(), 1);
  EXPECT_EQ(list.facilities(0).address().en(), "Rue 1, 69009 Lyon");
  EXPECT_THAT(list.facilities(0).roles(), ElementsAre(v1::FACILITY_ROLE_ASSEMBLY));
  const ImportedRecord nameless = ImportItem(absl::StrReplaceAll(place, {{R"("schema:name": "Lyon plant",)", ""}}));
  EXPECT_EQ(SectionOf<v1::FacilityList>(nameless, record::v1::SECTION_TYPE_FACILITY).facilities_size(), 0);
  EXPECT_EQ(nameless.unmapped.size(), 6U);
}

TEST(OpenEpcisConformity, NamesTheDeclarationOnce) {
  const ImportedRecord record = ImportItem(R"("eubat:hasEuDeclarationOfConformity": {
      "eubat:declarationOfConformity": "https://example.org/doc.pdf"},
      "gs1:referencedFile": [{"id": "https://example.org/doc.pdf"}, {"id": "https://example.org/test.pdf"}],
      "gs1:manufacturer": {"gs1:globalLocationNumber": "9521234000006"})");
  EXPECT_THAT(PlacesOf(record), ElementsAre("referencedFile[1].id"));
  EXPECT_EQ(
      SectionOf<v1::HazardSummary>(record, record::v1::SECTION_TYPE_HAZARD_SUMMARY).declaration_of_conformity().uri(),
      "https://example.org/doc.pdf");
  EXPECT_EQ(SectionOf<v1::Identity>(record, record::v1::SECTION_TYPE_IDENTITY).manufacturer_id(), "0088:9521234000006");
}

TEST(OpenEpcisDismantling, IsOfferedUntilThereAreSteps) {
  const char* const end = R"("eubat:numberOfCells": 16,
      "eubat:hasDismantlingDocuments": [{"eubat:hasDocumentType": {"@id": "eubat:Model3D"},
        "eubat:documentUrl": "https://example.org/a.step", "eubat:mimeType": "model/step"},
        {"eubat:hasDocumentType": {"@id": "eubat:SafetyDataSheet"}, "eubat:documentUrl": "https://example.org/s.pdf"}],
      "eubat:hasEndOfLifeInfo": {"eubat:extinguishingAgent": "Dry sand",
        "eubat:separateCollection": "https://example.org/c.pdf"})";
  const ImportedRecord record = ImportItem(end);
  EXPECT_EQ(SectionOf<v1::HazardSummary>(record, record::v1::SECTION_TYPE_HAZARD_SUMMARY).safety_data_sheet().uri(),
            "https://example.org/s.pdf");
  EXPECT_EQ(record.unmapped.size(), 6U);
  const ImportedRecord begun = ImportItem(end, Setting("dismantling.steps[0].target_component.ja", "蓋"));
  EXPECT_THAT(PlacesOf(begun), ElementsAre("endOfLifeInfo.separateCollection"));
  const auto section = SectionOf<v1::Dismantling>(begun, record::v1::SECTION_TYPE_DISMANTLING);
  EXPECT_EQ(section.battery_layout().cell_count(), 16U);
  EXPECT_EQ(section.documents(0).type(), v1::DOCUMENT_TYPE_MODEL_3D);
  EXPECT_EQ(section.safety().measures().en(), "Extinguishing agent: Dry sand");
  const ImportedRecord returned = ImportItem(end, Setting("consumer_return.how_to_return.ja", "店頭へ"));
  EXPECT_EQ(returned.unmapped.size(), 5U);
  EXPECT_EQ(SectionOf<v1::ConsumerReturn>(returned, record::v1::SECTION_TYPE_CONSUMER_RETURN).documents(0).uri(),
            "https://example.org/c.pdf");
}

}  // namespace
}  // namespace meguri::passport
