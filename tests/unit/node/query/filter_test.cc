// SPDX-License-Identifier: Apache-2.0
#include "node/query/filter.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node/query/query.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using ::meguri::testing::HasReason;
using record::IndexTerm;
using ::testing::ElementsAre;

TEST(ParseFilter, ReadsConditionsJoinedByAnd) {
  const auto terms = ParseFilter(R"(  product_group = "battery" AND gtin="4912345678904" )");
  MEGURI_ASSERT_OK(terms);
  EXPECT_THAT(*terms, ElementsAre(IndexTerm{"product_group", "battery"}, IndexTerm{"gtin", "04912345678904"}));
}

TEST(ParseFilter, MatchesEverythingWhenEmpty) {
  const auto terms = ParseFilter(" ");
  MEGURI_ASSERT_OK(terms);
  EXPECT_THAT(*terms, ElementsAre(IndexTerm{"all", ""}));
}

TEST(ParseFilter, KeepsQuotesThatAreEscaped) {
  const auto terms = ParseFilter(R"(serial = "a\"b")");
  MEGURI_ASSERT_OK(terms);
  EXPECT_EQ((*terms)[0].value, "a\"b");
}

TEST(ParseFilter, RefusesWhatItDoesNotUnderstand) {
  for (const char* filter : {"colour = \"red\"", "gtin", "gtin =", "gtin = \"1", "gtin = \"1\" OR lot = \"2\"",
                             "gtin = \"1\" AND", "all = \"\"", "\"x\"", "= \"x\"", "gtin = \"1\" lot = \"2\""}) {
    EXPECT_THAT(ParseFilter(filter), HasReason("FILTER")) << filter;
  }
}

TEST(ParseFilter, HoldsItsLimits) {
  std::string filter = "lot = \"1\"";
  for (size_t i = 1; i < kFilterTermsMax; ++i) {
    filter += " AND lot = \"1\"";
  }
  MEGURI_EXPECT_OK(ParseFilter(filter));
  EXPECT_THAT(ParseFilter(filter + " AND lot = \"1\""), HasReason("FILTER"));
  EXPECT_THAT(ParseFilter("lot = \"" + std::string(kFilterBytesMax, 'x') + "\""), HasReason("FILTER"));
}

TEST(ParseIdentifier, UnderstandsWhatIsScannedOrTyped) {
  const auto link = ParseIdentifier("https://id.example.jp/01/04912345678904/21/SN-1?x=1");
  MEGURI_ASSERT_OK(link);
  EXPECT_EQ(link->gtin, "04912345678904");
  EXPECT_EQ(link->serial, "SN-1");
  EXPECT_EQ(link->host, "id.example.jp");
  const auto typed = ParseIdentifier("4912345678904/SN-1");
  MEGURI_ASSERT_OK(typed);
  EXPECT_EQ(typed->gtin, "04912345678904");
  EXPECT_EQ(typed->serial, "SN-1");
  const auto record_id = ParseIdentifier("00112233445566778899aabbccddeeff");
  MEGURI_ASSERT_OK(record_id);
  EXPECT_TRUE(record_id->record_id.has_value());
}

TEST(ParseIdentifier, RefusesAnythingElse) {
  for (const char* text : {"", "hello", "4912345678905", "4912345678904/", "https://id.example.jp/",
                           "4912345678904/123456789012345678901", "0011"}) {
    EXPECT_THAT(ParseIdentifier(text), HasReason("IDENTIFIER")) << text;
  }
}

}  // namespace
}  // namespace meguri::node
