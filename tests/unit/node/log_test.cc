// SPDX-License-Identifier: Apache-2.0
#include "node/app/log.h"

#include <string>

#include <unistd.h>

#include "gtest/gtest.h"
#include "tests/testing/fakes.h"

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

TEST(LogTest, EachLineOfAMemberNamesIt) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  const meguri::testing::FakeClock clock;
  Log whole(ends[1], LogLevel::kInfo, clock);
  Log of_member(whole, {"hosted_member", "0199:a\"b"});
  of_member.Info("node-ready", {{"port", "7443"}});
  std::string line(1000, '\0');
  line.resize(static_cast<size_t>(::read(ends[0], line.data(), line.size())));
  EXPECT_NE(line.find(R"("event":"node-ready","hosted_member":"0199:a\"b","port":"7443"})"), std::string::npos) << line;
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace meguri::node
