// SPDX-License-Identifier: Apache-2.0
#include "passport/filter.h"

#include <limits>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/terms/region_groups.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using record::IndexTerm;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

AnyOf Word(const char* field, const char* value) { return {{field, value}}; }

TEST(ParseFilter, ReadsConditionsJoinedByAnd) {
  const auto filter = ParseFilter(R"(  product_group = "battery" AND gtin="4912345678904" )");
  MEGURI_ASSERT_OK(filter);
  EXPECT_THAT(filter->terms, ElementsAre(Word("product_group", "battery"), Word("gtin", "04912345678904")));
  EXPECT_THAT(filter->ranges, IsEmpty());
}

TEST(ParseFilter, ReadsAListOfWords) {
  const auto filter = ParseFilter(R"(material IN ("PP" , pe,"PP") AND lot IN (a))");
  MEGURI_ASSERT_OK(filter);
  EXPECT_THAT(filter->terms, ElementsAre(AnyOf{{"material", "pe"}, {"material", "pp"}}, Word("lot", "a")));
}

TEST(ParseFilter, ReadsARegionAsItsPrefectures) {
  const auto filter = ParseFilter(R"(region = "Kanto" AND region IN (kyushu, "13", "KR"))");
  MEGURI_ASSERT_OK(filter);
  EXPECT_THAT(filter->terms[0],
              ElementsAre(IndexTerm{"region", "08"}, IndexTerm{"region", "09"}, IndexTerm{"region", "10"},
                          IndexTerm{"region", "11"}, IndexTerm{"region", "12"}, IndexTerm{"region", "13"},
                          IndexTerm{"region", "14"}));
  EXPECT_THAT(filter->terms[1], ::testing::SizeIs(10));
  // Of other fields it is a word like any other.
  EXPECT_THAT(ParseFilter("material = kanto")->terms, ElementsAre(Word("material", "kanto")));
}

TEST(RegionGroups, HoldEveryPrefectureOnce) {
  std::set<std::string> prefectures;
  for (const passport::RegionGroup& group : passport::RegionGroups()) {
    for (const absl::string_view prefecture : group.prefectures) {
      EXPECT_TRUE(prefectures.insert(std::string(prefecture)).second) << prefecture;
    }
  }
  EXPECT_THAT(prefectures, ::testing::SizeIs(47));
  EXPECT_EQ(*prefectures.begin(), "01");
  EXPECT_EQ(*prefectures.rbegin(), "47");
}

TEST(ParseFilter, MatchesEverythingWhenEmpty) {
  const auto filter = ParseFilter(" ");
  MEGURI_ASSERT_OK(filter);
  EXPECT_THAT(filter->terms, ElementsAre(Word("all", "")));
}

TEST(ParseFilter, KeepsQuotesThatAreEscaped) {
  const auto filter = ParseFilter(R"(serial = "a\"b")");
  MEGURI_ASSERT_OK(filter);
  EXPECT_EQ(filter->terms[0][0].value, "a\"b");
}

NumberRange Only(const char* text) {
  const auto filter = ParseFilter(text);
  MEGURI_EXPECT_OK(filter);
  return filter.ok() && filter->ranges.size() == 1 ? filter->ranges.front() : NumberRange{};
}

TEST(ParseFilter, ReadsNumbersAsRangesThatIncludeTheirEnds) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  constexpr uint64_t kThird = 300'000'000;
  EXPECT_EQ(Only("recycled_fraction >= 0.3"), (NumberRange{"recycled_fraction", kThird, kMax}));
  EXPECT_EQ(Only("recycled_fraction > 0.3"), (NumberRange{"recycled_fraction", kThird + 1, kMax}));
  EXPECT_EQ(Only("recycled_fraction <= \"0.3\""), (NumberRange{"recycled_fraction", 0, kThird}));
  EXPECT_EQ(Only("recycled_fraction<0.3"), (NumberRange{"recycled_fraction", 0, kThird - 1}));
  EXPECT_EQ(Only("recycled_fraction = 0.3"), (NumberRange{"recycled_fraction", kThird, kThird}));
  EXPECT_EQ(Only("recycled_fraction >= 0.3 AND recycled_fraction < 0.5"),
            (NumberRange{"recycled_fraction", kThird, 499'999'999}));
  EXPECT_TRUE(Only("recycled_fraction > 0.5 AND recycled_fraction < 0.3").empty());
  EXPECT_TRUE(Only("recycled_fraction < 0").empty());
}

TEST(ParseFilter, RoundsWhatIsFinerThanTheIndexToTheRightSide) {
  EXPECT_EQ(Only("recycled_fraction >= 0.0000000015").low, 2U);
  EXPECT_EQ(Only("recycled_fraction > 0.0000000015").low, 2U);
  EXPECT_EQ(Only("recycled_fraction <= 0.0000000015").high, 1U);
  EXPECT_EQ(Only("recycled_fraction < 0.0000000015").high, 1U);
  EXPECT_TRUE(Only("recycled_fraction = 0.0000000015").empty());
}

TEST(ParseFilter, AsksForASubstanceAndForHowMuchOfIt) {
  EXPECT_EQ(Only("substance(\"117-81-7\") > 0.001"),
            (NumberRange{"substance_fraction/117-81-7", 1'000'001, std::numeric_limits<uint64_t>::max()}));
  const auto present = ParseFilter("substance(\"117-81-7\") AND product_group = battery");
  MEGURI_ASSERT_OK(present);
  EXPECT_THAT(present->terms, ElementsAre(Word("substance", "117-81-7"), Word("product_group", "battery")));
  EXPECT_THAT(present->ranges, IsEmpty());
}

TEST(ParseFilter, RefusesWhatItDoesNotUnderstand) {
  for (const char* filter : {"colour = \"red\"",
                             "gtin",
                             "gtin =",
                             "gtin = \"1",
                             "gtin = \"1\" OR lot = \"2\"",
                             "gtin = \"1\" AND",
                             "all = \"\"",
                             "\"x\"",
                             "= \"x\"",
                             "gtin = \"1\" lot = \"2\"",
                             "gtin > \"1\"",
                             "recycled_fraction",
                             "recycled_fraction = \"much\"",
                             "recycled_fraction > -1",
                             "recycled_fraction > 1000000001",
                             "gtin IN",
                             "gtin IN (",
                             "gtin IN ()",
                             "gtin IN (\"1\"",
                             "gtin IN (\"1\" \"2\")",
                             "gtin IN (\"1\",)",
                             "recycled_fraction IN (1)",
                             "substance(\"7439-92-1\"",
                             "substance(\"7439-92-1\") > ",
                             "substance() > 1",
                             "substance(\"7439-92-1\") 0.1"}) {
    EXPECT_THAT(ParseFilter(filter), HasReason("FILTER")) << filter;
  }
}

// A slip of the pen must not read as "no product has it".
TEST(ParseFilter, RefusesWordsAndNumbersThatNoRecordCanHave) {
  const std::pair<const char*, const char*> refused[] = {{"substance(\"117-81-8\") > 0.001", "check digit"},
                                                         {"substance(\"117-81-8\")", "check digit"},
                                                         {"substance = \"117-81-8\"", "check digit"},
                                                         {"substance(\"117-81-7\") > 5", "from 0 to 1"},
                                                         {"hazard = lithium", "lithium_ion_battery"},
                                                         {"granularity = modell", "model, batch, item"},
                                                         {"region = kantou", "kanto"},
                                                         {"region = 48", "01 to 47"},
                                                         {"designation = \"home-appliance\"", "home_appliance"},
                                                         {"record_type = passport", "product_passport"},
                                                         {"gtin = \"04912345100109\"", "here 8"},
                                                         {"gtin = 491", "8, 12, 13 or 14 digits"},
                                                         {"recycled_fraction >= 16", "0.16 for 16 %"},
                                                         {"data_quality_level >= 5", "1 to 4"},
                                                         {"parent = abc", "32 hexadecimal"},
                                                         {"publisher = acme", "ICD:identifier"},
                                                         {"product_status IN (\"waste\", \"scrap\")", "original"}};
  for (const auto& [filter, expected] : refused) {
    const auto parsed = ParseFilter(filter);
    EXPECT_THAT(parsed, HasReason("FILTER")) << filter;
    EXPECT_THAT(ViolationsOf(parsed.status())[0].expected, ::testing::HasSubstr(expected)) << filter;
  }
  for (const char* filter :
       {"hazard = H225", "hazard = \"Flam. Liq. 2\"", "hazard = cadmium", "hazard = SVHC", "substance = DEHP",
        "substance = \"200-001-8\"", "region = JP", "region = jp", "region = 13", "region = Kanto",
        "granularity = Model", "gtin = 4912345100108", "recycled_fraction >= 1",
        "parent = 000102030405060708090A0B0C0D0E0F", "lot = anything", "product_group = \"no-such-group\""}) {
    MEGURI_EXPECT_OK(ParseFilter(filter)) << filter;
  }
}

TEST(ParseFilter, TakesSingleQuotesAndSmallLetters) {
  const auto parsed = ParseFilter("lot = 'a \"1\"' and model in ('x', 'y') And substance('DEHP')");
  MEGURI_ASSERT_OK(parsed);
  EXPECT_EQ(parsed->terms.size(), 3U);
  EXPECT_EQ(parsed->terms[0], Word("lot", "a \"1\""));
}

TEST(ParseFilter, HoldsItsLimits) {
  std::string filter = "lot = \"1\"";
  for (size_t i = 1; i < kFilterTermsMax; ++i) {
    filter += " AND lot = \"1\"";
  }
  MEGURI_EXPECT_OK(ParseFilter(filter));
  EXPECT_THAT(ParseFilter(filter + " AND lot = \"1\""), HasReason("FILTER"));
  std::string list = "lot IN (l0";
  for (size_t i = 1; i < kFilterWordsMax; ++i) {
    absl::StrAppend(&list, ",l", i);
  }
  MEGURI_EXPECT_OK(ParseFilter(list + ")"));
  EXPECT_THAT(ParseFilter(list + ",more)"), HasReason("FILTER"));
  EXPECT_THAT(ParseFilter(list + ") AND lot = more"), HasReason("FILTER"));
  EXPECT_THAT(ParseFilter("lot = \"" + std::string(kFilterBytesMax, 'x') + "\""), HasReason("FILTER"));
}

}  // namespace
}  // namespace meguri::passport
