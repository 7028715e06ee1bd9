// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include "base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Violation kFirst = {.field = "sections[0].gtin",
                          .reason = "GTIN_CHECK_DIGIT",
                          .found = "\"04912345678905\"",
                          .expected = "check digit 4",
                          .cure = "correct the number",
                          .message_ja = "GTINのチェックデジットが違います。"};

TEST(Error, CarriesCodeReasonAndSentence) {
  const absl::Status status = Error(absl::StatusCode::kNotFound, "NO_SUCH_THING", "there is no such thing");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "there is no such thing");
  EXPECT_EQ(ReasonOf(status), "NO_SUCH_THING");
  EXPECT_THAT(ViolationsOf(status), IsEmpty());
}

TEST(Error, WithoutAReasonHasNone) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), "");
}

TEST(Violations, TravelInsideTheStatus) {
  // Text that looks like the inner encoding must not confuse it.
  const Violation second = {
      .field = "3:abc", .reason = "", .found = std::string("\0:9", 3), .expected = "", .cure = "", .message_ja = ""};
  const absl::Status status = InvalidInput({kFirst, second});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(ViolationsOf(status), ElementsAre(kFirst, second));
  EXPECT_EQ(ReasonOf(status), "GTIN_CHECK_DIGIT");
}

TEST(Violations, ReadAsOneSentence) {
  EXPECT_EQ(ToSentence(kFirst), "sections[0].gtin: \"04912345678905\", expected check digit 4; correct the number");
  EXPECT_EQ(ToSentence({.field = "", .reason = "R", .found = "nothing", .expected = "", .cure = "", .message_ja = ""}),
            "nothing");
  EXPECT_EQ(InvalidInput({kFirst, kFirst, kFirst}).message(), ToSentence(kFirst) + " (and 2 more)");
}

TEST(Violations, AreSplitIntoErrorsAndWarningsInTheirOrder) {
  Violation warning = kFirst;
  warning.severity = Severity::kWarning;
  Violation second = warning;
  second.field = "another";
  std::vector<Violation> violations = {warning, kFirst, second};
  EXPECT_THAT(TakeWarnings(violations), ElementsAre(warning, second));
  EXPECT_THAT(violations, ElementsAre(kFirst));
}

TEST(Violations, AreLimitedByALastWarningThatCountsTheRest) {
  const Violation warning{"field", "SOME", "found", "", "", "", Severity::kWarning};
  std::vector<Violation> warnings(3, warning);
  LimitWarnings(warnings, 3);
  EXPECT_THAT(warnings, ElementsAre(warning, warning, warning));
  warnings.push_back(warning);
  LimitWarnings(warnings, 3);
  ASSERT_EQ(warnings.size(), 3U);
  EXPECT_EQ(warnings[1], warning);
  EXPECT_EQ(warnings[2].reason, "MORE_WARNINGS");
  EXPECT_EQ(warnings[2].found, "2 more warnings");
  EXPECT_EQ(warnings[2].severity, Severity::kWarning);
}

TEST(Violations, OfNothingBreakAnInvariant) { EXPECT_DEATH((void)InvalidInput({}), "without a violation"); }

TEST(Invariant, AbortsWithTheReason) {
  Invariant(true, "holds");
  EXPECT_DEATH(Invariant(false, "two and two are four"), "broken invariant: two and two are four");
}

absl::Status FailIf(bool fail) {
  return fail ? Error(absl::StatusCode::kAborted, "ASKED", "as asked") : absl::OkStatus();
}

absl::StatusOr<int> NumberUnless(bool fail) {
  MEGURI_RETURN_IF_ERROR(FailIf(fail));
  return 7;
}

absl::StatusOr<int> Twice(bool fail) {
  MEGURI_ASSIGN_OR_RETURN(const int first, NumberUnless(fail));
  MEGURI_ASSIGN_OR_RETURN(const int second, NumberUnless(fail));
  return first + second;
}

TEST(StatusMacros, HandErrorsUpAndValuesOn) {
  EXPECT_THAT(Twice(true), HasReason("ASKED"));
  ASSERT_THAT(Twice(false), IsOk());
  EXPECT_EQ(*Twice(false), 14);
}

}  // namespace
}  // namespace meguri
