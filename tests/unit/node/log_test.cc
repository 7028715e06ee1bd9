// SPDX-License-Identifier: Apache-2.0
#include "node/app/log.h"

#include "gtest/gtest.h"

namespace meguri::node {
namespace {

TEST(JsonQuoted, EscapesWhatCouldBreakALine) {
  EXPECT_EQ(JsonQuoted("plain"), R"("plain")");
  EXPECT_EQ(JsonQuoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(JsonQuoted("a\nb\x1b[31m"), R"("a\u000ab\u001b[31m")");
  EXPECT_EQ(JsonQuoted("巡り"), "\"巡り\"");
  EXPECT_EQ(JsonQuoted("\xff\xc0\x80"), R"("\u00ff\u00c0\u0080")");
}

TEST(JsonQuoted, CutsLongText) { EXPECT_EQ(JsonQuoted("abcdef", 3), R"("abc")"); }

TEST(JsonQuoted, EscapesASequenceThatTheCutBreaks) { EXPECT_EQ(JsonQuoted("巡", 2), R"("\u00e5\u00b7")"); }

}  // namespace
}  // namespace meguri::node
