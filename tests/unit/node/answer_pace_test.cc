// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/answer_pace.h"

#include "gtest/gtest.h"
#include "node/rpc/limits.h"

namespace meguri::node {
namespace {

TEST(AnswerPace, GoesToTheNextWholeStep) {
  EXPECT_EQ(UntilNextStep(absl::ZeroDuration()), kAnswerStep);
  EXPECT_EQ(UntilNextStep(absl::Nanoseconds(1)), kAnswerStep - absl::Nanoseconds(1));
  EXPECT_EQ(UntilNextStep(kAnswerStep - absl::Nanoseconds(1)), absl::Nanoseconds(1));
  EXPECT_EQ(UntilNextStep(kAnswerStep), kAnswerStep);
  EXPECT_EQ(UntilNextStep(7 * kAnswerStep + absl::Microseconds(15)), kAnswerStep - absl::Microseconds(15));
}

// A record that is hidden is looked for some 12 microseconds longer than one that is not there.
TEST(AnswerPace, WhatTakesALittleLongerLeavesAtTheSameMoment) {
  const absl::Duration absent = absl::Microseconds(3);
  const absl::Duration hidden = absl::Microseconds(15);
  EXPECT_EQ(absent + UntilNextStep(absent), hidden + UntilNextStep(hidden));
}

}  // namespace
}  // namespace meguri::node
