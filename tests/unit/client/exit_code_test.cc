// SPDX-License-Identifier: Apache-2.0
#include "client/cli/exit_code.h"

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri::client {
namespace {

int Of(absl::StatusCode code, absl::string_view reason = "") {
  return static_cast<int>(ExitCodeOf(Error(code, reason, "x")));
}

TEST(ExitCode, IsZeroForOk) { EXPECT_EQ(static_cast<int>(ExitCodeOf(absl::OkStatus())), 0); }

TEST(ExitCode, FollowsSysexitsByStatusCode) {
  EXPECT_EQ(Of(absl::StatusCode::kInvalidArgument), 65);
  EXPECT_EQ(Of(absl::StatusCode::kFailedPrecondition), 65);
  EXPECT_EQ(Of(absl::StatusCode::kNotFound), 66);
  EXPECT_EQ(Of(absl::StatusCode::kUnavailable), 69);
  EXPECT_EQ(Of(absl::StatusCode::kDeadlineExceeded), 69);
  EXPECT_EQ(Of(absl::StatusCode::kResourceExhausted), 69);
  EXPECT_EQ(Of(absl::StatusCode::kInternal), 70);
  EXPECT_EQ(Of(absl::StatusCode::kUnknown), 70);
  EXPECT_EQ(Of(absl::StatusCode::kPermissionDenied), 77);
  EXPECT_EQ(Of(absl::StatusCode::kUnauthenticated), 77);
}

TEST(ExitCode, LetsTheReasonSayMore) {
  EXPECT_EQ(Of(absl::StatusCode::kFailedPrecondition, "NOT_VERIFIED"), 1);
  EXPECT_EQ(Of(absl::StatusCode::kInvalidArgument, "USAGE"), 64);
  EXPECT_EQ(Of(absl::StatusCode::kNotFound, "FILE_NOT_FOUND"), 66);
  EXPECT_EQ(Of(absl::StatusCode::kAlreadyExists, "FILE_EXISTS"), 73);
  EXPECT_EQ(Of(absl::StatusCode::kUnavailable, "FILE_IO"), 74);
  EXPECT_EQ(Of(absl::StatusCode::kUnavailable, "NODE_IDENTITY"), 77);
  EXPECT_EQ(Of(absl::StatusCode::kInvalidArgument, "CONTEXT"), 78);
  EXPECT_EQ(Of(absl::StatusCode::kFailedPrecondition, "NO_CONTEXT"), 78);
}

TEST(ExitCode, FallsBackToTheCodeForAReasonThatItDoesNotKnow) {
  EXPECT_EQ(Of(absl::StatusCode::kPermissionDenied, "ROLE_MISSING"), 77);
}

}  // namespace
}  // namespace meguri::client
