// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/cas_number.h"
#include "passport/rules/corporate_number.h"
#include "passport/rules/country_code.h"
#include "passport/rules/decimal.h"
#include "passport/rules/digital_link.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/rules/gs1_key.h"
#include "passport/rules/identity_keys.h"
#include "passport/rules/jurisdiction.h"
#include "passport/rules/local_government_code.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/plastic_marking.h"
#include "passport/rules/registered_prefix.h"
#include "passport/rules/text.h"
#include "passport/rules/web_reference.h"
#include "record/participant_id.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using meguri::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> ReasonsFor(ValueRule rule, absl::string_view value) {
  Findings findings(10);
  rule(value, Path("field"), findings);
  return ReasonsOf(std::move(findings).Take());
}

// V1

TEST(CorporateNumber, AcceptsPublishedNumbers) {
  for (const char* number : {"7123456789012", "4011001098993", "4000012090001", "8000020130001"}) {
    EXPECT_TRUE(IsCorporateNumber(number)) << number;
  }
}

TEST(CorporateNumber, RefusesEveryOtherLeadingDigit) {
  for (char digit = '0'; digit <= '9'; ++digit) {
    EXPECT_EQ(IsCorporateNumber(absl::StrCat(std::string(1, digit), "123456789012")), digit == '7') << digit;
  }
  EXPECT_FALSE(IsCorporateNumber("9876543210987"));
  EXPECT_EQ(CorporateNumberCheckDigit("876543210987"), '2');
  EXPECT_FALSE(IsCorporateNumber("712345678901"));
  EXPECT_FALSE(IsCorporateNumber("71234567890123"));
  EXPECT_FALSE(IsCorporateNumber("712345678901a"));
}

TEST(CorporateNumber, AgreesWithParticipantIds) {
  for (const char* number : {"7123456789012", "8123456789012", "4011001098993", "9876543210987"}) {
    EXPECT_EQ(IsCorporateNumber(number), record::ParticipantId::Parse(absl::StrCat("0188:", number)).ok()) << number;
  }
}

TEST(ParticipantReference, SaysWhichCheckFailed) {
  EXPECT_THAT(ReasonsFor(&CheckParticipantId, "0188:7123456789012"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckParticipantId, "0188:9876543210987"), ElementsAre("V1_CORPORATE_NUMBER"));
  EXPECT_THAT(ReasonsFor(&CheckParticipantId, "0088:9521234026845"), ElementsAre("V3_CHECK_DIGIT"));
  EXPECT_THAT(ReasonsFor(&CheckParticipantId, "somebody"), ElementsAre("PARTICIPANT_ID"));
}

TEST(ParticipantReference, WantsRecordIdsInLowerCase) {
  EXPECT_THAT(ReasonsFor(&CheckRecordId, "00112233445566778899aabbccddeeff"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckRecordId, "00112233445566778899AABBCCDDEEFF"), ElementsAre("RECORD_ID"));
  EXPECT_THAT(ReasonsFor(&CheckRecordId, "0011"), ElementsAre("RECORD_ID"));
}

// V2

TEST(LocalGovernmentCode, AcceptsPublishedCodes) {
  for (const char* code : {"131016", "011002", "271004", "133078", "130001"}) {
    EXPECT_TRUE(IsLocalGovernmentCode(code)) << code;
  }
}

TEST(LocalGovernmentCode, RefusesWrongDigitsAndPrefectures) {
  for (const char* code : {"131017", "011003", "48100", "481009", "001007", "13101", "13101a"}) {
    EXPECT_FALSE(IsLocalGovernmentCode(code)) << code;
  }
  EXPECT_EQ(LocalGovernmentCheckDigit("48100"), '9') << "481009 is refused for its prefecture alone";
}

TEST(LocalGovernmentCode, EndsTheCorporateNumberOfAMunicipality) {
  registry::v1::MemberEntry member;
  member.set_kind(registry::v1::MEMBER_KIND_MUNICIPALITY);
  member.set_participant_id("0188:8000020130001");
  Findings good(10);
  CheckMunicipality(member, Path("sections.member"), good);
  EXPECT_THAT(std::move(good).Take(), IsEmpty());

  member.set_participant_id("0188:7123456789012");
  Findings bad(10);
  CheckMunicipality(member, Path("sections.member"), bad);
  EXPECT_THAT(Lines(std::move(bad).Take()), ElementsAre("sections.member.participant_id V2_LOCAL_GOVERNMENT_CODE"));

  member.set_kind(registry::v1::MEMBER_KIND_COMPANY_SME);
  Findings company(10);
  CheckMunicipality(member, Path("sections.member"), company);
  EXPECT_THAT(std::move(company).Take(), IsEmpty());
}

// V3

TEST(Gs1CheckDigit, AcceptsPublishedKeys) {
  for (const char* key : {"09520123456788", "9520123456788", "09506000467894", "04912345678904"}) {
    EXPECT_TRUE(HasGs1CheckDigit(key)) << key;
  }
}

TEST(Gs1CheckDigit, RefusesWrongDigits) {
  EXPECT_FALSE(HasGs1CheckDigit("9521234026845"));
  EXPECT_FALSE(HasGs1CheckDigit(""));
  EXPECT_FALSE(HasGs1CheckDigit("0"));
  EXPECT_FALSE(HasGs1CheckDigit("0952012345678x"));
}

TEST(Gs1CheckDigit, CatchesEverySingleWrongDigit) {
  const std::string gtin = "04912345678904";
  for (size_t i = 0; i < gtin.size(); ++i) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string changed = gtin;
      changed[i] = digit;
      EXPECT_EQ(HasGs1CheckDigit(changed), changed == gtin) << changed;
    }
  }
}

TEST(Gs1CheckDigit, PadsEveryLengthOfGtin) {
  EXPECT_EQ(NormalisedGtin("4912345678904"), "04912345678904");
  EXPECT_EQ(NormalisedGtin("96385074"), "00000096385074");
  EXPECT_EQ(NormalisedGtin("614141000036"), "00614141000036");
  EXPECT_EQ(NormalisedGtin("491234567890"), absl::nullopt);
  EXPECT_EQ(NormalisedGtin("004912345678904"), absl::nullopt);
}

TEST(Gs1CheckDigit, SaysWhatIsWrongWithAGtin) {
  EXPECT_THAT(ReasonsFor(&CheckGtin, "04912345678904"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckGtin, "4912345678904"), ElementsAre("V3_GTIN_LENGTH"));
  EXPECT_THAT(ReasonsFor(&CheckGtin, "04912345678905"), ElementsAre("V3_CHECK_DIGIT"));
  EXPECT_THAT(ReasonsFor(&CheckGtin, "09520123456788"), ElementsAre("V3_DEMO_PREFIX"));
}

// V4

TEST(DigitalLink, ReadsGtinLotAndSerial) {
  const auto model = ParseDigitalLink("https://id.gs1.org/01/04912345678904");
  MEGURI_ASSERT_OK(model);
  EXPECT_EQ(model->host, "id.gs1.org");
  EXPECT_EQ(model->gtin, "04912345678904");
  EXPECT_EQ(model->lot, "");

  const auto batch = ParseDigitalLink("HTTPS://ID.Example.jp:8443/01/4912345678904/10/A%2FB/?17=261231#top");
  MEGURI_ASSERT_OK(batch);
  EXPECT_EQ(batch->host, "id.example.jp:8443");
  EXPECT_EQ(batch->gtin, "04912345678904") << "a GTIN-13 is padded";
  EXPECT_EQ(batch->lot, "A/B");

  const auto item = ParseDigitalLink("https://example.jp/passports/eu/01/04912345678904/22/2A/10/L1/21/S-9");
  MEGURI_ASSERT_OK(item);
  EXPECT_EQ(item->variant, "2A");
  EXPECT_EQ(item->lot, "L1");
  EXPECT_EQ(item->serial, "S-9");
}

TEST(DigitalLink, ReadsOtherPrimaryKeys) {
  const auto place = ParseDigitalLink("https://id.gs1.org/414/9520123456788/254/32a");
  MEGURI_ASSERT_OK(place);
  EXPECT_EQ(place->primary_ai, "414");
  EXPECT_EQ(place->primary_key, "9520123456788");
  EXPECT_EQ(place->extension, "32a");
  EXPECT_EQ(place->gtin, "");
  EXPECT_THAT(ParseDigitalLink("https://id.gs1.org/8003/04912345678904SER1"), IsOk());
  EXPECT_THAT(ParseDigitalLink("https://id.gs1.org/8004/4912345ASSET"), IsOk());
  EXPECT_THAT(ParseDigitalLink("https://id.gs1.org/01/04912345678904/235/TP-1"), IsOk());
}

TEST(DigitalLink, RefusesWhatIsNone) {
  for (const char* uri : {"",
                          "https://",
                          "https:///01/04912345678904",
                          "ftp://id.gs1.org/01/04912345678904",
                          "telnet://id.gs1.org/01/04912345678904",
                          "id.gs1.org/01/04912345678904",
                          "https://id.gs1.org",
                          "https://id.gs1.org/",
                          "https://id.gs1.org/01",
                          "https://id.gs1.org/99/04912345678904",
                          "https://id.gs1.org/01/04912345678904/21",
                          "https://id.gs1.org/01/04912345678904/21/",
                          "https://id.gs1.org/01/04912345678904/21/S/10/L",   // wrong order
                          "https://id.gs1.org/01/04912345678904/10/L/10/M",   // twice
                          "https://id.gs1.org/01/04912345678904/21/S/235/T",  // 21 excludes 235
                          "https://id.gs1.org/01/04912345678904/254/X",       // of a GLN
                          "https://id.gs1.org/01/04912345678904/21/123456789012345678901",
                          "https://id.gs1.org/01/04912345678904/21/a%20b",
                          "https://id.gs1.org/01/04912345678904/21/%zz",
                          "https://id.gs1.org/01/04912345678904/21/%4",
                          "https://user@id.gs1.org/01/04912345678904"}) {
    EXPECT_THAT(ParseDigitalLink(uri), HasReason("V4_DIGITAL_LINK")) << uri;
  }
  EXPECT_THAT(ParseDigitalLink("https://id.gs1.org/01/04912345678905"), HasReason("V3_CHECK_DIGIT"));
  EXPECT_THAT(ParseDigitalLink("https://id.gs1.org/01/0491234567890x"), HasReason("V4_GS1_KEY"));
}

TEST(DigitalLink, HasALengthLimit) {
  const std::string link = "https://id.gs1.org/01/04912345678904?x=";
  EXPECT_THAT(ParseDigitalLink(link + std::string(kDigitalLinkBytesMax - link.size(), 'a')), IsOk());
  EXPECT_THAT(ParseDigitalLink(link + std::string(kDigitalLinkBytesMax - link.size() + 1, 'a')),
              HasReason("V4_DIGITAL_LINK"));
}

TEST(Gs1Key, ChecksTheFormOfEachKey) {
  EXPECT_THAT(CheckGs1Key("00", "106141411234567897"), IsOk());
  EXPECT_THAT(CheckGs1Key("00", "106141411234567898"), HasReason("V3_CHECK_DIGIT"));
  EXPECT_THAT(CheckGs1Key("253", "4912345678904DOC1"), IsOk());
  EXPECT_THAT(CheckGs1Key("255", "4912345678904"), IsOk());
  EXPECT_THAT(CheckGs1Key("255", "4912345678904x"), HasReason("V4_GS1_KEY"));
  EXPECT_THAT(CheckGs1Key("8003", "14912345678904"), HasReason("V4_GS1_KEY")) << "a GRAI begins with 0";
  EXPECT_THAT(CheckGs1Key("8004", ""), HasReason("V4_GS1_KEY"));
  EXPECT_THAT(CheckGs1Key("8004", std::string(30, 'A')), IsOk());
  EXPECT_THAT(CheckGs1Key("8004", std::string(31, 'A')), HasReason("V4_GS1_KEY"));
  EXPECT_THAT(CheckGs1Key("8006", "049123456789040102"), IsOk());
  EXPECT_THAT(CheckGs1Key("8006", "04912345678904010"), HasReason("V4_GS1_KEY"));
  EXPECT_THAT(CheckGs1Key("8010", "4912345-PART"), IsOk());
  EXPECT_THAT(CheckGs1Key("8010", "4912345-part"), HasReason("V4_GS1_KEY"));
  EXPECT_THAT(CheckGs1Key("10", "LOT"), HasReason("V4_GS1_KEY"));
}

// V5

TEST(CasNumber, AcceptsPublishedNumbers) {
  for (const char* number : {"7439-93-2", "7440-48-4", "7440-02-0", "7440-47-3", "50-00-0", "182442-95-1"}) {
    EXPECT_TRUE(IsCasNumber(number)) << number;
  }
}

TEST(CasNumber, RefusesWrongOnes) {
  for (const char* number : {"37-70-2", "7439-93-3", "7439-93-2 ", " 7439-93-2", "7439932", "0439-93-2", "7439-9-32",
                             "1-00-0", "12345678-00-1", "", "-", "74x9-93-2"}) {
    EXPECT_FALSE(IsCasNumber(number)) << number;
  }
}

TEST(EcNumber, IsToldFromACasNumber) {
  EXPECT_TRUE(IsEcNumber("201-004-7"));
  EXPECT_TRUE(IsEcNumber("231-102-5"));
  EXPECT_FALSE(IsEcNumber("201-004-8"));
  EXPECT_FALSE(IsEcNumber("7439-93-2"));
  EXPECT_FALSE(IsCasNumber("201-004-7"));
  v1::SubstanceIdentifier identifier;
  identifier.set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
  identifier.set_value("201-004-7");
  Findings findings(10);
  CheckSubstanceIdentifier(identifier, Path("id"), findings);
  const std::vector<Violation> violations = std::move(findings).Take();
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].reason, "V5_CAS");
  EXPECT_THAT(violations[0].cure, ::testing::HasSubstr("EC number"));
}

// V9

TEST(PlasticMarking, AcceptsPublishedMarkings) {
  for (const char* marking : {">ABS<", ">PC+ABS<", ">PP-MD30<", ">PA66-(GF25+MD15)<", ">PVC-P(DBP)<", ">ABS(REC30)<",
                              ">PE-HD<", ">PE-LLD<", ">PP-TD20(REC)<", ">PC+ABS-FR(40)<", ">PP+EPDM-TD20<", ">PS-HI<",
                              ">PA66-GF30-FR(52+30)<", ">PBT-GF30<", ">PP-T40<"}) {
    EXPECT_TRUE(ParsePlasticMarking(marking).has_value()) << marking;
  }
  const auto blend = ParsePlasticMarking(">PC+ABS-GF20(REC30)<");
  ASSERT_TRUE(blend.has_value());
  EXPECT_THAT(blend->polymers, ElementsAre("PC", "ABS"));
  EXPECT_EQ(blend->recycled_percent, 30);
}

TEST(PlasticMarking, RefusesWrongOnes) {
  for (const char* marking : {"",
                              "><",
                              ">ABS",
                              "ABS<",
                              "PP",
                              ">ABSS<",
                              ">abs<",
                              ">PC++ABS<",
                              ">PC+<",
                              ">PP-<",
                              ">PP-MD300<",
                              ">PP-(GF25+)<",
                              ">PA66-(GF25+MD15<",
                              ">ABS(REC1000)<",
                              ">ABS(REC101)<",
                              ">ABS(RECx)<",
                              ">PC+ABS-FR(4)<",
                              ">PVC-P()<",
                              ">PP TD20<",
                              ">PP<<"}) {
    EXPECT_FALSE(ParsePlasticMarking(marking).has_value()) << marking;
  }
}

// Found: 30 % of glass and 80 % of talc in one polypropylene.
TEST(PlasticMarking, LeavesRoomForThePolymer) {
  for (const char* marking :
       {">PP-(GF30+TD80)<", ">PP-(GF50+TD50)<", ">PP-GF130<", ">PP-GF100<", ">PP-(GF40+MD30+TD30)<"}) {
    EXPECT_FALSE(ParsePlasticMarking(marking).has_value()) << marking;
  }
  EXPECT_TRUE(ParsePlasticMarking(">PP-(GF30+TD60)<").has_value());
  EXPECT_TRUE(ParsePlasticMarking(">PP-(GF50+TD49)(REC100)<").has_value());
}

TEST(PlasticMarking, ChecksSymbolsOfMaterials) {
  EXPECT_THAT(ReasonsFor(&CheckPolymerSymbols, "PC+ABS"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckPolymerSymbols, "PP-GF30"), ElementsAre("V9_POLYMER_SYMBOL"));
  EXPECT_THAT(ReasonsFor(&CheckPolymerSymbols, "Polypropylene"), ElementsAre("V9_POLYMER_SYMBOL"));
}

// Grammars

TEST(Decimal, HasOneSpellingForEachNumber) {
  for (const char* text :
       {"0", "1", "12.5", "-3", "-0.5", "0.000000000000000001", "9999999999999999.999999999999999999"}) {
    const auto number = FixedDecimal::Parse(text);
    ASSERT_TRUE(number.has_value()) << text;
    EXPECT_EQ(FixedDecimalText(number->units()), text);
  }
}

TEST(Decimal, RefusesOtherSpellings) {
  for (const char* text : {"",
                           "-",
                           "-0",
                           "+1",
                           "01",
                           "1.",
                           ".5",
                           "1.50",
                           "1.0",
                           "-0.0",
                           "1e3",
                           "1,000",
                           "NaN",
                           "inf",
                           " 1",
                           "1 ",
                           "0x1",
                           "12345678901234567",
                           "0.1234567890123456789",
                           "１"}) {
    EXPECT_FALSE(FixedDecimal::Parse(text).has_value()) << text;
  }
}

TEST(Decimal, IsExactWhereDoublesAreNot) {
  const absl::int128 sum = FixedDecimal::Parse("0.1")->units() + FixedDecimal::Parse("0.2")->units();
  EXPECT_EQ(FixedDecimalText(sum), "0.3");
}

TEST(CalendarDate, KnowsTheCalendar) {
  for (const char* date : {"2026-04-01", "2024-02-29", "2000-02-29", "1999-12-31"}) {
    EXPECT_TRUE(ParseDate(date).has_value()) << date;
  }
  for (const char* date : {"2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-4-1", "20260401",
                           "2026-04-01T00:00:00Z", "", "2026/04/01"}) {
    EXPECT_FALSE(ParseDate(date).has_value()) << date;
  }
}

TEST(CountryCode, KnowsTheList) {
  EXPECT_TRUE(IsCountryCode("JP"));
  EXPECT_TRUE(IsCountryCode("ZW"));
  for (const char* code : {"jp", "XX", "UK", "JPN", "", "P ", " A"}) {
    EXPECT_FALSE(IsCountryCode(code)) << code;
  }
  int known = 0;
  for (char first = 'A'; first <= 'Z'; ++first) {
    for (char second = 'A'; second <= 'Z'; ++second) {
      known += IsCountryCode(std::string({first, second})) ? 1 : 0;
    }
  }
  EXPECT_EQ(known, 249);
}

TEST(Jurisdiction, IsTheCountryOrAPrefecture) {
  for (const char* code : {"JP", "01", "13", "47"}) {
    EXPECT_TRUE(IsJurisdiction(code)) << code;
  }
  for (const char* code : {"", "00", "48", "1", "1x", "jp", "JP-13", "013"}) {
    EXPECT_FALSE(IsJurisdiction(code)) << code;
  }
}

TEST(ProductGroup, IsLowerCase) {
  EXPECT_TRUE(IsProductGroup("washing-machine"));
  EXPECT_TRUE(IsProductGroup(std::string(kProductGroupBytesMax, 'a')));
  EXPECT_FALSE(IsProductGroup(std::string(kProductGroupBytesMax + 1, 'a')));
  EXPECT_FALSE(IsProductGroup(""));
  EXPECT_FALSE(IsProductGroup("Battery"));
  EXPECT_FALSE(IsProductGroup("a/b"));
}

TEST(WebReference, WantsHttps) {
  EXPECT_THAT(ReasonsFor(&CheckHttps, "https://id.example.jp/a?b=c#d"), IsEmpty());
  for (const char* uri : {"telnet://example.jp/", "ftp://example.jp/", "http://example.jp/", "https://",
                          "https://example.jp@evil.example/", "javascript:alert(1)", "https://例え.jp/"}) {
    EXPECT_THAT(ReasonsFor(&CheckHttps, uri), ElementsAre("URI_FORM")) << uri;
  }
  EXPECT_THAT(ReasonsFor(&CheckMediaType, "application/pdf"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckMediaType, "pdf"), ElementsAre("MEDIA_TYPE"));
  EXPECT_THAT(ReasonsFor(&CheckSha256, std::string(64, 'a')), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckSha256, std::string(64, 'A')), ElementsAre("SHA256_FORM"));
}

TEST(RegisteredPrefix, WantsDigitsAndHostNames) {
  EXPECT_THAT(ReasonsFor(&CheckCompanyPrefix, "4912345"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckCompanyPrefix, "491"), ElementsAre("COMPANY_PREFIX"));
  EXPECT_THAT(ReasonsFor(&CheckCompanyPrefix, "4912345678904"), ElementsAre("COMPANY_PREFIX"));
  EXPECT_THAT(ReasonsFor(&CheckDomain, "id.example.jp"), IsEmpty());
  for (const char* domain : {"https://id.example.jp", "ID.example.jp", "id..jp", "-a.jp", "id.example.jp/"}) {
    EXPECT_THAT(ReasonsFor(&CheckDomain, domain), ElementsAre("DOMAIN_NAME")) << domain;
  }
}

TEST(Text, HidesNothing) {
  EXPECT_THAT(ReasonsFor(&CheckWord, "MW-D1126"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckWord, "電池"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckWord, "a\nb"), ElementsAre("TEXT_CONTROL"));
  EXPECT_THAT(ReasonsFor(&CheckWord,
                         "a\xE2\x80\xAE"
                         "b"),
              ElementsAre("TEXT_CONTROL"));
  EXPECT_THAT(ReasonsFor(&CheckWord, "ab\xE2\x81\xA6"), ElementsAre("TEXT_CONTROL"));
  for (const char* unseen : {"a\xE2\x80\x8B", "a\xE2\x81\xA0", "a\xEF\xBB\xBF", "a\xC2\xAD", "a\xE2\x80\x8F"}) {
    EXPECT_THAT(ReasonsFor(&CheckWord, unseen), ElementsAre("TEXT_CONTROL")) << "a character that nobody sees";
  }
  EXPECT_THAT(ReasonsFor(&CheckWord,
                         "\xE2\x80\x9C"
                         "a\xE2\x80\x8D"
                         "b\xE2\x80\x9D"),
              ::testing::IsEmpty())
      << "joiners and quotes";
  EXPECT_THAT(ReasonsFor(&CheckWord, "a "), ElementsAre("TEXT_SPACE"));
  EXPECT_THAT(ReasonsFor(&CheckWord, std::string(kWordBytesMax, 'a')), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckWord, std::string(kWordBytesMax + 1, 'a')), ElementsAre("TEXT_SIZE"));
  EXPECT_THAT(ReasonsFor(&CheckNote, "a\n\tb"), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckNote, std::string("a\0b", 3)), ElementsAre("TEXT_CONTROL"));
  EXPECT_THAT(ReasonsFor(&CheckNote, std::string(kNoteBytesMax, 'a')), IsEmpty());
  EXPECT_THAT(ReasonsFor(&CheckNote, std::string(kNoteBytesMax + 1, 'a')), ElementsAre("TEXT_SIZE"));
}

TEST(Path, IsReadableText) {
  const Path root("sections.composition");
  const Path node = root.Element("nodes", 0);
  const Path child = node.Element("children", 12);
  EXPECT_EQ(root.ToString(), "sections.composition");
  EXPECT_EQ(child.ToString(), "sections.composition.nodes[0].children[12]");
  EXPECT_EQ(child.At("mass_kg"), "sections.composition.nodes[0].children[12].mass_kg");
}

TEST(Findings, StopAtTheLimitAndSaySo) {
  Findings findings(2);
  for (int i = 0; i < 5; ++i) {
    findings.Add({.field = "f", .reason = "R", .found = "", .expected = "", .cure = "", .message_ja = ""});
  }
  EXPECT_THAT(ReasonsOf(std::move(findings).Take()), ElementsAre("R", "R", "TOO_MANY_VIOLATIONS"));
}

TEST(Quoted, ShortensAtACharacter) {
  EXPECT_EQ(Quoted("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(Quoted("電池"), "\"電池\"");
  std::string long_text = "a";
  for (int i = 0; i < 40; ++i) {
    long_text += "電";
  }
  const std::string quoted = Quoted(long_text);
  EXPECT_EQ(quoted.substr(quoted.size() - 7), "電…\"") << "79 bytes: a whole character before the cut";
}

}  // namespace
}  // namespace meguri::passport
