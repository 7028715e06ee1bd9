// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/csv.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> RowsOf(absl::string_view text) {
  std::vector<std::string> rows;
  const absl::Status status = ReadCsv(text, [&rows](const TableRow& row) {
    rows.push_back(absl::StrCat(row.number, ":", absl::StrJoin(row.cells, "|")));
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

absl::Status StatusOf(absl::string_view text) {
  return ReadCsv(text, [](const TableRow&) { return absl::OkStatus(); });
}

TEST(Csv, ReadsQuotesNewlinesAndEveryLineEnd) {
  EXPECT_THAT(RowsOf("a,b\r\n1,\"x, \"\"y\"\"\r\nz\"\n2,\r3,4"),
              ElementsAre("1:a|b", "2:1|x, \"y\"\r\nz", "3:2|", "4:3|4"));
  EXPECT_THAT(RowsOf(""), ElementsAre());
}

TEST(Csv, FindsTheSeparatorInTheFirstLine) {
  EXPECT_THAT(RowsOf("a\tb\n1,5\t2"), ElementsAre("1:a|b", "2:1,5|2"));
  EXPECT_THAT(RowsOf("\"a,\";b\n1;2"), ElementsAre("1:a,|b", "2:1|2"));
}

TEST(Csv, CountsEmptyRowsButSkipsThem) { EXPECT_THAT(RowsOf("a,b\n\n,\n1,2\n"), ElementsAre("1:a|b", "4:1|2")); }

TEST(Csv, NamesTheRowThatIsBroken) {
  const absl::Status status = StatusOf("a,b\n1,\"x");
  EXPECT_THAT(status, HasReason("CSV_SYNTAX"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("row 2"));
  EXPECT_THAT(StatusOf("a,\"b\"c"), HasReason("CSV_SYNTAX"));
}

TEST(Csv, KeepsItsLimits) {
  const std::string columns(kTableColumnsMax - 1, ',');
  MEGURI_EXPECT_OK(StatusOf(columns));
  EXPECT_THAT(StatusOf(columns + ","), HasReason("CSV_COLUMNS"));
  MEGURI_EXPECT_OK(StatusOf(std::string(kTableCellBytesMax, 'x')));
  EXPECT_THAT(StatusOf(std::string(kTableCellBytesMax + 1, 'x')), HasReason("CSV_CELL_SIZE"));
  EXPECT_THAT(StatusOf(absl::StrCat("\"", std::string(kTableCellBytesMax + 1, 'x'), "\"")), HasReason("CSV_CELL_SIZE"));
  std::string rows(kTableRowsMax, '\n');
  MEGURI_EXPECT_OK(StatusOf(rows));
  EXPECT_THAT(StatusOf(rows + "\n"), HasReason("CSV_ROWS"));
}

TEST(Csv, WritesWhatItReadsBack) {
  const std::vector<std::string> cells = {"a", "", "x\"y", "1,5", "two\nlines", "\t", "質量"};
  EXPECT_THAT(RowsOf(CsvLine(cells)), ElementsAre(absl::StrCat("1:", absl::StrJoin(cells, "|"))));
}

TEST(Csv, GuardsWhatASpreadsheetWouldRun) {
  EXPECT_EQ(CsvLine({"=1+1", "+1-2", "-x", "@A", "＝A", "'=1", " =1", "\t=1"}),
            "'=1+1,'+1-2,'-x,'@A,'＝A,''=1,' =1,\"'\t=1\"\r\n");
  EXPECT_EQ(CsvLine({"-12.5", "0.1", "a=b", "'quoted'", "", "-"}), "-12.5,0.1,a=b,'quoted',,'-\r\n");
  EXPECT_THAT(RowsOf("'=1,''=1,'x,'-5,'"), ElementsAre("1:=1|'=1|'x|'-5|'")) << "only a guard is taken away";
}

TEST(Table, NamesColumnsAsSpreadsheetsDo) {
  EXPECT_EQ(ColumnName(0), "A");
  EXPECT_EQ(ColumnName(25), "Z");
  EXPECT_EQ(ColumnName(26), "AA");
  EXPECT_EQ(ColumnName(701), "ZZ");
  EXPECT_EQ(ColumnName(702), "AAA");
}

}  // namespace
}  // namespace meguri::passport
