// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "node/query/query.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using testing::HasReason;

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
