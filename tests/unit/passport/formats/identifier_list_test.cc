// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/identifier_list.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri::passport {
namespace {

using ::testing::ElementsAre;

TEST(IdentifierList, HoldsOneIdentifierALine) {
  EXPECT_THAT(*ReadIdentifierList("# today\n\n04912345100108/S1, a washing machine\r\n  04912345100108\tanother\nx"),
              ElementsAre("04912345100108/S1", "04912345100108", "x"));
  EXPECT_THAT(*ReadIdentifierList(""), ElementsAre());
}

// As spreadsheets and editors of Windows write it.
TEST(IdentifierList, ReadsTheEncodingsOfWindows) {
  EXPECT_THAT(*ReadIdentifierList("\xEF\xBB\xBF"
                                  "04912345100108\r\n"),
              ElementsAre("04912345100108"));
  EXPECT_THAT(*ReadIdentifierList(std::string("\xFF\xFE"
                                              "4\0"
                                              "9\0\r\0\n\0",
                                              10)),
              ElementsAre("49"));
  EXPECT_THAT(*ReadIdentifierList("04912345100108,\x90\xF4\x91\xF3\x8B\x40\r\n"), ElementsAre("04912345100108"));
}

}  // namespace
}  // namespace meguri::passport
