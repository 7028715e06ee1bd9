// SPDX-License-Identifier: Apache-2.0
// What becomes of size, life and state in passports of Catena-X.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
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

}  // namespace
}  // namespace meguri::passport
