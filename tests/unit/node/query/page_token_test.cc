// SPDX-License-Identifier: Apache-2.0
#include "node/query/page_token.h"

#include "gtest/gtest.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using meguri::testing::FakeClock;
using meguri::testing::HasReason;

class PageTokenTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  const PageTokens tokens_{{1, 2, 3}, clock_};
};

TEST_F(PageTokenTest, GivesBackThePlaceAlsoAfterARestart) {
  const std::string place("any\0bytes\xff", 10);
  const std::string token = tokens_.Make("question", place);
  const PageTokens after_restart({1, 2, 3}, clock_);
  const absl::StatusOr<std::string> opened = after_restart.Open("question", token);
  MEGURI_ASSERT_OK(opened);
  EXPECT_EQ(*opened, place);
  EXPECT_EQ(*tokens_.Open("question", ""), "");
}

TEST_F(PageTokenTest, RefusesATokenForAnotherQuestionOrOfAnotherNode) {
  const std::string token = tokens_.Make("question", "place");
  EXPECT_THAT(tokens_.Open("another", token), HasReason("PAGE_TOKEN"));
  EXPECT_THAT(PageTokens({9}, clock_).Open("question", token), HasReason("PAGE_TOKEN"));
}

TEST_F(PageTokenTest, RefusesAnyChangedOrShortenedToken) {
  const std::string token = tokens_.Make("question", "place");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    // The last character may hold bits that mean nothing.
    const absl::StatusOr<std::string> opened = tokens_.Open("question", changed);
    EXPECT_TRUE(!opened.ok() || *opened == "place") << i;
    EXPECT_THAT(tokens_.Open("question", token.substr(0, i == 0 ? 1 : i)), HasReason("PAGE_TOKEN")) << i;
  }
  EXPECT_THAT(tokens_.Open("question", std::string(100'000, 'A')), HasReason("PAGE_TOKEN"));
  EXPECT_THAT(tokens_.Open("question", "!"), HasReason("PAGE_TOKEN"));
}

TEST_F(PageTokenTest, ForgetsATokenAfterItsLife) {
  const std::string token = tokens_.Make("question", "place");
  clock_.Advance(kPageTokenLife - absl::Milliseconds(1));
  MEGURI_EXPECT_OK(tokens_.Open("question", token));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_THAT(tokens_.Open("question", token), HasReason("PAGE_TOKEN"));
}

}  // namespace
}  // namespace meguri::node
