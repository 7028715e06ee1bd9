// SPDX-License-Identifier: Apache-2.0
// What becomes of size, life and state in passports of Catena-X.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/consumer_return.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/facility.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "meguri/passport/v1/test_reports.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "tests/unit/passport/formats/imported.h"

namespace meguri::passport {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(CatenaXLife, TakesSizeLifeAndSpareParts) {
  const ImportedRecord record = ImportOne(R"({"specVersion": "urn:io.catenax.battery.battery_pass:6.1.0",
      "characteristics": {"physicalDimension": {"length": {"value": 2, "unit": "unit:centimetre"}},
        "warranty": {"lifeValue": 3, "lifeUnit": "unit:year"}},
      "performance": {"rated": {"energy": {"value": 0.5}, "lifetime": {"expectedYears": 8},
        "roundTripEfficiency": {"initial": 96.0}}},
      "conformity": {"declarationOfConformity": [{"contentType": "URL", "content": "https://example.org/doc"}]},
      "materials": {"active": {"nickel": {"critical": true, "location": "Housing"}}},
      "handling": {"content": {"sparePart": [{"manufacturerPartId": "P-1", "nameAtManufacturer": "Lid"}]}}})",
                                          "catena-x-passport");
  EXPECT_THAT(record.unmapped, IsEmpty());
  EXPECT_EQ(SectionOf<v1::Identity>(record, record::v1::SECTION_TYPE_IDENTITY).dimensions().length_mm().value(), "20");
  const auto life = SectionOf<v1::Durability>(record, record::v1::SECTION_TYPE_DURABILITY);
  EXPECT_EQ(life.warranty_months(), 36U);
  EXPECT_EQ(life.technical_life().value().value(), "8");
  EXPECT_EQ(life.round_trip_efficiency().value(), "0.96");
  EXPECT_EQ(life.spare_parts(0).part_number(), "P-1");
  const auto hazards = SectionOf<v1::HazardSummary>(record, record::v1::SECTION_TYPE_HAZARD_SUMMARY);
  EXPECT_EQ(hazards.declaration_of_conformity().uri(), "https://example.org/doc");
  const auto summary = SectionOf<v1::CompositionSummary>(record, record::v1::SECTION_TYPE_COMPOSITION_SUMMARY);
  EXPECT_EQ(summary.critical_raw_materials(0).element(), "Ni");
  EXPECT_EQ(summary.critical_raw_materials(0).location().en(), "Housing");
}

TEST(CatenaXLife, LeavesStatesOfAnotherTimeAndLengthsWithoutAUnit) {
  const ImportedRecord record = ImportOne(R"({"specVersion": "urn:io.catenax.battery.battery_pass:6.1.0",
      "identification": {"identification": {"serial": [{"key": "partInstanceId", "value": "S-1"}]}},
      "characteristics": {"physicalDimension": {"length": {"value": 2}}},
      "performance": {"dynamic": {"stateOfCharge": {"value": 50, "time": "2023-12-07T10:39:13+01:00"},
        "power": {"fade": {"value": 20, "time": "2023-12-07T10:39:13+01:00"}},
        "fullCycles": {"value": 7, "time": "2024-01-01T00:00:00Z"}}}})",
                                          "catena-x-passport");
  EXPECT_THAT(PlacesOf(record),
              UnorderedElementsAre("characteristics.physicalDimension.length.value",
                                   "performance.dynamic.fullCycles.value", "performance.dynamic.fullCycles.time"));
  const auto state = SectionOf<v1::ItemState>(record, record::v1::SECTION_TYPE_ITEM_STATE);
  EXPECT_EQ(state.as_of(), "2023-12-07T09:39:13Z");
  EXPECT_EQ(state.state_of_charge().value(), "0.5");
  EXPECT_EQ(state.remaining_power_fraction().value(), "0.8");
  EXPECT_FALSE(state.has_full_cycles());
}

// Found: footprint, substances with their concentration, plants and documents had no place, though sections have fields
// for them. What is missing for such a section is for --set.
TEST(CatenaXOffers, OffersWhatSectionsHavePlacesFor) {
  const char* const passport = R"({"specVersion": "urn:io.catenax.battery.battery_pass:6.1.0",
      "sustainability": {"carbonFootprint": [{"lifecycle": "main product production", "unit": "kg CO2 / kWh",
          "performanceClass": "A", "value": 12.678,
          "declaration": [{"contentType": "URL", "content": "https://example.org/study"}]}],
        "documents": {"separateCollection": [{"contentType": "URL", "content": "https://example.org/collect"}]}},
      "materials": {"hazardous": {
        "lead": {"concentration": 5.3, "materialUnit": "unit:partPerMillion", "location": "Housing"},
        "other": [{"concentration": 2, "materialUnit": "unit:percent", "location": "Anode",
                   "materialIdentification": [{"type": "CAS", "name": "phenolphthalein", "id": "77-09-8"}]}]}},
      "safety": {"dismantling": [{"contentType": "URL", "content": "https://example.org/apart"}]},
      "conformity": {"resultOfTestReport": [{"contentType": "URL", "content": "https://example.org/report"}]},
      "operation": {"manufacturer": {"facility": [{"facility": "BPNA1234567890AA"}]}}})";
  ImportedRecord record = ImportOne(passport, "catena-x-passport");
  EXPECT_EQ(record.offered.size(), 6U);
  EXPECT_FALSE(record.unmapped.empty()) << "nothing begins by itself";
  while (!record.offered.empty()) {
    BeginOffered(record, record.offered.front().section.type);
  }
  EXPECT_THAT(record.unmapped, IsEmpty());
  const auto footprint = SectionOf<v1::CarbonFootprint>(record, record::v1::SECTION_TYPE_CARBON_FOOTPRINT);
  EXPECT_EQ(footprint.declared_unit(), v1::DECLARED_UNIT_KILOWATT_HOUR);
  EXPECT_FALSE(footprint.has_kg_co2e()) << "one stage is not the whole";
  EXPECT_EQ(footprint.stages(0).stage(), v1::LIFE_CYCLE_STAGE_PRODUCTION);
  EXPECT_EQ(footprint.stages(0).kg_co2e().value(), "12.678");
  EXPECT_EQ(footprint.study().uri(), "https://example.org/study");
  const auto substances = SectionOf<v1::SubstanceDeclaration>(record, record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION);
  ASSERT_EQ(substances.substances_size(), 2);
  EXPECT_EQ(substances.substances(0).identifiers(0).value(), "7439-92-1");
  EXPECT_EQ(substances.substances(0).concentration().value(), "0.0000053");
  EXPECT_EQ(substances.substances(0).location().en(), "Housing");
  EXPECT_EQ(substances.substances(1).identifiers(0).value(), "77-09-8");
  EXPECT_EQ(substances.substances(1).concentration().value(), "0.02");
  const auto plants = SectionOf<v1::FacilityList>(record, record::v1::SECTION_TYPE_FACILITY);
  EXPECT_EQ(plants.facilities(0).identifiers(0).scheme(), v1::FACILITY_IDENTIFIER_SCHEME_BPNA);
  const auto apart = SectionOf<v1::Dismantling>(record, record::v1::SECTION_TYPE_DISMANTLING);
  EXPECT_EQ(apart.documents(0).type(), v1::DOCUMENT_TYPE_DISMANTLING_MANUAL);
  EXPECT_EQ(apart.documents(0).file().uri(), "https://example.org/apart");
  const auto reports = SectionOf<v1::TestReportList>(record, record::v1::SECTION_TYPE_TEST_REPORTS);
  EXPECT_EQ(reports.reports(0).file().uri(), "https://example.org/report");
  const auto giving_back = SectionOf<v1::ConsumerReturn>(record, record::v1::SECTION_TYPE_CONSUMER_RETURN);
  EXPECT_EQ(giving_back.documents(0).uri(), "https://example.org/collect");
}

TEST(CatenaXOffers, LeavesAFootprintOfAnotherUnit) {
  const ImportedRecord record = ImportOne(R"({"specVersion": "urn:io.catenax.battery.battery_pass:6.1.0",
      "sustainability": {"carbonFootprint": [
          {"lifecycle": "main product production", "unit": "kg CO2", "value": 1}]}})",
                                          "catena-x-passport");
  EXPECT_TRUE(record.offered.empty());
  EXPECT_EQ(record.unmapped.size(), 3U);
}

TEST(BatteryPassOffers, TakesLabelsReportsSubstancesAndTheResistanceOfThePack) {
  ImportedRecord record = ImportOne(R"({"declarationOfConformity": "https://example.org/doc",
      "resultOfTestReport": "https://example.org/report",
      "labels": [{"labelingSubject": "SeparateCollection", "labelingMeaning": {"en": "Separate collection"}}],
      "hazardousSubstances": [{"hazardousSubstanceName": "DEHP", "hazardousSubstanceIdentifier": "117-81-7",
          "hazardousSubstanceLocation": {"componentName": "Cable"}}],
      "batteryCondition": {"internalResistanceIncrease": [
          {"batteryComponent": "cell", "internalResistanceIncreaseValue": 9, "lastUpdate": "2025-01-31T14:06:29Z"},
          {"batteryComponent": "pack", "internalResistanceIncreaseValue": 15,
           "lastUpdate": "2025-01-31T14:06:29Z"}]}})",
                                    "battery-pass-1.2");
  EXPECT_EQ(record.offered.size(), 3U);
  while (!record.offered.empty()) {
    BeginOffered(record, record.offered.front().section.type);
  }
  EXPECT_THAT(PlacesOf(record),
              UnorderedElementsAre("batteryCondition.internalResistanceIncrease[0].batteryComponent",
                                   "batteryCondition.internalResistanceIncrease[0].internalResistanceIncreaseValue",
                                   "batteryCondition.internalResistanceIncrease[0].lastUpdate"));
  const auto state = SectionOf<v1::ItemState>(record, record::v1::SECTION_TYPE_ITEM_STATE);
  EXPECT_EQ(state.internal_resistance_increase().value(), "0.15");
  EXPECT_EQ(state.as_of(), "2025-01-31T14:06:29Z");
  const auto labels = SectionOf<v1::ConsumerReturn>(record, record::v1::SECTION_TYPE_CONSUMER_RETURN);
  EXPECT_EQ(labels.labels(0).mark(), "SeparateCollection");
  EXPECT_EQ(labels.labels(0).meaning().en(), "Separate collection");
  const auto substances = SectionOf<v1::SubstanceDeclaration>(record, record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION);
  EXPECT_EQ(substances.substances(0).name().en(), "DEHP");
  EXPECT_EQ(substances.substances(0).location().en(), "Cable");
}

}  // namespace
}  // namespace meguri::passport
