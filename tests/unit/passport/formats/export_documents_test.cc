// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "passport/readers/json_tree.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/formats/exported.h"

namespace meguri::passport {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::string PathOf(const std::string& name) {
  return absl::StrCat(MEGURI_SOURCE_DIR, "/tests/unit/passport/formats/exports/", name);
}

std::string GoldenFile(const std::string& name) {
  std::ifstream file(PathOf(name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

RecordDraft Battery() {
  absl::StatusOr<RecordDraft> draft = ParseRecordJson(GoldenFile("battery.json"));
  Invariant(draft.ok(), draft.status().ToString());
  return *std::move(draft);
}

struct Golden {
  const char* format;
  const char* file;
  const char* left;
};

class ExportDocument : public ::testing::TestWithParam<Golden> {};

// Set MEGURI_WRITE_GOLDEN=1 to write the files anew, and read the difference.
TEST_P(ExportDocument, IsAsTheGoldenFileSays) {
  const Exported exported = MustExport(GetParam().format, {Battery()});
  std::string left;
  for (const UnmappedValue& value : exported.records[0].left) {
    absl::StrAppend(&left, value.path, "\t", value.value, "\n");
  }
  if (std::getenv("MEGURI_WRITE_GOLDEN") != nullptr) {
    std::ofstream(PathOf(GetParam().file)) << exported.bytes;
    std::ofstream(PathOf(GetParam().left)) << left;
  }
  EXPECT_EQ(exported.bytes, GoldenFile(GetParam().file));
  EXPECT_EQ(left, GoldenFile(GetParam().left));
  MEGURI_EXPECT_OK(ReadJsonTree(exported.bytes));
}

// Every value is carried, implied or told.
TEST_P(ExportDocument, AccountsForEveryValueOfEveryDemoRecord) {
  for (const absl::string_view file : kGoodFiles) {
    const RecordDraft draft = DemoDraft(file);
    const size_t all = MustExport("meguri", {draft}).records[0].carried;
    const Exported exported = MustExport(GetParam().format, {draft});
    const ExportedRecord& record = exported.records[0];
    EXPECT_EQ(record.carried + record.implied + record.left.size(), all) << file;
    EXPECT_GT(record.carried, 5U) << file;
    MEGURI_EXPECT_OK(ReadJsonTree(exported.bytes)) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ExportDocument,
                         ::testing::Values(Golden{"untp-dpp-0.6.1", "battery.untp.json", "battery.untp.left.txt"}));

TEST(UntpPassport, KeepsTheDigitsOfANumber) {
  EXPECT_THAT(MustExport("untp-dpp-0.6.1", {Battery()}).bytes, HasSubstr("\"carbonFootprint\": 62.123456789012345678"));
}

TEST(UntpPassport, LeavesAFootprintOfAnotherAmountThanOne) {
  RecordDraft draft = Battery();
  for (record::SectionDraft& section : draft.sections) {
    if (section.type == record::v1::SECTION_TYPE_CARBON_FOOTPRINT) {
      v1::CarbonFootprint footprint;
      ASSERT_TRUE(footprint.ParseFromString(section.payload));
      footprint.mutable_declared_amount()->set_value("2");
      section.payload = footprint.SerializeAsString();
    }
  }
  const Exported exported = MustExport("untp-dpp-0.6.1", {draft});
  EXPECT_THAT(exported.bytes, Not(HasSubstr("emissionsScorecard")));
  EXPECT_THAT(LeftOf(exported.records[0]), Contains("carbon_footprint.kg_co2e"));
}

}  // namespace
}  // namespace meguri::passport
