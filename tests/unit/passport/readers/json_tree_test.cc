// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/json_tree.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;

std::vector<std::string> LeavesOf(absl::string_view json) {
  absl::StatusOr<InputNode> root = ReadJsonTree(json);
  std::vector<std::string> leaves;
  if (!root.ok()) {
    return {std::string(root.status().message())};
  }
  ForEachLeaf(*root, [&leaves](const std::string& path, InputNode& leaf) {
    leaves.push_back(absl::StrCat(path, "=", leaf.text));
  });
  return leaves;
}

TEST(JsonTree, KeepsNumbersAsTheyAreWritten) {
  EXPECT_THAT(
      LeavesOf(R"({"a": 12.50, "b": [-1.7976931348623157E308, 0.1, 9007199254740993], "c": null, "d": true})"),
      ElementsAre("a=12.50", "b[0]=-1.7976931348623157E308", "b[1]=0.1", "b[2]=9007199254740993", "c=null", "d=true"));
  const std::string huge = absl::StrCat("-1", std::string(300, '0'));
  EXPECT_THAT(LeavesOf(huge), ElementsAre(absl::StrCat("=", huge)));
}

TEST(JsonTree, ReadsUtf16) {
  const std::string text = R"({"a":["x"]})";
  std::string little;
  std::string big;
  for (const char c : text) {
    little += std::string({c, '\0'});
    big += std::string({'\0', c});
  }
  for (const std::string& bytes : {text, absl::StrCat("\xEF\xBB\xBF", text), little, big,
                                   absl::StrCat("\xFF\xFE", little), absl::StrCat("\xFE\xFF", big)}) {
    EXPECT_THAT(LeavesOf(bytes), ElementsAre("a[0]=x"));
  }
}

TEST(JsonTree, NamesLeavesOfEmptyContainersToo) {
  EXPECT_THAT(LeavesOf(R"({"a": {}, "b": [[], ""]})"), ElementsAre("a=", "b[0]=", "b[1]="));
}

TEST(JsonTree, RefusesWhatWouldBeReadTwoWays) {
  EXPECT_THAT(ReadJsonTree(R"({"a": 1, "b": {"a": 1, "a": 2}})"), HasReason("JSON_DUPLICATE_KEY"));
  EXPECT_THAT(ReadJsonTree(R"({"b\"": {"\u00e9\n": [], "x": 1, "é\u000A": 2}})"), HasReason("JSON_DUPLICATE_KEY"));
  EXPECT_THAT(ReadJsonTree(R"({"\ud83d\ude00": 1, "😀": 2})"), HasReason("JSON_DUPLICATE_KEY"));
  EXPECT_TRUE(ReadJsonTree(R"({"a": "a", "b": {"a": "a"}, "c": [{"a": 1}, {"a": "b\\"}], "\\u0061": 1})").ok());
  EXPECT_THAT(ReadJsonTree("{\"a\": 1} x"), HasReason("JSON_SYNTAX"));
  EXPECT_THAT(ReadJsonTree(""), HasReason("JSON_SYNTAX"));
  EXPECT_THAT(ReadJsonTree("1e999"), HasReason("JSON_NUMBER"));
  EXPECT_THAT(ReadJsonTree("\xFF\xFE\x3E\xD8"), HasReason("TEXT_ENCODING"));
}

// Found by the fuzzer: what stood behind it was left out in silence.
TEST(JsonTree, RefusesAByteOfValueZero) {
  const std::string text = absl::StrCat("{\"a\": \"", std::string(1000, 'x'), "\"}");
  MEGURI_EXPECT_OK(ReadJsonTree(text));
  EXPECT_FALSE(ReadJsonTree(absl::StrCat(text, std::string(1, '\0'), "{\"b\": 2}")).ok());
}

TEST(JsonTree, RefusesWhatIsTooMuch) {
  EXPECT_THAT(ReadJsonTree(std::string(200'000, '[')), HasReason("JSON_DEPTH"));
  const std::string deepest = absl::StrCat(std::string(kJsonTreeDepthMax, '['), std::string(kJsonTreeDepthMax, ']'));
  EXPECT_TRUE(ReadJsonTree(deepest).ok());
  EXPECT_THAT(ReadJsonTree(absl::StrCat("[", deepest, "]")), HasReason("JSON_DEPTH"));
  std::string many = "[";
  for (size_t i = 1; i < kInputNodesMax; ++i) {
    many += i == 1 ? "0" : ",0";
  }
  EXPECT_TRUE(ReadJsonTree(many + "]").ok());
  EXPECT_THAT(ReadJsonTree(many + ",0]"), HasReason("JSON_NODES"));
  EXPECT_THAT(ReadJsonTree(std::string(kJsonTreeBytesMax + 1, ' ')), HasReason("JSON_SIZE"));
  // In CP932.
  EXPECT_TRUE(ReadJsonTree("\"\x93\xFA\"" + std::string(kJsonTreeBytesMax / 2 - 4, ' ')).ok());
  EXPECT_THAT(ReadJsonTree("\"\x93\xFA\"" + std::string(kJsonTreeBytesMax / 2 - 3, ' ')), HasReason("JSON_SIZE"));
}

TEST(InputTree, AccountsForEveryLeaf) {
  absl::StatusOr<InputNode> root = ReadJsonTree(R"({"mass": 2, "unit": "g", "other": [1, {"x": "y"}]})");
  MEGURI_ASSERT_OK(root);
  root->Find("mass")->fate = Fate::kMapped;
  root->Find("unit")->fate = Fate::kImplied;
  const Account account = AccountOf(*root);
  EXPECT_EQ(account.leaves, 4U);
  EXPECT_EQ(account.mapped, 1U);
  EXPECT_EQ(account.implied, 1U);
  EXPECT_THAT(account.untouched, ElementsAre(::testing::Pair("other[0]", "1"), ::testing::Pair("other[1].x", "y")));
}

}  // namespace
}  // namespace meguri::passport
