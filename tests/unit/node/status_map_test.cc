// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/status_map.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace meguri::node {
namespace {

TEST(ToGrpcStatus, CarriesReasonAndEveryViolation) {
  const grpc::Status status = ToGrpcStatus(
      InvalidInput({{"a.b", "FIRST", "1", "2", "use 2", "2を使う"}, {"c", "SECOND", "x", "y", "use y", ""}}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "FIRST");
  EXPECT_EQ(info.domain(), "meguri");
  google::rpc::BadRequest request;
  ASSERT_TRUE(details.details(1).UnpackTo(&request));
  ASSERT_EQ(request.field_violations_size(), 2);
  EXPECT_EQ(request.field_violations(0).field(), "a.b");
  EXPECT_EQ(request.field_violations(0).description(), "1, expected 2; use 2");
  EXPECT_EQ(request.field_violations(0).localized_message().message(), "2を使う");
  EXPECT_EQ(request.field_violations(1).reason(), "SECOND");
}

TEST(ToGrpcStatus, ShowsNoInternalText) {
  const grpc::Status status =
      ToGrpcStatus(Error(absl::StatusCode::kDataLoss, "VALUE_ENCODING", "the file in the secret folder is damaged"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(status.error_message().find("secret"), std::string::npos);
  EXPECT_EQ(status.error_details().find("secret"), std::string::npos);
  EXPECT_NE(status.error_message().find("VALUE_ENCODING"), std::string::npos);
}

google::rpc::BadRequest ProblemsOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::BadRequest problems;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.details_size(), 2);
  EXPECT_TRUE(details.details(1).UnpackTo(&problems));
  return problems;
}

absl::Status ManyProblems(size_t count) {
  std::vector<Violation> violations;
  violations.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    violations.push_back({absl::StrCat("field[", i, "]"), "WRONG", "1", "2", "use 2", "2を使う"});
  }
  return InvalidInput(violations);
}

TEST(ToGrpcStatus, TellsAsManyProblemsAsTheCallerTakesAndCountsTheRest) {
  const size_t whole = ToGrpcStatus(ManyProblems(3000), kErrorBytesMax).error_details().size();
  EXPECT_GT(whole, kErrorBytesDefault);
  for (const size_t room : {kErrorBytesDefault, whole / 2, whole - 1, whole, whole + 20000}) {
    const grpc::Status status = ToGrpcStatus(ManyProblems(3000), room);
    EXPECT_LE(status.error_details().size(), room);
    const google::rpc::BadRequest problems = ProblemsOf(status);
    const auto& last = problems.field_violations(problems.field_violations_size() - 1);
    if (problems.field_violations_size() == 3000) {
      EXPECT_EQ(last.field(), "field[2999]");
    } else {
      EXPECT_EQ(last.reason(), "MORE_PROBLEMS");
      const int left = 3000 - (problems.field_violations_size() - 1);
      EXPECT_EQ(last.description().find(absl::StrCat(left, " more")), 0U) << last.description();
    }
    if (room == whole + 20000) {
      EXPECT_EQ(problems.field_violations_size(), 3000);
    }
  }
  EXPECT_EQ(ProblemsOf(ToGrpcStatus(ManyProblems(3000), kErrorBytesMax)).field_violations_size(), 3000);
}

TEST(ToGrpcStatus, FitsIntoTheMetadataThatAnyClientTakes) {
  std::vector<Violation> violations(50, {"フィールド", "WRONG", std::string(5000, 'x'), "2", "use 2", "2を使う"});
  const grpc::Status status = ToGrpcStatus(InvalidInput(violations));
  // The message is percent-encoded.
  EXPECT_LT(status.error_details().size() + 3 * status.error_message().size(), size_t{8} << 10);
}

TEST(ToGrpcStatus, SurvivesACallerThatTakesNothing) {
  const grpc::Status status = ToGrpcStatus(ManyProblems(3), 0);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace meguri::node
