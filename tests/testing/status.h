// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "gmock/gmock.h"

// Status matchers, which the packaged abseil lacks.
namespace meguri::testing {

inline absl::Status ToStatus(const absl::Status& status) { return status; }
template <typename T>
absl::Status ToStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << ToStatus(arg).ToString();
  return ToStatus(arg).ok();
}

MATCHER_P(HasCode, code, "") {
  *result_listener << ToStatus(arg).ToString();
  return ToStatus(arg).code() == code;
}

// Matches an error by its stable reason.
MATCHER_P(HasReason, reason, "") {
  *result_listener << ToStatus(arg).ToString() << " with reason '" << meguri::ReasonOf(ToStatus(arg)) << "'";
  return !ToStatus(arg).ok() && meguri::ReasonOf(ToStatus(arg)) == reason;
}

}  // namespace meguri::testing

#define MEGURI_ASSERT_OK(expr) ASSERT_THAT(expr, ::meguri::testing::IsOk())
#define MEGURI_EXPECT_OK(expr) EXPECT_THAT(expr, ::meguri::testing::IsOk())
