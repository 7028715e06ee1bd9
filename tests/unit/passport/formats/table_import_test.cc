// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/table_import.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/readers/csv.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kFlat[] = R"toml(
heading_row = 2
jurisdictions = ["JP"]
[constants]
"identity.product_group" = "battery"
[audiences]
identity = ["MEMBERS"]
[[column]]
heading = "品名"
field = "identity.name.ja"
[[column]]
heading = "質量(g)"
field = "identity.mass_kg"
unit = "g"
[[column]]
heading = "単位区分"
field = "identity.granularity"
values = {"個品" = "item", "型式" = "model"}
[[column]]
heading = "社内番号"
field = "ignore"
)toml";

struct Imported {
  std::vector<ImportedRecord> records;
  absl::Status status;
};

Imported ImportCsv(absl::string_view csv, absl::string_view mapping) {
  Imported imported;
  absl::optional<TableMapping> parsed;
  if (!mapping.empty()) {
    absl::StatusOr<TableMapping> read = ParseTableMapping(mapping);
    if (!read.ok()) {
      imported.status = read.status();
      return imported;
    }
    parsed = *std::move(read);
  }
  const auto take = [&imported](ImportedRecord& record) {
    imported.records.push_back(std::move(record));
    return absl::OkStatus();
  };
  TableImporter importer(std::move(parsed), take);
  imported.status = ReadCsv(csv, [&importer](const TableRow& row) { return importer.TakeRow(row); });
  imported.status.Update(importer.Finish());
  return imported;
}

template <typename Payload>
Payload SectionOf(const ImportedRecord& record, size_t index) {
  Payload payload;
  EXPECT_LT(index, record.draft.sections.size());
  EXPECT_TRUE(payload.ParseFromString(record.draft.sections.at(index).payload));
  return payload;
}

std::vector<std::string> ProblemsOf(const Imported& imported) {
  std::vector<std::string> lines;
  for (const ImportedRecord& record : imported.records) {
    for (const Violation& problem : record.problems) {
      lines.push_back(absl::StrCat(problem.field, " ", problem.reason));
    }
  }
  return lines;
}

TEST(TableImport, MakesARecordOfEachRow) {
  const Imported imported = ImportCsv(
      "部品表,,,,\n品名,質量(g),単位区分,社内番号,備考\n#例,1,個品,,\n電池,1500.5,個品,A1,赤\n洗濯機,35000,model,,\n",
      kFlat);
  MEGURI_ASSERT_OK(imported.status);
  ASSERT_THAT(imported.records, SizeIs(2));
  EXPECT_THAT(ProblemsOf(imported), IsEmpty());
  const ImportedRecord& first = imported.records[0];
  EXPECT_EQ(first.name, "row 4");
  const auto identity = SectionOf<v1::Identity>(first, 0);
  EXPECT_EQ(identity.name().ja(), "電池");
  EXPECT_EQ(identity.mass_kg().value(), "1.5005");
  EXPECT_EQ(identity.granularity(), v1::GRANULARITY_ITEM);
  EXPECT_EQ(identity.product_group(), "battery");
  EXPECT_EQ(first.draft.sections[0].audiences.ToString(), "MEMBERS");
  EXPECT_THAT(first.draft.jurisdictions, ElementsAre("JP"));
  EXPECT_EQ(first.mapped, 3U);
  EXPECT_EQ(first.implied, 1U);
  ASSERT_THAT(first.unmapped, SizeIs(1));
  EXPECT_EQ(first.unmapped[0].path, "row 4, column E (備考)");
  EXPECT_EQ(first.unmapped[0].value, "赤");
  EXPECT_EQ(SectionOf<v1::Identity>(imported.records[1], 0).granularity(), v1::GRANULARITY_MODEL);
}

TEST(TableImport, NamesRowAndColumnOfEveryBadValue) {
  const Imported imported =
      ImportCsv("x\n品名,質量(g),単位区分,社内番号\na,\"1,500\",個品,\nb,2,箱,\nc,#N/A,型式,\n", kFlat);
  EXPECT_THAT(ProblemsOf(imported),
              ElementsAre("row 3, column B (質量(g)) NUMBER_SYNTAX", "row 4, column C (単位区分) ENUMERATOR",
                          "row 5, column B (質量(g)) SPREADSHEET_ERROR"));
}

TEST(TableImport, RefusesASheetWhoseHeadingsDoNotFit) {
  const Imported missing = ImportCsv("x\n品名,質量(kg),単位区分,品名,社内番号\na,1,個品,b,\n", kFlat);
  EXPECT_THAT(missing.status, HasReason("COLUMN_TWICE"));
  EXPECT_THAT(ViolationsOf(missing.status), SizeIs(2));
  EXPECT_THAT(ImportCsv("x\n品名,質量(g),単位区分,社内番号\n", kFlat).status, HasReason("NO_ROWS"));
  EXPECT_THAT(ImportCsv("品名,質量\na,1\n", "").status, HasReason("MAPPING_NEEDED"));
}

TEST(TableImport, ReadsHeadingsThatSayWhatTheyAre) {
  const Imported imported = ImportCsv(
      "エラー / Error [ignore],品名 [identity.name.ja],質量 / Mass [identity.mass_kg | g],CAS [node.cas],"
      "レベル [level],部品 [node.name.ja],含有 [node.mass_fraction | %]\n"
      "x,電池,500,,0,,\n,,,,1,セル,100\n,,,7439-93-2,2,リチウム,2.5\n,別の電池,1,,0,,\n",
      "");
  MEGURI_ASSERT_OK(imported.status);
  EXPECT_THAT(ProblemsOf(imported), IsEmpty());
  ASSERT_THAT(imported.records, SizeIs(2));
  EXPECT_EQ(SectionOf<v1::Identity>(imported.records[0], 0).mass_kg().value(), "0.5");
  const auto composition = SectionOf<v1::Composition>(imported.records[0], 1);
  ASSERT_EQ(composition.nodes_size(), 1);
  EXPECT_EQ(composition.nodes(0).name().ja(), "セル");
  ASSERT_EQ(composition.nodes(0).children_size(), 1);
  EXPECT_EQ(composition.nodes(0).children(0).identifiers(0).value(), "7439-93-2");
  EXPECT_EQ(composition.nodes(0).children(0).mass_fraction().value(), "0.025");
  EXPECT_THAT(imported.records[1].draft.sections, SizeIs(1));
}

constexpr char kTree[] = R"(
level_kinds = ["part", "material", "substance"]
[[column]]
heading = "passport"
field = "record"
[[column]]
heading = "name"
field = "identity.name.en"
[[column]]
heading = "id"
field = "node"
[[column]]
heading = "parent"
field = "parent"
[[column]]
heading = "part"
field = "node.name.en"
[[column]]
heading = "kg"
field = "node.mass_kg"
)";

TEST(TableImport, BuildsATreeOfIdsInAnyOrder) {
  const Imported imported = ImportCsv(
      "passport,name,id,parent,part,kg\nP1,Pump,,,,\nP1,Pump,c,b,Screw,1\nP1,,b,,Case,3\nP1,,d,b,Lid,2\nP2,Fan,x,,"
      "Blade,1\n",
      kTree);
  MEGURI_ASSERT_OK(imported.status);
  EXPECT_THAT(ProblemsOf(imported), IsEmpty());
  ASSERT_THAT(imported.records, SizeIs(2));
  const auto composition = SectionOf<v1::Composition>(imported.records[0], 1);
  ASSERT_EQ(composition.nodes_size(), 1);
  EXPECT_EQ(composition.nodes(0).name().en(), "Case");
  ASSERT_EQ(composition.nodes(0).children_size(), 2);
  EXPECT_EQ(composition.nodes(0).children(0).name().en(), "Screw");
}

TEST(TableImport, RefusesTreesThatAreNone) {
  const std::string head = "passport,name,id,parent,part,kg\n";
  EXPECT_THAT(ProblemsOf(ImportCsv(head + "P,,a,b,x,1\nP,,b,a,y,1\n", kTree)), ElementsAre("row 2 NODE_PARENT"));
  EXPECT_THAT(ProblemsOf(ImportCsv(head + "P,,a,z,x,1\n", kTree)), ElementsAre("row 2 NODE_PARENT"));
  EXPECT_THAT(ProblemsOf(ImportCsv(head + "P,,a,,x,1\nP,,a,,y,1\n", kTree)), ElementsAre("row 3 NODE_TWICE"));
  EXPECT_THAT(ProblemsOf(ImportCsv(head + "P,Pump,,,,\nQ,Fan,,,,\nP,Pump,,,,\n", kTree)),
              ElementsAre("row 4 ROWS_SCATTERED"));
  EXPECT_THAT(ProblemsOf(ImportCsv(head + "P,Pump,,,,\nP,Fan,,,,\n", kTree)),
              ElementsAre("row 3, column B (name) ROW_CONFLICT"));
  const std::string levels = "L [level],n [node.name.ja]\n";
  EXPECT_THAT(ProblemsOf(ImportCsv(levels + "1,a\n3,b\n", "")), ElementsAre("row 3 ROW_LEVEL"));
  EXPECT_THAT(ProblemsOf(ImportCsv(levels + "x,a\n", "")), ElementsAre("row 2 ROW_LEVEL"));
  EXPECT_THAT(ProblemsOf(ImportCsv(levels + ",a\n", "")), ElementsAre("row 2, column B (n [node.name.ja]) ROW_LEVEL"));
}

TEST(TableImport, LocatesWhatTheRulesSay) {
  Imported imported;
  const absl::StatusOr<TableMapping> mapping = ParseTableMapping(kTree);
  const auto take = [&imported](ImportedRecord& record) {
    imported.records.push_back(std::move(record));
    return absl::OkStatus();
  };
  TableImporter importer(*mapping, take);
  MEGURI_ASSERT_OK(ReadCsv("passport,name,id,parent,part,kg\nP1,Pump,,,,\nP1,,b,,Case,3\nP1,,c,b,Screw,1\n",
                           [&importer](const TableRow& row) { return importer.TakeRow(row); }));
  MEGURI_ASSERT_OK(importer.Finish());
  const auto locate = [&](std::string field) {
    Violation violation;
    violation.field = std::move(field);
    const uint32_t row = importer.Locate(imported.records[0], violation);
    return absl::StrCat(row, "|", violation.field);
  };
  EXPECT_EQ(locate("sections.identity.name"), "2|row 2, column B (name) sections.identity.name");
  EXPECT_EQ(locate("sections.composition.nodes[0].children[0].mass_kg"),
            "4|row 4, column F (kg) sections.composition.nodes[0].children[0].mass_kg");
  EXPECT_EQ(locate("sections.identity.granularity"), "2|row 2 sections.identity.granularity");
  EXPECT_EQ(locate("row 3, column F (kg)"), "3|row 3, column F (kg)");
}

TEST(TableMapping, RefusesWhatItDoesNotKnow) {
  for (const auto& [toml, reason] : std::vector<std::pair<std::string, std::string>>{
           {"= 1", "MAPPING_SYNTAX"},
           {"colour = 1", "MAPPING_KEY"},
           {"heading_row = 0", "MAPPING_KEY"},
           {"record_type = \"thing\"", "MAPPING_KEY"},
           {"encoding = \"latin-1\"", "MAPPING_KEY"},
           {"level_kinds = [\"screw\"]", "MAPPING_KEY"},
           {"[audiences]\nidentity = [\"ALL\"]", "UNKNOWN_AUDIENCE"},
           {"[[column]]\nheading = \"a\"\nfield = \"identity.weight\"", "FIELD_PATH"},
           {"[[column]]\nheading = \"a\"\nfield = \"weight\"", "FIELD_PATH"},
           {"[[column]]\nheading = \"a\"\nfield = \"identity.mass_kg\"\nunit = \"percent\"", "UNIT_MISMATCH"},
           {"[[column]]\nheading = \"a\"\nfield = \"identity.mass_kg\"\nunit = \"stone\"", "UNIT_UNKNOWN"},
           {"[[column]]\nheading = \"a\"\nfield = \"node.cas\"", "MAPPING_KEY"},
           {"[[column]]\nheading = \"a\"\nfield = \"node\"", "MAPPING_KEY"},
           {"[[column]]\nfield = \"node\"", "MAPPING_KEY"},
           {"[[column]]\nheading = \"a\"\ncolour = 1", "MAPPING_KEY"},
           {"[constants]\n\"identity.mass\" = \"1\"", "FIELD_PATH"},
       }) {
    EXPECT_THAT(ParseTableMapping(toml), HasReason(reason)) << toml;
  }
  EXPECT_THAT(ParseTableMapping(std::string(kMappingBytesMax + 1, ' ')), HasReason("MAPPING_SIZE"));
  EXPECT_THAT(std::string(ParseTableMapping("a = 1\nb = = 2").status().message()), HasSubstr("line 2"));
}

}  // namespace
}  // namespace meguri::passport
