// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/status_map.h"

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

}  // namespace
}  // namespace meguri::node
