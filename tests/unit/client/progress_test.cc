// SPDX-License-Identifier: Apache-2.0
#include "client/cli/progress.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/fakes.h"

namespace meguri::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Amount kTotal = {1000, 4'096'000};

TEST(Progress, DrawsABarWithRateAndRemainingTime) {
  testing::FakeClock clock;
  std::ostringstream out;
  Progress progress(ProgressMode::kBar, {"publishing"}, kTotal, /*is_terminal=*/false, out, clock);
  clock.Advance(absl::Seconds(5));
  progress.Update({250, 1'024'000});
  EXPECT_EQ(out.str(), "\r[######..................] publishing 250/1000 (25%)  1000 KiB  50/s  ETA 15 s");
  progress.Update({1000, 4'096'000});
  clock.Advance(absl::Seconds(5));
  progress.Finish();
  EXPECT_THAT(out.str(), HasSubstr("[########################] publishing 1000/1000 (100%)  3.9 MiB  100/s"));
  EXPECT_THAT(out.str(), EndsWith("\n"));
}

TEST(Progress, RedrawsTheBarAtMostTenTimesASecond) {
  testing::FakeClock clock;
  std::ostringstream out;
  Progress progress(ProgressMode::kBar, {"publishing"}, kTotal, false, out, clock);
  for (uint64_t i = 1; i <= 100; ++i) {
    progress.Update({i, i});
    clock.Advance(absl::Milliseconds(10));
  }
  const std::string drawn = out.str();
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\r'), 10);
}

TEST(Progress, BlanksWhatALongerBarLeftBehind) {
  testing::FakeClock clock;
  std::ostringstream out;
  Progress progress(ProgressMode::kBar, {"x"}, {10, 10}, false, out, clock);
  clock.Advance(absl::Seconds(1));
  progress.Update({1, 1});
  const size_t longer = out.str().size();
  progress.Finish();
  clock.Advance(absl::Seconds(1));
  progress.Update({10, 10});
  progress.Finish();
  EXPECT_GT(longer, 0U);
  const std::string last = out.str().substr(out.str().rfind('\r'));
  EXPECT_THAT(last, Not(HasSubstr("ETA")));
}

TEST(Progress, WritesALineNowAndThenWhereThereIsNoTerminal) {
  testing::FakeClock clock;
  std::ostringstream out;
  Progress progress(ProgressMode::kAuto, {"publishing"}, kTotal, /*is_terminal=*/false, out, clock);
  progress.Update({10, 10});
  EXPECT_EQ(out.str(), "") << "a short job shows nothing but its end";
  clock.Advance(absl::Seconds(5));
  progress.Update({500, 2'048'000});
  EXPECT_EQ(out.str(), "publishing 500/1000 (50%)  2.0 MiB  100/s  ETA 5 s\n");
}

TEST(Progress, IsABarOnATerminal) {
  testing::FakeClock clock;
  std::ostringstream out;
  Progress progress(ProgressMode::kAuto, {"publishing"}, kTotal, /*is_terminal=*/true, out, clock);
  progress.Update({10, 10});
  EXPECT_THAT(out.str(), StartsWith("\r["));
}

TEST(Progress, WritesOneJsonObjectALine) {
  testing::FakeClock clock;
  std::ostringstream out;
  Progress progress(ProgressMode::kJson, {"公開中"}, kTotal, false, out, clock);
  clock.Advance(absl::Seconds(2));
  progress.Update({200, 819'200});
  const nlohmann::json line = nlohmann::json::parse(out.str());
  EXPECT_EQ(line["progress"], "公開中");
  EXPECT_EQ(line["items"], 200);
  EXPECT_EQ(line["items_total"], 1000);
  EXPECT_EQ(line["bytes"], 819'200);
  EXPECT_EQ(line["items_per_s"], 100.0);
  EXPECT_EQ(line["eta_s"], 8);
  EXPECT_EQ(line["finished"], false);
}

TEST(Progress, IsSilentIfAskedTo) {
  testing::FakeClock clock;
  std::ostringstream out;
  Progress progress(ProgressMode::kNone, {"publishing"}, kTotal, true, out, clock);
  clock.Advance(absl::Seconds(60));
  progress.Update(kTotal);
  progress.Finish();
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, EndsTheLineOfAJobThatBrokeOff) {
  testing::FakeClock clock;
  std::ostringstream out;
  {
    Progress progress(ProgressMode::kBar, {"publishing"}, kTotal, true, out, clock);
    progress.Update({1, 1});
  }
  EXPECT_THAT(out.str(), EndsWith("\n"));
}

TEST(HumanBytes, ChoosesAUnit) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(uint64_t{17} << 20), "17 MiB");
}

TEST(HumanDuration, ChoosesAUnit) {
  EXPECT_EQ(HumanDuration(absl::Seconds(8)), "8 s");
  EXPECT_EQ(HumanDuration(absl::Seconds(185)), "3 min 05 s");
  EXPECT_EQ(HumanDuration(absl::Minutes(130)), "2 h 10 min");
}

}  // namespace
}  // namespace meguri::client
