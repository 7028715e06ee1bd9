// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/product_list.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ListedProduct Line(const std::string& identifier) { return {.identifier = identifier}; }

ListedProduct Model(const std::string& model, const std::string& maker, const std::string& serial) {
  return {.identifier = model, .is_model_number = true, .maker = maker, .serial = serial};
}

TEST(ProductList, HoldsOneProductALine) {
  EXPECT_THAT(*ReadProductList("# today\n\n04912345100108/S1, a washing machine\r\n  04912345100108\tanother\nx"),
              ElementsAre(Line("04912345100108/S1"), Line("04912345100108"), Line("x")));
  EXPECT_THAT(*ReadProductList(""), IsEmpty());
  EXPECT_THAT(*ReadProductList("# nothing"), IsEmpty());
}

// As spreadsheets and editors of Windows write it.
TEST(ProductList, ReadsTheEncodingsOfWindows) {
  EXPECT_THAT(*ReadProductList("\xEF\xBB\xBF"
                               "04912345100108\r\n"),
              ElementsAre(Line("04912345100108")));
  EXPECT_THAT(*ReadProductList(std::string("\xFF\xFE"
                                           "4\0"
                                           "9\0\r\0\n\0",
                                           10)),
              ElementsAre(Line("49")));
  EXPECT_THAT(*ReadProductList("04912345100108,\x90\xF4\x91\xF3\x8B\x40\r\n"), ElementsAre(Line("04912345100108")));
}

// Found: a list knew no model numbers, and its columns were for people.
TEST(ProductList, TakesModelMakerAndSerialFromTheColumnsOfASheet) {
  EXPECT_THAT(
      *ReadProductList(
          "# pallet 7\r\nNo.,メーカー,型番,製造番号\r\n1,巡電機,\"NA-LX129C, L\",0012\r\n#2,x,y,z\r\n3,,,99\r\n"),
      ElementsAre(Model("NA-LX129C, L", "巡電機", "0012"), ListedProduct{.serial = "99"}));
  EXPECT_THAT(*ReadProductList("Model_Number;Serial Number;GTIN\nWM-1;S1;\nWM-2;S2;04912345100108\n"),
              ElementsAre(Model("WM-1", "", "S1"), ListedProduct{.identifier = "04912345100108", .serial = "S2"}));
  // メーカー TAB 形名, in CP932.
  EXPECT_THAT(*ReadProductList("\x83\x81\x81\x5B\x83\x4A\x81\x5B\t\x8C\x60\x96\xBC\r\nAcme\tWM-1\r\n"),
              ElementsAre(Model("WM-1", "Acme", "")));
}

TEST(ProductList, SaysWhereASheetIsBroken) {
  EXPECT_THAT(ReadProductList("model,serial\nWM-1,\"S1\n").status(), testing::HasReason("CSV_SYNTAX"));
}

// Found: a machine that was listed twice got two cards.
TEST(ProductList, CountsWhatIsListedSeveralTimes) {
  std::vector<ListedProduct> twice = {Line("a"), Line("b"), Line("a"), Model("a", "", ""), Model("a", "", "S1")};
  const std::vector<ListedProduct> once = EachOnce(twice);
  twice[0].count = 2;
  EXPECT_THAT(once, ElementsAre(twice[0], twice[1], twice[3], twice[4]));
}

}  // namespace
}  // namespace meguri::passport
