// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/program_fixture.h"

namespace meguri::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using testing::ProgramTest;
using testing::ProgramWithNodeTest;

// Found: a product that declares a substance without an amount was not listed by a watch with --above.
TEST_F(ProgramWithNodeTest, WatchesWhatHoldsAnUnknownAmountOfASubstance) {
  const std::string record_id = Publish();
  server_.node.AnswerList("amount_unknown = \"84-74-2\"", record_id);
  const Outcome outcome = Run({"substance", "watch", "84-74-2", "--above", "0.001"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr(record_id), HasSubstr("amount unknown")));
  const auto json = Run({"substance", "watch", "84-74-2", "--above", "0.001", "-o", "json"}).Json();
  EXPECT_EQ(json["records"][0]["amount_unknown"], true);
  EXPECT_THAT(Run({"substance", "watch", "84-74-2"}).out, Not(HasSubstr(record_id))) << "another question";

  server_.node.AnswerList("substance(\"84-74-2\") > 0.001", record_id);
  EXPECT_THAT(Run({"substance", "watch", "84-74-2", "--above", "0.001"}).out,
              AllOf(HasSubstr(record_id), Not(HasSubstr("amount unknown"))));
}

TEST_F(ProgramWithNodeTest, ComparesAmountsByNumberOnly) {
  const Outcome outcome = Run({"substance", "watch", "DBP", "--above", "0.001"});
  EXPECT_EQ(outcome.exit_code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("CAS or EC number"));
}

// Found: a group that was written wrong got a sheet without a word.
TEST_F(ProgramTest, SaysThatATemplateIsOfNoKnownGroup) {
  const Outcome outcome = Run({"template", "batery", "--out", folder_.Path("a.csv")});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("batery"), HasSubstr("battery"), HasSubstr("metal-lot")));
  EXPECT_EQ(Run({"template", "battery", "--out", folder_.Path("b.csv")}).err, "");
}

}  // namespace
}  // namespace meguri::client
