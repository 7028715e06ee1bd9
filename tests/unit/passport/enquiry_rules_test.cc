// SPDX-License-Identifier: Apache-2.0
// The rules of enquiries and answers: what is fine, and what is refused by which rule.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "passport/rules/contact.h"
#include "passport/rules/currency_code.h"
#include "passport/rules/enquiry.h"
#include "passport/validate.h"
#include "record/header.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_ENQUIRY;
using record::v1::SECTION_TYPE_ENQUIRY_ANSWER;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kBuyer[] = "0188:7123456789012";
constexpr char kSeller[] = "0188:5010001999902";
constexpr char kEnquiry[] = R"(
    seller_id: "0188:5010001999902"
    material { publisher_id: "0188:5010001999902" record_id: "000102030405060708090a0b0c0d0e0f" version: 2 }
    need: "material = \"PP\" AND region = \"kanto\""
    wanted_mass_kg { value: "5000.5" } delivery_region: "11"
    deliver_from: "2026-12-01" deliver_until: "2026-12-01"
    message { ja: "黒以外も可" } contact { name { ja: "購買部" } email: "k.buy+pp@example.jp" telephone: "+81 3-1234-5678" }
    valid_until: "2026-12-10")";
constexpr char kOffer[] = R"(
    enquiry { publisher_id: "0188:7123456789012" record_id: "000102030405060708090a0b0c0d0e0f" version: 1 }
    verdict: ENQUIRY_VERDICT_OFFER available_mass_kg { value: "5000" }
    price { amount { value: "-3.25" } currency: "JPY" basis: PRICE_BASIS_KILOGRAM tax_included: ANSWER_NO }
    terms { en: "DAP, Incoterms 2020" } deliver_from: "2026-12-03" valid_until: "2026-12-10")";

template <typename M>
M FromText(const std::string& text) {
  M message;
  Invariant(google::protobuf::TextFormat::ParseFromString(text, &message), text);
  return message;
}

std::vector<std::string> Problems(const std::function<void(v1::Enquiry&)>& change) {
  auto enquiry = FromText<v1::Enquiry>(kEnquiry);
  change(enquiry);
  return Lines(ValidateSection(SECTION_TYPE_ENQUIRY, enquiry.SerializeAsString(), "s"));
}

std::vector<std::string> AnswerProblems(const std::function<void(v1::EnquiryAnswer&)>& change) {
  auto answer = FromText<v1::EnquiryAnswer>(kOffer);
  change(answer);
  return Lines(ValidateSection(SECTION_TYPE_ENQUIRY_ANSWER, answer.SerializeAsString(), "s"));
}

TEST(Enquiry, IsFineWithAMaterialOrANeed) {
  EXPECT_THAT(Problems([](v1::Enquiry&) {}), IsEmpty());
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.clear_material(); }), IsEmpty());
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.clear_need(); }), IsEmpty());
  EXPECT_THAT(Problems([](v1::Enquiry& e) {
                e.clear_need();
                e.clear_material();
              }),
              ElementsAre("s ENQUIRY_SUBJECT"));
}

TEST(Enquiry, NamesEachWrongField) {
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.clear_seller_id(); }), ElementsAre("s.seller_id FIELD_MISSING"));
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.clear_contact(); }), ElementsAre("s.contact FIELD_MISSING"));
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.mutable_wanted_mass_kg()->set_value("0"); }),
              ElementsAre("s.wanted_mass_kg V6_MASS_RANGE"));
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.mutable_material()->set_version(0); }),
              ElementsAre("s.material.version ENQUIRY_REFERENCE"));
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.set_deliver_until("2026-11-30"); }),
              ElementsAre("s.deliver_until DATE_ORDER"));
  EXPECT_THAT(Problems([](v1::Enquiry& e) {
                e.mutable_contact()->clear_email();
                e.mutable_contact()->clear_telephone();
              }),
              ElementsAre("s.contact CONTACT_MISSING"));
  const std::string long_need = "material = \"" + std::string(kNeedBytesMax - 13, 'x') + "\"";
  EXPECT_THAT(Problems([&](v1::Enquiry& e) { e.set_need(long_need); }), IsEmpty());
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.set_need(std::string(kNeedBytesMax + 1, 'x')); }),
              ElementsAre("s.need ENQUIRY_NEED"));
  EXPECT_THAT(Problems([](v1::Enquiry& e) { e.set_need("PP\nPE"); }), ElementsAre("s.need ENQUIRY_NEED"));
}

// Found: a need with a word that no record can have was published, and nobody could ever answer it.
TEST(Enquiry, RefusesANeedThatNoRecordCanMeet) {
  for (const char* need : {"polymer = \"PP\"", "material == \"PP\"", "region = \"99\"", "recycled_fraction >= 1.5",
                           "recycled PP, five tonnes", "gtin = \"4912345678905\""}) {
    EXPECT_THAT(Problems([&](v1::Enquiry& e) { e.set_need(need); }), ElementsAre("s.need ENQUIRY_NEED")) << need;
  }
  auto enquiry = FromText<v1::Enquiry>(kEnquiry);
  enquiry.set_need("form = \"bales\"");
  const std::vector<Violation> found = ValidateSection(SECTION_TYPE_ENQUIRY, enquiry.SerializeAsString(), "s");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].found, ::testing::HasSubstr("bales"));
  EXPECT_THAT(found[0].expected, ::testing::HasSubstr("bale"));
  EXPECT_NE(found[0].cure, "");
}

TEST(EnquiryAnswer, SaysWhatItsVerdictNeedsAndNoMore) {
  EXPECT_THAT(AnswerProblems([](v1::EnquiryAnswer&) {}), IsEmpty());
  EXPECT_THAT(AnswerProblems([](v1::EnquiryAnswer& a) {
                a.clear_available_mass_kg();
                a.clear_valid_until();
              }),
              UnorderedElementsAre("s.available_mass_kg ENQUIRY_OFFER", "s.valid_until ENQUIRY_OFFER"));
  EXPECT_THAT(AnswerProblems([](v1::EnquiryAnswer& a) { a.set_verdict(v1::ENQUIRY_VERDICT_DECLINE); }),
              UnorderedElementsAre("s.available_mass_kg ENQUIRY_NO_OFFER", "s.price ENQUIRY_NO_OFFER",
                                   "s.terms ENQUIRY_NO_OFFER"));
  const auto make_question = [](v1::EnquiryAnswer& a) {
    a.set_verdict(v1::ENQUIRY_VERDICT_QUESTION);
    a.clear_available_mass_kg();
    a.clear_price();
    a.clear_terms();
  };
  EXPECT_THAT(AnswerProblems(make_question), ElementsAre("s.message ENQUIRY_QUESTION"));
  EXPECT_THAT(AnswerProblems([&](v1::EnquiryAnswer& a) {
                make_question(a);
                a.mutable_message()->set_en("Which colour?");
              }),
              IsEmpty());
  EXPECT_THAT(AnswerProblems([](v1::EnquiryAnswer& a) { a.mutable_price()->set_currency("YEN"); }),
              ElementsAre("s.price.currency CURRENCY_CODE"));
  EXPECT_THAT(AnswerProblems([](v1::EnquiryAnswer& a) { a.mutable_price()->clear_basis(); }),
              ElementsAre("s.price.basis FIELD_MISSING"));
}

template <ValueRule kRule>
bool Accepts(const std::string& value) {
  Findings findings(kViolationsMax);
  kRule(value, Path("f"), findings);
  return std::move(findings).Take().empty();
}

TEST(Contact, AcceptsAddressesThatMailReaches) {
  for (const char* good : {"a@b.jp", "k.buy+pp@mail.example.co.jp", "o'neil@x-y.example", "a_b@1.example"}) {
    EXPECT_TRUE(Accepts<&CheckEmail>(good)) << good;
  }
  for (const char* bad : {"a", "@b.jp", "a@", "a@b", "a b@c.jp", "a@b c.jp", ".a@b.jp", "a.@b.jp", "a..b@c.jp", "a@.jp",
                          "a@b.", "a@b..jp", "a@-b.jp", "あ@b.jp", "a@b.jp\n"}) {
    EXPECT_FALSE(Accepts<&CheckEmail>(bad)) << bad;
  }
  const std::string domain = "@b.jp";
  EXPECT_TRUE(Accepts<&CheckEmail>(std::string(kEmailBytesMax - domain.size(), 'a') + domain));
  EXPECT_FALSE(Accepts<&CheckEmail>(std::string(kEmailBytesMax - domain.size() + 1, 'a') + domain));
}

TEST(Contact, AcceptsTelephoneNumbersOfTheirLength) {
  for (const char* good : {"0312345678", "+81 3 1234 5678", "03-1234-5678", "12345"}) {
    EXPECT_TRUE(Accepts<&CheckTelephone>(good)) << good;
  }
  for (const char* bad : {"1234", "+", "+-12345", "03(1234)5678", "03+12345", "０３１２３４５６７８"}) {
    EXPECT_FALSE(Accepts<&CheckTelephone>(bad)) << bad;
  }
  EXPECT_TRUE(Accepts<&CheckTelephone>(std::string(kTelephoneBytesMax, '1')));
  EXPECT_FALSE(Accepts<&CheckTelephone>(std::string(kTelephoneBytesMax + 1, '1')));
}

TEST(CurrencyCode, KnowsTheCurrenciesInUse) {
  for (const char* good : {"JPY", "EUR", "USD", "AED", "ZWG"}) {
    EXPECT_TRUE(IsCurrencyCode(good)) << good;
  }
  for (const char* bad : {"", "JP", "jpy", "XTS", "XAU", "PY ", "DEM", "JPYY"}) {
    EXPECT_FALSE(IsCurrencyCode(bad)) << bad;
  }
}

record::Header HeaderOf(absl::string_view publisher, absl::Time issued) {
  record::v1::Header message;
  message.set_format_version(record::kFormatVersion);
  message.set_record_id(std::string(16, 'r'));
  message.set_version(1);
  message.set_record_type(record::v1::RECORD_TYPE_ENQUIRY);
  message.set_publisher(std::string(publisher));
  message.set_issue_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(issued)));
  for (int i = 0; i < 8; ++i) {
    message.add_section_digests(std::string(32, static_cast<char>('a' + i)));
  }
  absl::StatusOr<record::Header> header = record::Header::Make(message);
  Invariant(header.ok(), header.status().ToString());
  return *std::move(header);
}

std::vector<std::string> RecordProblems(RecordRule rule, const record::Header& header, const RecordContent& content) {
  Findings findings(kViolationsMax);
  rule(header, content, findings);
  return Lines(std::move(findings).Take());
}

TEST(EnquiryRecord, IsValidOnTheDayOfItsIssueWhereverThatIs) {
  const auto enquiry = FromText<v1::Enquiry>(kEnquiry);
  const auto offer = FromText<v1::EnquiryAnswer>(kOffer);
  const RecordContent content = {.enquiry = &enquiry, .enquiry_answer = &offer};
  const absl::Time day_is_over_everywhere = absl::FromCivil(absl::CivilHour(2026, 12, 11, 12), absl::UTCTimeZone());
  const auto at = [&](absl::Time issued) {
    return RecordProblems(&CheckValidWhenIssued, HeaderOf(kBuyer, issued), content);
  };
  EXPECT_THAT(at(day_is_over_everywhere - absl::Milliseconds(1)), IsEmpty());
  EXPECT_THAT(at(day_is_over_everywhere), ElementsAre("sections.enquiry.valid_until ENQUIRY_EXPIRED",
                                                      "sections.enquiry_answer.valid_until ENQUIRY_EXPIRED"));
}

TEST(EnquiryRecord, IsForSomebodyElse) {
  const auto enquiry = FromText<v1::Enquiry>(kEnquiry);
  const auto offer = FromText<v1::EnquiryAnswer>(kOffer);
  EXPECT_THAT(
      RecordProblems(&CheckOtherParty, HeaderOf(kBuyer, absl::UnixEpoch() + absl::Hours(1)), {.enquiry = &enquiry}),
      IsEmpty());
  EXPECT_THAT(RecordProblems(&CheckOtherParty, HeaderOf(kSeller, absl::UnixEpoch() + absl::Hours(1)),
                             {.enquiry_answer = &offer}),
              IsEmpty());
  EXPECT_THAT(
      RecordProblems(&CheckOtherParty, HeaderOf(kSeller, absl::UnixEpoch() + absl::Hours(1)), {.enquiry = &enquiry}),
      ElementsAre("sections.enquiry.seller_id ENQUIRY_TO_ONESELF"));
  EXPECT_THAT(RecordProblems(&CheckOtherParty, HeaderOf(kBuyer, absl::UnixEpoch() + absl::Hours(1)),
                             {.enquiry_answer = &offer}),
              ElementsAre("sections.enquiry_answer.enquiry.publisher_id ENQUIRY_TO_ONESELF"));
}

}  // namespace
}  // namespace meguri::passport
