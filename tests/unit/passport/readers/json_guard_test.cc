// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/json_guard.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace meguri::passport {
namespace {

std::string Found(const std::string& text, const JsonLimits& limits = {.depth = 4, .values = 6}) {
  const absl::optional<JsonOffence> offence = FindJsonOffence(text, limits);
  return offence.has_value() ? absl::StrCat(offence->reason, " ", offence->path) : "";
}

TEST(JsonGuard, NamesTheFirstOffenceAndItsPlace) {
  EXPECT_EQ(Found(R"({"a": [1, {"b": 2, "b": 3}]})"), "JSON_DUPLICATE_KEY a[1].b");
  EXPECT_EQ(Found("[[[[]]]]"), "");
  EXPECT_EQ(Found("[[[[[]]]]]"), "JSON_DEPTH [0][0][0][0]");
  EXPECT_EQ(Found("[1, 2, 3, 4, 5]"), "");
  EXPECT_EQ(Found("[1, 2, 3, 4, [], \"\"]"), "JSON_NODES [5]");
}

TEST(JsonGuard, ReadsKeysAsTheyAreMeant) {
  EXPECT_EQ(Found(R"({"a": 1, "\u0061": 2})"), "JSON_DUPLICATE_KEY a");
  EXPECT_EQ(Found(R"({"a": 1, "\\u0061": 2, "a\"": {"a": 1}})"), "");
  EXPECT_EQ(Found(R"({"\/": 1, "/": 2})"), "JSON_DUPLICATE_KEY /");
}

TEST(JsonGuard, LeavesWhatIsNoJsonToTheParser) {
  for (const char* text : {"", "}", "]]", "\"", "\"\\", "{\"\\", "{\"a\"", "{\"\\u12", ",:,", "{1:2,3"}) {
    EXPECT_EQ(Found(text), "") << text;
  }
}

// The parser would stop there, as if it were the end.
TEST(JsonGuard, TakesAByteOfValueZeroForNoJson) {
  const auto offence = FindJsonOffence(absl::string_view("{\"a\": 1}\0{\"b\": 2}", 17), {10, 100});
  ASSERT_TRUE(offence.has_value());
  EXPECT_EQ(offence->reason, "JSON_SYNTAX");
}

TEST(JsonGuard, KeepsSoManyOpenKeysAndNoMore) {
  std::string text = "{\"outer\": {";
  for (size_t i = 2; i <= kJsonOpenKeysMax; ++i) {
    absl::StrAppend(&text, i == 2 ? "" : ",", "\"", i, "\":0");
  }
  const JsonLimits limits{.depth = 4, .values = 2 * kJsonOpenKeysMax};
  EXPECT_EQ(Found(text + "}, \"next\": 0}", limits), "") << "those of an object that has ended are forgotten";
  EXPECT_EQ(Found(text + ", \"1\": 0}}", limits), "JSON_KEYS outer.1");
}

}  // namespace
}  // namespace meguri::passport
