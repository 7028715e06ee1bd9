// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
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

// No value is called carried that is nowhere in the file. Of enumerators and numbers, the format has its own spelling.
TEST_P(ExportDocument, HoldsTheTextsThatItSaysItHolds) {
  std::vector<RecordDraft> drafts = {Battery()};
  for (const absl::string_view file : kGoodFiles) {
    drafts.push_back(DemoDraft(file));
  }
  for (const RecordDraft& draft : drafts) {
    const Exported exported = MustExport(GetParam().format, {draft});
    const std::vector<std::string> left = LeftOf(exported.records[0]);
    absl::StatusOr<InputNode> all = ReadJsonTree(MustExport("meguri", {draft}).bytes);
    MEGURI_ASSERT_OK(all);
    ForEachLeaf(*all->Find("sections"), [&](const std::string& path, InputNode& leaf) {
      const bool is_text =
          leaf.kind == InputNode::Kind::kString &&
          !std::all_of(leaf.text.begin(), leaf.text.end(), [](unsigned char c) {
            return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_' || c == '.' || c == '-';
          });
      if (is_text && std::find(left.begin(), left.end(), path) == left.end() && !absl::StrContains(path, "$")) {
        EXPECT_THAT(exported.bytes, HasSubstr(leaf.text)) << path;
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ExportDocument,
                         ::testing::Values(Golden{"untp-dpp-0.6.1", "battery.untp.json", "battery.untp.left.txt"},
                                           Golden{"aas", "battery.aas.json", "battery.aas.left.txt"}));

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

TEST(AasEnvironment, HasPartsOfTheBatteryPassportForBatteriesAlone) {
  const std::string washing_machine = MustExport("aas", {DemoDraft("washing-machine.json")}).bytes;
  EXPECT_THAT(washing_machine, HasSubstr("\"Nameplate\""));
  EXPECT_THAT(washing_machine, HasSubstr("\"DppMetadata\""));
  EXPECT_THAT(washing_machine, Not(HasSubstr("batterypass")));
  EXPECT_THAT(MustExport("aas", {DemoDraft("ev-battery.json")}).bytes, HasSubstr("\"TechnicalData\""));
}

TEST(AasEnvironment, SaysNoPhasesOfAFootprintThatCoversOthers) {
  RecordDraft draft = Battery();
  for (record::SectionDraft& section : draft.sections) {
    if (section.type == record::v1::SECTION_TYPE_CARBON_FOOTPRINT) {
      v1::CarbonFootprint footprint;
      ASSERT_TRUE(footprint.ParseFromString(section.payload));
      v1::StageEmission& use = *footprint.add_stages();
      use.set_stage(v1::LIFE_CYCLE_STAGE_USE);
      use.mutable_kg_co2e()->set_value("0.003");
      section.payload = footprint.SerializeAsString();
    }
  }
  const Exported exported = MustExport("aas", {draft});
  EXPECT_THAT(LeftOf(exported.records[0]), Contains("carbon_footprint.stages[2].kg_co2e"));
  const size_t total = exported.bytes.find("62.123456789012345678");
  const size_t next = exported.bytes.find("\"PcfCO2eq\"", total);
  EXPECT_THAT(exported.bytes.substr(total, next - total), Not(HasSubstr("LifeCyclePhases")));
}

}  // namespace
}  // namespace meguri::passport
