// SPDX-License-Identifier: Apache-2.0
#include "node/app/store_health.h"

#include <cstdio>
#include <string>

#include <unistd.h>

#include "absl/strings/str_split.h"
#include "base/error.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::Status Failed() { return Error(absl::StatusCode::kUnavailable, "STORE_FAILED", "the disk is full"); }
absl::Status Damaged() { return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED", "a block is damaged"); }

class StoreHealthTest : public ::testing::Test {
 protected:
  ~StoreHealthTest() override { std::fclose(file_); }
  std::vector<std::string> Lines() {
    std::string text(1 << 16, ' ');
    EXPECT_EQ(std::fseek(file_, 0, SEEK_SET), 0);
    text.resize(std::fread(text.data(), 1, text.size(), file_));
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }

  std::FILE* const file_ = std::tmpfile();
  meguri::testing::FakeClock clock_;
  Log log_{::fileno(file_), LogLevel::kInfo, clock_};
  StoreHealth health_{log_};
};

TEST_F(StoreHealthTest, TellsEachCauseOnceAsAnError) {
  for (int i = 0; i < 3; ++i) {
    health_.Note(Failed());
    health_.Note(Damaged());
  }
  EXPECT_THAT(Lines(), ElementsAre(AllOf(HasSubstr("store-failed"), HasSubstr("error")),
                                   AllOf(HasSubstr("store-damaged"), HasSubstr("error"))));
}

TEST_F(StoreHealthTest, DamageIsWorseThanAFailedWrite) {
  MEGURI_EXPECT_OK(health_.Get());
  health_.Note(Failed());
  EXPECT_THAT(health_.Get(), HasReason("STORE_FAILED"));
  health_.Note(Damaged());
  EXPECT_THAT(health_.Get(), HasReason("STORE_DAMAGED"));
}

TEST_F(StoreHealthTest, WhatOthersDoSaysNothingOfTheStore) {
  health_.Note(absl::OkStatus());
  health_.Note(Error(absl::StatusCode::kDataLoss, "FORK", "a publisher contradicts itself"));
  health_.Note(Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "a node is off"));
  MEGURI_EXPECT_OK(health_.Get());
  EXPECT_TRUE(Lines().empty());
}

}  // namespace
}  // namespace meguri::node
