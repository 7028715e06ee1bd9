// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/program.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

// What the program says to who mistypes a command or a value.
namespace meguri::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

class UsageTest : public ::testing::Test {
 protected:
  Outcome Run(const std::vector<std::string>& arguments) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const Surroundings surroundings{in, out, err, false, false, false, environment_, clock_, random_};
    const ExitCode exit_code = RunProgram(arguments, surroundings);
    return {static_cast<int>(exit_code), out.str(), err.str()};
  }

  const certs::testing::TemporaryFolder folder_;
  meguri::testing::FakeClock clock_;
  meguri::testing::SeededRandom random_;
  const std::map<std::string, std::string> environment_ = {{"HOME", folder_.Path("")}};
};

TEST_F(UsageTest, NamesTheWordThatIsNoCommand) {
  const Outcome noun = Run({"recrd", "list"});
  EXPECT_EQ(noun.exit_code, 64);
  EXPECT_THAT(noun.err, AllOf(HasSubstr("\"recrd\""), HasSubstr("record, ")));
  const Outcome verb = Run({"record", "frobnicate"});
  EXPECT_EQ(verb.exit_code, 64);
  EXPECT_THAT(verb.err, AllOf(HasSubstr("\"frobnicate\""), HasSubstr("publish, get, list"), Not(HasSubstr("enquiry"))));
  EXPECT_THAT(Run({"--lang", "ja", "record", "frobnicate"}).err, HasSubstr("「frobnicate」"));
}

TEST_F(UsageTest, PrintsTheVersionAsAFlagToo) {
  const Outcome version = Run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, StartsWith("meguri "));
}

TEST_F(UsageTest, AnOptionNamesTheWordsThatItTakesAndTakesNoOther) {
  const Outcome form = Run({"version", "-o", "yaml"});
  EXPECT_EQ(form.exit_code, 64);
  EXPECT_THAT(form.err, AllOf(HasSubstr("--output: \"yaml\" is none of: json, jsonl, table ["), Not(HasSubstr("->"))));
  EXPECT_EQ(Run({"version", "-o", "1"}).exit_code, 64);
  EXPECT_EQ(Run({"version", "-o", "jsonl"}).exit_code, 0);
  const Outcome mode = Run({"version", "--progress", "foo"});
  EXPECT_EQ(mode.exit_code, 64);
  EXPECT_THAT(mode.err, HasSubstr("\"foo\" is none of: auto, bar, json, none, plain"));
}

}  // namespace
}  // namespace meguri::client
