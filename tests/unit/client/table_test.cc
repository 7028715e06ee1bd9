// SPDX-License-Identifier: Apache-2.0
#include "client/cli/table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri::client {
namespace {

TEST(DisplayWidth, CountsFullWidthCharactersTwice) {
  EXPECT_EQ(DisplayWidth("battery"), 7U);
  EXPECT_EQ(DisplayWidth("蓄電池"), 6U);
  EXPECT_EQ(DisplayWidth("ｶﾅ"), 2U);        // half-width katakana
  EXPECT_EQ(DisplayWidth("（株）"), 6U);    // full-width brackets
  EXPECT_EQ(DisplayWidth("か\u3099"), 2U);  // combining voiced mark
}

TEST(DisplayWidth, CountsBytesThatAreNotUtf8OneEach) {
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2U);
  EXPECT_EQ(DisplayWidth("\xe8\x93"), 2U);  // a character cut short
}

TEST(Harmless, DisarmsWhatWouldSteerATerminal) {
  EXPECT_EQ(Harmless("a\x1b[2Jb"), "a\\u001b[2Jb");
  EXPECT_EQ(Harmless("one\ntwo\r"), "one\\u000atwo\\u000d");
  EXPECT_EQ(Harmless("\u202Eevil"), "\\u202eevil");
  EXPECT_EQ(Harmless("\xc2\x9b"
                     "31m"),
            "\\u009b31m");  // CSI as one C1 character
  EXPECT_EQ(Harmless("\xff"), "\\xff");
  EXPECT_EQ(Harmless("\xc0\x9b"), "\\xc0\\x9b");  // ESC in an overlong form
  EXPECT_EQ(Harmless("巡り Meguri ✓"), "巡り Meguri ✓");
}

TEST(Table, AlignsColumnsOfMixedWidth) {
  Table table({{"名称"}, {"件数", true}, {"状態"}});
  table.Add({"蓄電池", "7", "有効"});
  table.Add({"frame", "1024", ""});
  EXPECT_EQ(table.Layout(),
            "名称    件数  状態\n"
            "蓄電池     7  有効\n"
            "frame   1024\n");
}

TEST(Table, ShowsNoHeadingWithoutRows) { EXPECT_EQ(Table({{"RECORD"}, {"TYPE"}}).Layout(), ""); }

TEST(Table, LaysPairsOutWithoutAHeading) {
  Table table = Table::OfPairs();
  table.Add({"版", "3"});
  table.Add({"状態", "終了"});
  EXPECT_EQ(table.Layout(), "版    3\n状態  終了\n");
}

TEST(Table, KeepsOneLineForOneRowWhateverTheCellsHold) {
  Table table({{"A"}});
  table.Add({"x\ny"});
  EXPECT_EQ(table.Layout(), "A\nx\\u000ay\n");
}

}  // namespace
}  // namespace meguri::client
