// SPDX-License-Identifier: Apache-2.0
#include "client/rpc_error.h"

#include <string>

#include "client/cli/error_report.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::client {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using ::testing::HasSubstr;

constexpr char kAddress[] = "node.example:7443";

grpc::Status Refusal() {
  google::rpc::ErrorInfo error_info;
  error_info.set_reason("GTIN_CHECK_DIGIT");
  google::rpc::BadRequest bad_request;
  google::rpc::BadRequest::FieldViolation& violation = *bad_request.add_field_violations();
  violation.set_field("publications[0].sections.identity.gtin");
  violation.set_description("\"04912345678905\", expected check digit 4; read the code again");
  violation.set_reason("GTIN_CHECK_DIGIT");
  violation.mutable_localized_message()->set_locale("ja");
  violation.mutable_localized_message()->set_message("GTIN のチェックデジットが違います。");
  google::rpc::Status told;
  told.add_details()->PackFrom(error_info);
  told.add_details()->PackFrom(bad_request);
  return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "refused", told.SerializeAsString());
}

TEST(FromRpc, CarriesEveryViolationWithItsParts) {
  const absl::Status status = FromRpc(Refusal(), kAddress);
  EXPECT_THAT(status, HasReason("GTIN_CHECK_DIGIT"));
  EXPECT_THAT(ViolationsOf(status),
              ElementsAre(Violation{"publications[0].sections.identity.gtin", "GTIN_CHECK_DIGIT", "\"04912345678905\"",
                                    "check digit 4", "read the code again", "GTIN のチェックデジットが違います。"}));
}

TEST(FromRpc, TakesTheReasonOfTheNode) {
  google::rpc::ErrorInfo error_info;
  error_info.set_reason("ROLE_MISSING");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(7);
  google::rpc::Status told;
  told.add_details()->PackFrom(error_info);
  told.add_details()->PackFrom(retry);
  const absl::Status status =
      FromRpc(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many", told.SerializeAsString()), kAddress);
  EXPECT_THAT(status, HasReason("ROLE_MISSING"));
  EXPECT_EQ(status.message(), "too many; try again in 7 s");
}

TEST(FromRpc, SaysWhereNothingAnswered) {
  const absl::Status status = FromRpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"), kAddress);
  EXPECT_THAT(status, HasReason("NODE_UNREACHABLE"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(kAddress));
}

TEST(FromRpc, TakesDetailsThatAreNoDetailsForTheTransport) {
  const absl::Status status =
      FromRpc(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "late", "\xff\xff\xff"), kAddress);
  EXPECT_THAT(status, HasReason("DEADLINE"));
}

TEST(ParseSentence, SplitsWhatToSentenceJoined) {
  const Violation whole = {"gtin", "", "\"a, expected b; c\"", "14 digits", "read the code again", ""};
  EXPECT_EQ(ParseSentence("gtin", ToSentence(whole)), whole);
  const Violation without_expectation = {"", "", "the file is empty", "", "write something", ""};
  EXPECT_EQ(ParseSentence("", ToSentence(without_expectation)), without_expectation);
  const Violation only_found = {"x", "", "it is wrong", "", "", ""};
  EXPECT_EQ(ParseSentence("x", ToSentence(only_found)), only_found);
}

TEST(ErrorReport, ShowsEachViolationOnLinesOfItsOwnAndEndsWithWhatToDo) {
  EXPECT_EQ(ErrorReport(FromRpc(Refusal(), kAddress), Language::kEnglish, /*color=*/false),
            "error: 1 problem\n"
            "  publications[0].sections.identity.gtin  [GTIN_CHECK_DIGIT]\n"
            "    found: \"04912345678905\"\n"
            "    expected: check digit 4\n"
            "    do: read the code again\n"
            "→ mend the above and try again\n");
}

TEST(ErrorReport, SpeaksJapaneseWhereTheNodeDoes) {
  EXPECT_THAT(ErrorReport(FromRpc(Refusal(), kAddress), Language::kJapanese, false),
              HasSubstr("  publications[0].sections.identity.gtin  [GTIN_CHECK_DIGIT]\n"
                        "    内容: GTIN のチェックデジットが違います。\n"
                        "    検出: \"04912345678905\"\n"
                        "    期待: check digit 4\n"));
}

TEST(ErrorReport, LetsNothingFromTheNodeSteerTheTerminal) {
  const absl::Status status = FromRpc(grpc::Status(grpc::StatusCode::INTERNAL, "boom\x1b]0;owned\x07"), kAddress);
  EXPECT_THAT(ErrorReport(status, Language::kEnglish, false), HasSubstr("boom\\u001b]0;owned\\u0007"));
}

}  // namespace
}  // namespace meguri::client
