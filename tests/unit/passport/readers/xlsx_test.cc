// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/xlsx.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/readers/xlsx_cells.h"
#include "passport/readers/zip_archive.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kWorkbook[] = R"(<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
    <sheet name="記入例" sheetId="7" r:id="rId9"/></sheets></workbook>)";
constexpr char kRelations[] = R"(<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
    <Relationship Id="rId9" Target="worksheets/sheet1.xml"/></Relationships>)";
constexpr char kStyles[] =
    R"(<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>
    <numFmt numFmtId="165" formatCode="0.00&quot;day&quot;"/></numFmts><cellXfs>
    <xf numFmtId="0"/><xf numFmtId="14"/>
    <xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>)";
constexpr char kStrings[] = R"(<sst><si><t>質量</t><rPh sb="0" eb="2"><t>シツリョウ</t></rPh></si>
    <si><r><t>rich </t></r><r><t>text</t></r></si></sst>)";

std::string Workbook(absl::string_view sheet_rows) {
  const absl::StatusOr<std::string> bytes = WriteZip(
      {{"xl/workbook.xml", kWorkbook},
       {"xl/_rels/workbook.xml.rels", kRelations},
       {"xl/styles.xml", kStyles},
       {"xl/sharedStrings.xml", kStrings},
       {"xl/worksheets/sheet1.xml", absl::StrCat("<worksheet><sheetData>", sheet_rows, "</sheetData></worksheet>")}});
  EXPECT_TRUE(bytes.ok());
  return bytes.value_or("");
}

struct Reading {
  std::vector<std::string> rows;
  absl::Status status;
};

Reading Read(absl::string_view bytes) {
  Reading reading;
  const auto workbook = XlsxWorkbook::Open(bytes);
  if (!workbook.ok()) {
    reading.status = workbook.status();
    return reading;
  }
  reading.status = (*workbook)->ReadSheet((*workbook)->sheet_names()[0], [&reading](const TableRow& row) {
    reading.rows.push_back(absl::StrCat(row.number, ":", absl::StrJoin(row.cells, "|")));
    return absl::OkStatus();
  });
  return reading;
}

TEST(Xlsx, ReadsEveryKindOfCellAsItIsShown) {
  const Reading reading = Read(Workbook(R"(
      <row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>
      <row r="3"><c r="A3"><v>0.30000000000000004</v></c><c r="B3"><v>1.5E-3</v></c><c r="C3" t="b"><v>1</v></c>
                 <c r="D3" t="str"><f>A1&amp;"x"</f><v>質量x</v></c><c r="E3" t="e"><v>#N/A</v></c>
                 <c r="F3" t="inlineStr"><is><t> in </t></is></c></row>
      <row r="4"><c r="A4" s="1"><v>46000</v></c><c r="B4" s="2"><v>46000.5</v></c><c r="C4" s="3"><v>46000</v></c>
                 <c r="D4" s="1"><v>59</v></c></row>
      <row><c><v>1</v></c><c><v>2</v></c></row><row r="9"><c r="A9"/></row>)"));
  MEGURI_EXPECT_OK(reading.status);
  EXPECT_THAT(reading.rows, ElementsAre("1:質量||rich text", "3:0.3|1.5E-3|TRUE|質量x|#N/A| in ",
                                        "4:2025-12-09|2025-12-09T12:00:00|46000|1900-02-28", "5:1|2"));
}

TEST(Xlsx, LeavesNothingOfTheRowBefore) {
  const Reading reading =
      Read(Workbook(R"(<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="C1"><v>3</v></c></row>
      <row r="2"><c r="C2"><v>4</v></c></row><row r="3"><c r="A3"><v>5</v></c></row>)"));
  EXPECT_THAT(reading.rows, ElementsAre("1:1|2|3", "2:||4", "3:5"));
}

TEST(Xlsx, ReadsWhatItWrites) {
  const absl::StatusOr<std::string> bytes =
      WriteXlsx({{"入力 <1>", {{"品名", "a & <b>"}, {"", " x "}, {"two\nlines", "\"q\""}}}, {"notes", {{"n"}}}});
  MEGURI_ASSERT_OK(bytes);
  EXPECT_TRUE(LooksLikeXlsx(*bytes));
  const auto workbook = XlsxWorkbook::Open(*bytes);
  MEGURI_ASSERT_OK(workbook);
  EXPECT_THAT((*workbook)->sheet_names(), ElementsAre("入力 <1>", "notes"));
  EXPECT_THAT(Read(*bytes).rows, ElementsAre("1:品名|a & <b>", "2:| x ", "3:two\nlines|\"q\""));
  EXPECT_THAT((*workbook)->ReadSheet("none", [](const TableRow&) { return absl::OkStatus(); }),
              HasReason("XLSX_SHEET_MISSING"));
}

TEST(Xlsx, ReadsWhatCharactersAreEscaped) {
  const Reading reading = Read(Workbook(R"(
      <row r="1"><c t="inlineStr"><is><t>one_x000D_</t></is></c><c t="str"><v>_x005F_x0041_</v></c>
                 <c t="inlineStr"><is><r><t>_x00</t></r><r><t>41_</t></r></is></c><c><v>_x0031_</v></c></row>)"));
  MEGURI_EXPECT_OK(reading.status);
  EXPECT_THAT(reading.rows, ElementsAre("1:one\r|_x0041_|_x0041_|_x0031_")) << "each text by itself, numbers never";
}

TEST(Xlsx, WritesAndReadsEveryCharacter) {
  std::vector<std::string> row = {"_x0041_", "a_x0041_b_", "_x", "_x00g1_", "\r\n", "\x01\x1F", "_x005F_"};
  const absl::StatusOr<std::string> bytes = WriteXlsx({{"s", {row}}});
  MEGURI_ASSERT_OK(bytes);
  EXPECT_THAT(Read(*bytes).rows, ElementsAre(absl::StrCat("1:", absl::StrJoin(row, "|"))));
}

TEST(XlsxCells, DecodesEscapes) {
  EXPECT_EQ(DecodeXlsxText("_x3042__xD83D__xDE00_b"), "あ😀b");
  EXPECT_EQ(DecodeXlsxText("_x00e9__X00E9_"), "é_X00E9_");
  for (const char* plain : {"_xD83D_", "_xDE00_", "_xD83D__x0041", "_x0000_", "_x041_", "_", "_x0041", ""}) {
    EXPECT_EQ(DecodeXlsxText(plain), plain);
  }
  for (const char* text : {"_x0041_", "__x0041_", "_x_x0041_", "_x005F_x0041_", "\r", "ü"}) {
    EXPECT_EQ(DecodeXlsxText(EncodeXlsxText(text)), text);
  }
  EXPECT_EQ(EncodeXlsxText("a_b\n"), "a_b\n") << "nothing to escape";
}

TEST(Xlsx, RefusesBrokenSheetsWithTheRow) {
  for (const absl::string_view bad :
       {R"(<row r="2"/><row r="2"/>)", R"(<row r="x"/>)", R"(<row r="2"><c r="1A"/></row>)",
        R"(<row r="2"><c t="s"><v>2</v></c></row>)", R"(<row r="2"><c s="-1"/></row>)"}) {
    EXPECT_THAT(Read(Workbook(bad)).status, HasReason("XLSX_SYNTAX")) << bad;
  }
  EXPECT_THAT(std::string(Read(Workbook(R"(<row r="2"><c r="B2" t="s"><v>2</v></c></row>)")).status.message()),
              HasSubstr("row 2, column B"));
  EXPECT_THAT(Read("PK\x03\x04").status, HasReason("ZIP_SYNTAX"));
  EXPECT_FALSE(LooksLikeXlsx(WriteZip({{"a", "b"}}).value_or("")));
}

TEST(Xlsx, KeepsItsLimits) {
  EXPECT_THAT(Read(Workbook(absl::StrCat("<row r='", kTableRowsMax + 1, "'><c><v>1</v></c></row>"))).status,
              HasReason("XLSX_ROWS"));
  EXPECT_THAT(Read(Workbook("<row><c r='AMK1'><v>1</v></c></row>")).status, HasReason("XLSX_COLUMNS"));
  EXPECT_THAT(Read(Workbook("<row><c r='AMJ1'><v>1</v></c></row>")).rows, ::testing::SizeIs(1));
  EXPECT_THAT(
      Read(Workbook(absl::StrCat("<row><c t='str'><v>", std::string(kTableCellBytesMax + 1, 'x'), "</v></c></row>")))
          .status,
      HasReason("XLSX_CELL_SIZE"));
}

TEST(Xlsx, RefusesTooManySharedStrings) {
  std::string strings = "<sst>";
  for (size_t i = 0; i <= kXlsxSharedStringsMax; ++i) {
    absl::StrAppend(&strings, "<si><t>", i, "</t></si>");
  }
  const absl::StatusOr<std::string> bytes = WriteZip({{"xl/workbook.xml", kWorkbook},
                                                      {"xl/_rels/workbook.xml.rels", kRelations},
                                                      {"xl/sharedStrings.xml", strings + "</sst>"},
                                                      {"xl/worksheets/sheet1.xml", "<worksheet/>"}});
  EXPECT_THAT(Read(*bytes).status, HasReason("XLSX_SHARED_STRINGS"));
}

TEST(XlsxCells, KnowsItsColumns) {
  size_t column = 0;
  EXPECT_TRUE(ParseXlsxColumn("AB12", column));
  EXPECT_EQ(column, 27U);
  EXPECT_FALSE(ParseXlsxColumn("12", column));
  EXPECT_FALSE(ParseXlsxColumn("AAAA1", column));
}

// A workbook whose only style shows dates.
InputNode DateStyles() {
  return {InputNode::Kind::kObject,
          "styleSheet",
          "",
          {{InputNode::Kind::kObject,
            "cellXfs",
            "",
            {{InputNode::Kind::kObject, "xf", "", {{InputNode::Kind::kString, "@numFmtId", "14", {}}}}}}}};
}

TEST(XlsxCells, CountsDaysFrom1904IfTheWorkbookDoes) {
  InputNode styles = DateStyles();
  EXPECT_EQ(XlsxNumberForms(styles, true).NumberText("44538", 0), "2025-12-09");
  EXPECT_EQ(XlsxNumberForms(styles, false).NumberText("46000", 0), "2025-12-09");
  EXPECT_EQ(XlsxNumberForms(styles, false).NumberText("text", 0), "text");
}

TEST(XlsxCells, ShowsPercentagesAsTheyAreShown) {
  const auto style = [](const char* id) {
    return InputNode{InputNode::Kind::kObject, "xf", "", {{InputNode::Kind::kString, "@numFmtId", id, {}}}};
  };
  const auto own = [](const char* id, const char* code) {
    return InputNode{
        InputNode::Kind::kObject,
        "numFmt",
        "",
        {{InputNode::Kind::kString, "@numFmtId", id, {}}, {InputNode::Kind::kString, "@formatCode", code, {}}}};
  };
  InputNode styles = {
      InputNode::Kind::kObject,
      "styleSheet",
      "",
      {{InputNode::Kind::kObject,
        "numFmts",
        "",
        {own("164", "0.000%;[Red]-0.000%"), own("165", R"(0.0"%")"), own("166", R"(0.0\%)"), own("167", "0;0%")}},
       {InputNode::Kind::kObject,
        "cellXfs",
        "",
        {style("9"), style("10"), style("164"), style("165"), style("166"), style("167"), style("0")}}}};
  const XlsxNumberForms forms(styles, false);
  EXPECT_EQ(forms.NumberText("0.3", 0), "30%");
  EXPECT_EQ(forms.NumberText("2.5000000000000001E-2", 1), "2.5%") << "0.025 as a spreadsheet stores it";
  EXPECT_EQ(forms.NumberText("0.28499999999999998", 2), "28.5%");
  EXPECT_EQ(forms.NumberText("2.5", 3), "2.5") << "a sign in quotes is only shown";
  EXPECT_EQ(forms.NumberText("2.5", 4), "2.5");
  EXPECT_EQ(forms.NumberText("2.5", 5), "2.5") << "only negative ones are percentages";
  EXPECT_EQ(forms.NumberText("0.025", 6), "0.025");
}

// Spreadsheets count it, and no calendar has it: it must not become another day.
TEST(XlsxCells, ShowsTheDayThatNeverWas) {
  InputNode styles = DateStyles();
  const XlsxNumberForms forms(styles, false);
  EXPECT_EQ(forms.NumberText("59", 0), "1900-02-28");
  EXPECT_EQ(forms.NumberText("60", 0), "1900-02-29");
  EXPECT_EQ(forms.NumberText("61", 0), "1900-03-01");
}

}  // namespace
}  // namespace meguri::passport
