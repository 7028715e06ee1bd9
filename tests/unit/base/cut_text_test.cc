// SPDX-License-Identifier: Apache-2.0
#include "base/cut_text.h"

#include "gtest/gtest.h"

namespace meguri {
namespace {

TEST(CutTextTest, LeavesWhatFits) {
  EXPECT_EQ(CutText("", 0), "");
  EXPECT_EQ(CutText("巡り", 6), "巡り");
}

TEST(CutTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(CutText("abc", 2), "ab");
  EXPECT_EQ(CutText("巡り", 5), "巡");
  EXPECT_EQ(CutText("巡り", 3), "巡");
  EXPECT_EQ(CutText("巡り", 2), "");
  EXPECT_EQ(CutText("巡り", 0), "");
}

}  // namespace
}  // namespace meguri
