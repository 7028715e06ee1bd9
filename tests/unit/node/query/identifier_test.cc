// SPDX-License-Identifier: Apache-2.0
#include "node/query/identifier.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
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

// Found: a model number as it stands on a plate was "not an identifier".
TEST(ParseQuestion, TakesWhatIsNoOtherIdentifierAsAModelNumber) {
  const auto plate = ParseQuestion({.identifier = " NA-LX129C/L ", .maker = "Acme", .serial = "0012"});
  MEGURI_ASSERT_OK(plate);
  EXPECT_EQ(plate->model, "NA-LX129C/L");
  EXPECT_EQ(plate->maker, "Acme");
  EXPECT_EQ(plate->serial, "0012");
  const auto gtin = ParseQuestion({.identifier = "4912345678904", .maker = "Acme", .serial = "0012"});
  MEGURI_ASSERT_OK(gtin);
  EXPECT_EQ(gtin->gtin, "04912345678904");
  EXPECT_EQ(gtin->serial, "0012");
  EXPECT_EQ(gtin->model, "");
  EXPECT_EQ(ParseQuestion({.identifier = "4912345678904/S1", .serial = "0012"})->serial, "S1");
  EXPECT_EQ(ParseQuestion({.identifier = "4912345678904", .is_model_number = true})->model, "4912345678904");
  EXPECT_EQ(ParseQuestion({.identifier = "４９１２３４５６７８９０４"})->gtin, "04912345678904");
}

TEST(ParseQuestion, DoesNotTakeAMistypedGtinOrLinkForAModelNumber) {
  for (const char* text : {"", "4912345678905", "4912345678905/S1", "4912345678904/", "https://id.example.jp/"}) {
    EXPECT_THAT(ParseQuestion({.identifier = text}), HasReason("IDENTIFIER")) << text;
  }
  MEGURI_EXPECT_OK(ParseQuestion({.identifier = std::string(kModelBytesMax, 'x')}));
  EXPECT_THAT(ParseQuestion({.identifier = std::string(kModelBytesMax + 1, 'x')}), HasReason("IDENTIFIER"));
  const std::string most(kPlateTextBytesMax, 'x');
  MEGURI_EXPECT_OK(ParseQuestion({.identifier = "x", .maker = most, .serial = most}));
  EXPECT_THAT(ParseQuestion({.identifier = "x", .maker = most + "x"}), HasReason("IDENTIFIER"));
  EXPECT_THAT(ParseQuestion({.identifier = "x", .serial = most + "x"}), HasReason("IDENTIFIER"));
}

TEST(HalfWidth, FoldsWhatJapaneseSheetsWriteWide) {
  EXPECT_EQ(HalfWidth("ＮＡ－ｌｘ～！＿｀０９"), "NA-lx~!_`09");
  EXPECT_EQ(HalfWidth("A−1　B"), "A-1 B");
  EXPECT_EQ(HalfWidth("型番。\xEF\xBC"), "型番。\xEF\xBC");
}

}  // namespace
}  // namespace meguri::node
