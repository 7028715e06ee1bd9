// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/passport/demo_records.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/validate.h"

namespace meguri::passport {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(DemoRecords, GoodFilesHaveNoViolation) {
  for (const absl::string_view file : kGoodFiles) {
    const SealedRecord record = Seal(DemoDraft(file));
    EXPECT_THAT(Lines(Errors(ValidateRecord(record.header, record.sections))), IsEmpty()) << file;
  }
}

TEST(DemoRecords, BadBatteryIsToldEveryProblemAtOnce) {
  const SealedRecord record = Seal(DemoDraft("bad-battery.json"));
  const std::vector<Violation> violations = Errors(ValidateRecord(record.header, record.sections));
  EXPECT_THAT(
      Lines(violations),
      UnorderedElementsAre(
          "sections.identity.manufacturer_id V1_CORPORATE_NUMBER", "sections.identity.gtin V3_CHECK_DIGIT",
          "sections.identity.digital_link V4_DIGITAL_LINK_MISMATCH",
          "sections.identity.digital_link V4_DIGITAL_LINK_MISMATCH", "sections.identity.produced_on DATE_GRAMMAR",
          "sections.identity.plastic_markings[0] V9_PLASTIC_MARKING", "sections.composition.nodes V6_MASS_SUM",
          "sections.composition.nodes[2].children V6_MASS_SUM",
          "sections.composition.nodes[0].children[1].children[0].identifiers[0].value V5_CAS",
          "sections.dismantling.$audiences AUDIENCE_LOOSENED", "sections.dismantling.steps V7_CYCLE",
          "sections.dismantling.steps[4].time_s V7_TIME",
          "sections.recycled_content.claims[0].total_mass_kg V8_CLAIM_MASS",
          "sections.recycled_content.claims[0].recycled_fraction V8_FRACTION",
          "sections.recycled_content.claims[2].ledger_reference V8_LEDGER"));
  for (const Violation& violation : violations) {
    EXPECT_FALSE(violation.found.empty() || violation.expected.empty() || violation.cure.empty() ||
                 violation.message_ja.empty())
        << violation.field;
  }
}

}  // namespace
}  // namespace meguri::passport
