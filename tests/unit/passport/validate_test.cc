// SPDX-License-Identifier: Apache-2.0
#include "passport/validate.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/owner_note.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "passport/payload.h"
#include "passport/rules/quantity.h"
#include "passport/rules/recycled_claim.h"
#include "passport/rules/step_graph.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_DISMANTLING;
using record::v1::SECTION_TYPE_IDENTITY;
using record::v1::SECTION_TYPE_OWNER_NOTE;
using record::v1::SECTION_TYPE_RECYCLED_CONTENT;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

v1::Identity Identity() { return DemoPayload<v1::Identity>("ev-battery.json", SECTION_TYPE_IDENTITY); }
v1::Dismantling Dismantling() { return DemoPayload<v1::Dismantling>("washing-machine.json", SECTION_TYPE_DISMANTLING); }

// Identity

TEST(ValidateIdentity, AsksForWhatIsRequired) {
  EXPECT_THAT(
      LinesOf(SECTION_TYPE_IDENTITY, v1::Identity()),
      UnorderedElementsAre("s.name FIELD_MISSING", "s.product_group FIELD_MISSING", "s.granularity FIELD_MISSING",
                           "s.mass_kg FIELD_MISSING", "s.gtin IDENTITY_KEY_MISSING"));
}

TEST(ValidateIdentity, WantsTheKeysOfItsGranularity) {
  v1::Identity identity = Identity();
  identity.clear_digital_link();
  identity.set_granularity(v1::GRANULARITY_MODEL);
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity), ElementsAre("s.serial V4_GRANULARITY"));
  identity.set_granularity(v1::GRANULARITY_BATCH);
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity), ElementsAre("s.lot V4_GRANULARITY", "s.serial V4_GRANULARITY"));
  identity.set_granularity(v1::GRANULARITY_ITEM);
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity), IsEmpty());
  identity.clear_serial();
  identity.clear_product_status();
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity),
              ElementsAre("s.serial V4_GRANULARITY", "s.product_status V4_GRANULARITY"));
}

// Found: links of the first version of the standard were published without a word.
TEST(ValidateIdentity, WarnsOfADigitalLinkOfTheFirstVersion) {
  v1::Identity identity = Identity();
  const std::string link = identity.digital_link();
  const size_t key = link.find("/01/0");
  ASSERT_NE(key, std::string::npos) << link;
  const auto lines = [&identity](const std::string& uri) {
    identity.set_digital_link(uri);
    const auto found = ValidateSection(SECTION_TYPE_IDENTITY, identity.SerializeAsString(), "s");
    EXPECT_THAT(Errors(found), IsEmpty()) << uri;
    return Lines(found);
  };
  EXPECT_THAT(lines(link), IsEmpty());
  EXPECT_THAT(lines("HTTPS" + link.substr(5)), IsEmpty());
  EXPECT_THAT(lines("http" + link.substr(5)), ElementsAre("s.digital_link V4_DIGITAL_LINK_FORM"));
  const std::string short_link = link.substr(0, key + 4) + link.substr(key + 5);  // 13 digits
  EXPECT_THAT(lines(short_link), ElementsAre("s.digital_link V4_DIGITAL_LINK_FORM"));
  EXPECT_THAT(lines("http" + short_link.substr(5)),
              ElementsAre("s.digital_link V4_DIGITAL_LINK_FORM", "s.digital_link V4_DIGITAL_LINK_FORM"));
}

TEST(ValidateIdentity, WantsAJapaneseNameAndNoEmptyText) {
  v1::Identity identity = Identity();
  identity.mutable_name()->clear_ja();
  identity.mutable_brand()->Clear();
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity),
              ElementsAre("s.name.ja TEXT_JA_MISSING", "s.brand TEXT_MISSING"));
}

TEST(ValidateIdentity, ChecksMassDatesAndCodes) {
  v1::Identity identity = Identity();
  identity.mutable_mass_kg()->set_value("0");
  identity.set_placed_on_market_on("2026-10-19");
  identity.set_country_of_production("JA");
  identity.set_parent_record_id("xyz");
  identity.set_importer_id("0188:1");
  identity.mutable_identifiers(0)->set_value("urn:uuid:1");
  identity.mutable_categories(0)->set_value("8507.60");
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity),
              UnorderedElementsAre("s.mass_kg V6_MASS_RANGE", "s.placed_on_market_on DATE_ORDER",
                                   "s.country_of_production COUNTRY_CODE", "s.parent_record_id RECORD_ID",
                                   "s.importer_id V1_CORPORATE_NUMBER", "s.identifiers[0].value IDENTIFIER_FORM",
                                   "s.categories[0].value CATEGORY_FORM"));
}

TEST(ValidateIdentity, BoundsMassAtABillionKilograms) {
  v1::Identity identity = Identity();
  identity.mutable_mass_kg()->set_value("1000000000");
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity), IsEmpty());
  identity.mutable_mass_kg()->set_value("1000000000.000000000000000001");
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity), ElementsAre("s.mass_kg V6_MASS_RANGE"));
  identity.mutable_mass_kg()->set_value("1e3");
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity), ElementsAre("s.mass_kg DECIMAL_GRAMMAR"));
}

// Dismantling: V7

TEST(ValidateDismantling, WantsStepsThatTakeTime) {
  v1::Dismantling dismantling = Dismantling();
  dismantling.mutable_steps(0)->set_time_s(0);
  dismantling.mutable_steps(1)->set_time_s(kStepSecondsMax);
  dismantling.mutable_steps(2)->set_time_s(kStepSecondsMax + 1);
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling),
              ElementsAre("s.steps[0].time_s V7_TIME", "s.steps[2].time_s V7_TIME"));
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, v1::Dismantling()), ElementsAre("s.steps FIELD_MISSING"));
}

TEST(ValidateDismantling, FindsDuplicateNumbersAndUnknownOnes) {
  v1::Dismantling dismantling = Dismantling();
  dismantling.mutable_steps(6)->set_seq(2);
  dismantling.mutable_steps(1)->add_depends_on(99);
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling),
              ElementsAre("s.steps[6].seq V7_SEQ_DUPLICATE", "s.steps[1].depends_on[1] V7_DEPENDS_UNKNOWN"));
}

TEST(ValidateDismantling, NamesTheCircle) {
  v1::Dismantling dismantling = Dismantling();
  dismantling.mutable_steps(1)->add_depends_on(6);  // 6 waits for 3, 4 and 5; 3 and 4 wait for 2
  const std::vector<Violation> violations =
      ValidateSection(SECTION_TYPE_DISMANTLING, dismantling.SerializeAsString(), "s");
  ASSERT_THAT(Lines(violations), ElementsAre("s.steps V7_CYCLE"));
  EXPECT_THAT(violations[0].found, ::testing::HasSubstr("2 > 6 > 3 > 2"));

  v1::Dismantling self = Dismantling();
  self.mutable_steps(0)->add_depends_on(1);
  const std::vector<Violation> own = ValidateSection(SECTION_TYPE_DISMANTLING, self.SerializeAsString(), "s");
  ASSERT_THAT(Lines(own), ElementsAre("s.steps V7_CYCLE"));
  EXPECT_THAT(own[0].found, ::testing::HasSubstr("1 > 1"));
}

TEST(ValidateDismantling, HasAStepLimit) {
  v1::Dismantling dismantling;
  for (int i = 1; i <= kStepsMax; ++i) {
    v1::DismantlingStep* step = dismantling.add_steps();
    step->set_seq(static_cast<uint32_t>(i));
    step->set_time_s(1);
    step->set_action(v1::DISMANTLING_ACTION_LIFT);
    step->mutable_target_component()->set_ja("名");
    if (i > 1) {
      step->add_depends_on(static_cast<uint32_t>(i - 1));
    }
  }
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling), IsEmpty());
  *dismantling.add_steps() = dismantling.steps(0);
  dismantling.mutable_steps(kStepsMax)->set_seq(kStepsMax + 1);
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling), ElementsAre("s.steps V7_STEPS"));
}

TEST(ValidateDismantling, HasADependencyLimit) {
  v1::Dismantling dismantling = Dismantling();
  v1::DismantlingStep* step = dismantling.mutable_steps(6);
  step->clear_depends_on();
  for (int i = 0; i < kStepDependenciesMax; ++i) {
    step->add_depends_on(1);
  }
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling), IsEmpty());
  step->add_depends_on(1);
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling), ElementsAre("s.steps[6].depends_on V7_DEPENDENCIES"));
}

TEST(ValidateDismantling, WantsPlaceAndInstructionOfWhatIsPresent) {
  v1::Dismantling dismantling = Dismantling();
  dismantling.mutable_removal_items(0)->clear_location();
  dismantling.mutable_removal_items(0)->clear_instruction();
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling),
              ElementsAre("s.removal_items[0].location REMOVAL_ITEM_INCOMPLETE",
                          "s.removal_items[0].instruction REMOVAL_ITEM_INCOMPLETE"));
  dismantling.mutable_removal_items(0)->set_present(false);
  EXPECT_THAT(LinesOf(SECTION_TYPE_DISMANTLING, dismantling), IsEmpty());
}

// Recycled content: V8

v1::RecycledContent OneClaim() {
  v1::RecycledContent content;
  v1::RecycledContentClaim* claim = content.add_claims();
  claim->set_scope(v1::CLAIM_SCOPE_MATERIAL);
  claim->set_subject("PP");
  claim->mutable_total_mass_kg()->set_value("100");
  claim->mutable_pre_consumer_mass_kg()->set_value("10");
  claim->mutable_post_consumer_mass_kg()->set_value("20");
  claim->set_method(v1::RECYCLING_METHOD_MECHANICAL);
  claim->set_chain_of_custody_model(v1::CHAIN_OF_CUSTODY_MODEL_SEGREGATED);
  return content;
}

TEST(ValidateRecycledContent, KeepsRecycledMassWithinTheTotal) {
  v1::RecycledContent content = OneClaim();
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty());
  v1::RecycledContentClaim* claim = content.mutable_claims(0);
  claim->mutable_pre_consumer_mass_kg()->set_value("54.4");
  claim->mutable_post_consumer_mass_kg()->set_value("45.6");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << "all of it may be recycled";
  claim->mutable_post_consumer_mass_kg()->set_value("56.9");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), ElementsAre("s.claims[0].total_mass_kg V8_CLAIM_MASS"));
  claim->mutable_post_consumer_mass_kg()->set_value("-1");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre("s.claims[0].post_consumer_mass_kg V6_MASS_RANGE"));
}

// One claim about a part, whose masses are still to be said.
v1::RecycledContent ClaimAboutABody() {
  v1::RecycledContent content = OneClaim();
  v1::RecycledContentClaim& claim = *content.mutable_claims(0);
  claim.set_scope(v1::CLAIM_SCOPE_COMPONENT);
  claim.set_subject("body");
  claim.clear_recycled_fraction();
  claim.clear_post_consumer_sources();
  return content;
}

// Found: three claims of 50 % about the same part of a bottle were published.
TEST(ValidateRecycledContent, AddsUpClaimsAboutTheSameKilograms) {
  v1::RecycledContent content = ClaimAboutABody();
  v1::RecycledContentClaim& first = *content.mutable_claims(0);
  first.mutable_total_mass_kg()->set_value("10");
  first.mutable_pre_consumer_mass_kg()->set_value("2");
  first.mutable_post_consumer_mass_kg()->set_value("3");
  *content.add_claims() = first;
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << "100 % from two sources";
  *content.add_claims() = first;
  const auto sum = ElementsAre("s.claims[2].total_mass_kg V8_CLAIM_SUM");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), sum);
  v1::RecycledContentClaim& third = *content.mutable_claims(2);
  third.set_method(v1::RECYCLING_METHOD_CHEMICAL);
  third.set_subject(" Body");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), Contains("s.claims[2].total_mass_kg V8_CLAIM_SUM"))
      << "another method is another source of the same kilograms";
  third.set_subject("cap");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty());
  third = first;
  third.set_scope(v1::CLAIM_SCOPE_PRODUCT);
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << "a view of the whole beside its part";
  third = first;
  third.mutable_reporting_basis()->set_year(2027);
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << "another year";
  third = first;
  third.mutable_total_mass_kg()->set_value("11");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << "another portion";
}

// Found: a gram more or less in the total made two claims about one product strangers to each other.
TEST(ValidateRecycledContent, AddsUpClaimsWhoseTotalsDifferByRounding) {
  v1::RecycledContent content = ClaimAboutABody();
  v1::RecycledContentClaim& first = *content.mutable_claims(0);
  first.mutable_total_mass_kg()->set_value("100");
  first.mutable_pre_consumer_mass_kg()->set_value("30");
  first.mutable_post_consumer_mass_kg()->set_value("30");
  *content.add_claims() = first;
  v1::RecycledContentClaim& second = *content.mutable_claims(1);
  const auto sum = Contains("s.claims[1].total_mass_kg V8_CLAIM_SUM");
  for (const char* total : {"100.1", "99.9", "100.5"}) {
    second.mutable_total_mass_kg()->set_value(total);
    EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), sum) << total;
  }
  second.mutable_total_mass_kg()->set_value("101");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << "another portion";
  content.mutable_claims(0)->set_scope(v1::CLAIM_SCOPE_PRODUCT);
  second.set_scope(v1::CLAIM_SCOPE_PRODUCT);
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), sum) << "a product has no portions";
  second.mutable_post_consumer_mass_kg()->set_value("10");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty());
}

TEST(ValidateRecycledContent, RecomputesTheFraction) {
  v1::RecycledContent content = OneClaim();
  v1::RecycledContentClaim* claim = content.mutable_claims(0);
  for (const char* fraction : {"0.3", "0.305", "0.295"}) {
    claim->mutable_recycled_fraction()->set_value(fraction);
    EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << fraction;
  }
  for (const char* fraction : {"0.3051", "0.2949", "0"}) {
    claim->mutable_recycled_fraction()->set_value(fraction);
    EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content),
                ElementsAre("s.claims[0].recycled_fraction V8_FRACTION"))
        << fraction;
  }
  claim->clear_recycled_fraction();
  claim->mutable_reutilised_same_process_mass_kg()->set_value("500");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty()) << "rework is reported, never counted";
}

TEST(ValidateRecycledContent, WantsALedgerAndAYearForCredits) {
  v1::RecycledContent content = OneClaim();
  v1::RecycledContentClaim* claim = content.mutable_claims(0);
  claim->set_chain_of_custody_model(v1::CHAIN_OF_CUSTODY_MODEL_MASS_BALANCE);
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre("s.claims[0].ledger_reference V8_LEDGER", "s.claims[0].mass_balance_period V8_PERIOD",
                          "s.claims[0].statement V8_STATEMENT"));
  claim->mutable_statement()->set_ja("マスバランス方式で割り当てた再生材です。");
  claim->set_ledger_reference("https://ledger.example.jp/1");
  claim->mutable_mass_balance_period()->set_start("2026-04-01");
  claim->mutable_mass_balance_period()->set_end("2027-03-31");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty());
  claim->mutable_mass_balance_period()->set_end("2027-04-01");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre("s.claims[0].mass_balance_period V8_PERIOD"));
  claim->mutable_mass_balance_period()->set_end("2026-03-31");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre("s.claims[0].mass_balance_period.end DATE_ORDER"));
}

TEST(ValidateRecycledContent, WantsSubjectSourcesAndMasses) {
  v1::RecycledContent content = OneClaim();
  v1::RecycledContentClaim* claim = content.mutable_claims(0);
  v1::PostConsumerSource* source = claim->add_post_consumer_sources();
  source->set_sector(v1::END_OF_LIFE_SECTOR_PACKAGING);
  source->mutable_mass_kg()->set_value("20");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty());
  source->mutable_mass_kg()->set_value("20.1");
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre("s.claims[0].post_consumer_sources V8_SOURCE_MASS"));
  claim->clear_post_consumer_sources();
  claim->clear_pre_consumer_mass_kg();
  claim->clear_post_consumer_mass_kg();
  claim->clear_subject();
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre("s.claims[0].subject V8_SUBJECT", "s.claims[0].post_consumer_mass_kg V8_MASS_MISSING"));
}

TEST(ValidateRecycledContent, HasAClaimLimit) {
  v1::RecycledContent content = OneClaim();
  const auto add = [&content] {
    v1::RecycledContentClaim claim = content.claims(0);
    claim.set_scope(v1::CLAIM_SCOPE_MATERIAL);
    claim.set_subject(std::to_string(content.claims_size()));
    *content.add_claims() = claim;
  };
  while (content.claims_size() < kClaimsMax) {
    add();
  }
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), IsEmpty());
  add();
  EXPECT_THAT(LinesOf(SECTION_TYPE_RECYCLED_CONTENT, content), ElementsAre("s.claims V8_CLAIMS"));
}

// Any section

TEST(ValidateSection, SaysTooManyRatherThanEverything) {
  v1::Composition composition;
  for (int i = 0; i < 1000; ++i) {
    composition.add_nodes();
  }
  const std::vector<Violation> violations =
      ValidateSection(SECTION_TYPE_COMPOSITION, composition.SerializeAsString(), "s");
  ASSERT_EQ(violations.size(), kViolationsMax + 1);
  EXPECT_EQ(violations.back().reason, "TOO_MANY_VIOLATIONS");
}

TEST(ValidateSection, HoldsPayloadsToTheirSize) {
  const size_t size_max = FindSectionKind(SECTION_TYPE_OWNER_NOTE)->payload_bytes_max;
  EXPECT_THAT(ReasonsOf(ValidateSection(SECTION_TYPE_OWNER_NOTE, std::string(size_max + 1, 'a'), "s")),
              ElementsAre("PAYLOAD_SIZE"));
  EXPECT_THAT(ReasonsOf(ValidateSection(SECTION_TYPE_OWNER_NOTE, std::string(size_max, 'a'), "s")),
              Not(Contains("PAYLOAD_SIZE")));
}

TEST(ValidateSection, ChecksOnlyTheSizeOfWhatItDoesNotUnderstand) {
  EXPECT_THAT(ValidateSection(77, "\xFF", "s"), IsEmpty());
  EXPECT_THAT(ValidateSection(record::v1::SECTION_TYPE_CIRCULATION_EVENT, "\xFF", "s"), IsEmpty());
  EXPECT_THAT(ReasonsOf(ValidateSection(77, std::string(record::kSectionBytesMax + 1, 'a'), "s")),
              ElementsAre("PAYLOAD_SIZE"));
}

TEST(ValidateSection, TellsUnknownFieldsFromViolations) {
  v1::Identity identity = Identity();
  const std::string known = identity.SerializeAsString();
  EXPECT_FALSE(HasUnknownFields(SECTION_TYPE_IDENTITY, known));
  const std::string with_field = known + "\xB8\x3E\x01";  // field 999, varint 1
  EXPECT_THAT(Lines(ValidateSection(SECTION_TYPE_IDENTITY, with_field, "s")), IsEmpty());
  EXPECT_TRUE(HasUnknownFields(SECTION_TYPE_IDENTITY, with_field));
  identity.add_designations(static_cast<v1::Designation>(4711));
  EXPECT_THAT(LinesOf(SECTION_TYPE_IDENTITY, identity), IsEmpty());
  EXPECT_TRUE(HasUnknownFields(SECTION_TYPE_IDENTITY, identity.SerializeAsString()));
  EXPECT_FALSE(HasUnknownFields(SECTION_TYPE_IDENTITY, "\xFF")) << "does not decode";
  EXPECT_FALSE(HasUnknownFields(77, known));
}

TEST(DecodePayload, RefusesBadTextAndGroups) {
  for (const char* payload :
       {"\xFF", "\x0A", "\x0A\x05", "\x1A\x01", "\x0B", "\x0C", "\x22\x02\xC3\x28", "\x22\xFF\xFF\xFF\xFF\x7F"}) {
    EXPECT_THAT(ReasonsOf(ValidateSection(SECTION_TYPE_IDENTITY, payload, "s")), Contains("PAYLOAD_MALFORMED"));
  }
  EXPECT_THAT(ReasonsOf(ValidateSection(SECTION_TYPE_IDENTITY, absl::string_view("\0", 1), "s")),
              ElementsAre("PAYLOAD_MALFORMED"));
}

TEST(DecodePayload, CountsBeforeItAllocates) {
  // A node in three bytes: 1.4 million of them would take hundreds of megabytes.
  std::string nodes;
  while (nodes.size() + 2 <= FindSectionKind(SECTION_TYPE_COMPOSITION)->payload_bytes_max) {
    nodes += std::string("\x1A\x00", 2);
  }
  EXPECT_THAT(ReasonsOf(ValidateSection(SECTION_TYPE_COMPOSITION, nodes, "s")), ElementsAre("PAYLOAD_FIELDS"));
  std::string at_limit;
  for (size_t i = 1; i < kPayloadMessagesMax; ++i) {  // the payload itself is a message too
    at_limit += std::string("\x1A\x00", 2);
  }
  EXPECT_THAT(ReasonsOf(ValidateSection(SECTION_TYPE_COMPOSITION, at_limit, "s")), Not(Contains("PAYLOAD_FIELDS")));
  at_limit += std::string("\x1A\x00", 2);
  EXPECT_THAT(ReasonsOf(ValidateSection(SECTION_TYPE_COMPOSITION, at_limit, "s")), ElementsAre("PAYLOAD_FIELDS"));
}

TEST(DecodePayload, HasAFieldLimit) {
  const SectionKind& kind = *FindSectionKind(SECTION_TYPE_COMPOSITION);
  std::string fields;
  for (size_t i = 0; i < kPayloadFieldsMax; ++i) {
    fields += "\x10\x01";  // nodes_complete
  }
  EXPECT_THAT(DecodePayload(kind, fields), testing::IsOk());
  EXPECT_THAT(DecodePayload(kind, fields + "\x10\x01"), testing::HasReason("PAYLOAD_FIELDS"));
}

TEST(ValidateSection, SurvivesGarbage) {
  testing::SeededRandom random(9);
  std::vector<std::string> seeds;
  for (const record::SectionDraft& section : DemoDraft("ev-battery.json").sections) {
    seeds.push_back(section.payload);
  }
  size_t refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = seeds[random.Below(seeds.size())];
    for (uint64_t changes = 1 + random.Below(8); changes > 0; --changes) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    bytes.resize(bytes.size() - random.Below(bytes.size() / 4));
    for (const SectionKind& kind : SectionKinds()) {
      refused += ValidateSection(kind.type, bytes, "s").empty() ? 0 : 1;
      HasUnknownFields(kind.type, bytes);
    }
  }
  EXPECT_GT(refused, 0U);
}

// Records

TEST(ValidateRecord, WantsTheSlotCountOfItsType) {
  const SealedRecord record = Seal(DemoDraft("ev-battery.json"), 16);
  EXPECT_THAT(Lines(Errors(ValidateRecord(record.header, record.sections))), ElementsAre("section_digests SLOT_COUNT"));
}

TEST(ValidateRecord, WantsTheRequiredSections) {
  RecordDraft draft = DemoDraft("ev-battery.json");
  draft.sections.erase(draft.sections.begin());
  const SealedRecord record = Seal(draft);
  EXPECT_THAT(Lines(Errors(ValidateRecord(record.header, record.sections))),
              ElementsAre("sections.identity SECTION_MISSING"));
}

TEST(ValidateRecord, RefusesSectionsThatAreForeignUnknownOrTwice) {
  const RecordDraft draft = DemoDraft("recycled-pp-lot.json");
  SealedRecord record = Seal(draft);
  record::v1::Section foreign;
  foreign.set_type(record::v1::SECTION_TYPE_MEMBER);
  foreign.set_audiences(1U << record::v1::AUDIENCE_PUBLIC);
  registry::v1::MemberEntry member;
  member.set_participant_id("0188:7123456789012");
  foreign.set_payload(member.SerializeAsString());
  record.sections.push_back(foreign);
  record::v1::Section unknown;
  unknown.set_type(record::v1::SECTION_TYPE_PLAN);
  record.sections.push_back(unknown);
  unknown.set_type(77);
  record.sections.push_back(unknown);
  record.sections.push_back(record.sections[0]);
  EXPECT_THAT(ReasonsOf(Errors(ValidateRecord(record.header, record.sections))),
              UnorderedElementsAre("SECTION_NOT_ALLOWED", "SECTION_NOT_UNDERSTOOD", "SECTION_NOT_UNDERSTOOD",
                                   "SECTION_DUPLICATE"));
}

TEST(ValidateRecord, LetsAudiencesBeTightenedOnly) {
  SealedRecord record = Seal(DemoDraft("washing-machine.json"));
  const auto lines_with = [&record](uint32_t type, uint32_t audiences) {
    for (record::v1::Section& section : record.sections) {
      if (section.type() == type) {
        const uint32_t before = section.audiences();
        section.set_audiences(audiences);
        const std::vector<std::string> lines = Lines(Errors(ValidateRecord(record.header, record.sections)));
        section.set_audiences(before);
        return lines;
      }
    }
    return std::vector<std::string>{"no such section"};
  };
  EXPECT_THAT(lines_with(SECTION_TYPE_DISMANTLING, 1U << record::v1::AUDIENCE_AUTHORITIES), IsEmpty());
  EXPECT_THAT(lines_with(SECTION_TYPE_DISMANTLING, 1U << record::v1::AUDIENCE_OWNER), IsEmpty());
  EXPECT_THAT(lines_with(SECTION_TYPE_IDENTITY, 1U << record::v1::AUDIENCE_PARTNERS), IsEmpty());
  EXPECT_THAT(lines_with(SECTION_TYPE_DISMANTLING, 1U << record::v1::AUDIENCE_PARTNERS),
              ElementsAre("sections.dismantling.$audiences AUDIENCE_LOOSENED"));
  EXPECT_THAT(lines_with(SECTION_TYPE_OWNER_NOTE, 1U << record::v1::AUDIENCE_PUBLIC),
              ElementsAre("sections.owner_note.$audiences AUDIENCE_LOOSENED"));
  EXPECT_THAT(lines_with(SECTION_TYPE_IDENTITY, 0), ElementsAre("sections.identity.$audiences NO_AUDIENCE"));
  EXPECT_THAT(lines_with(SECTION_TYPE_IDENTITY, 1U << 20),
              ElementsAre("sections.identity.$audiences UNKNOWN_AUDIENCE"));
}

TEST(ValidateRecord, RefusesRecordTypesItCannotCheck) {
  RecordDraft draft = DemoDraft("ev-battery.json");
  draft.record_type = record::v1::RECORD_TYPE_PLAN;
  const SealedRecord record = Seal(draft);
  EXPECT_THAT(Lines(Errors(ValidateRecord(record.header, record.sections))),
              ElementsAre("record_type RECORD_TYPE_NOT_UNDERSTOOD"));
}

// The demo battery with its identity, then other sections, changed.
std::vector<std::string> LinesAfter(absl::string_view file, const std::function<void(v1::Identity&)>& change) {
  RecordDraft draft = DemoDraft(file);
  v1::Identity identity = DemoPayload<v1::Identity>(file, SECTION_TYPE_IDENTITY);
  change(identity);
  draft.sections[0].payload = identity.SerializeAsString();
  const SealedRecord record = Seal(draft);
  return Lines(Errors(ValidateRecord(record.header, record.sections)));
}

TEST(ValidateRecord, ComparesMassesBetweenSections) {
  EXPECT_THAT(LinesAfter("ev-battery.json", [](v1::Identity& i) { i.mutable_mass_kg()->set_value("422"); }), IsEmpty());
  EXPECT_THAT(LinesAfter("ev-battery.json", [](v1::Identity& i) { i.mutable_mass_kg()->set_value("423"); }),
              ElementsAre("sections.composition.mass_kg V6_MASS_AGREEMENT"));
  EXPECT_THAT(LinesAfter("washing-machine.json", [](v1::Identity& i) { i.mutable_mass_kg()->set_value("57"); }),
              ElementsAre("sections.composition.mass_kg V6_MASS_AGREEMENT",
                          "sections.recycled_content.claims[1].total_mass_kg V6_MASS_AGREEMENT"));
}

TEST(ValidateRecord, HoldsMarkingsToTheSumOfTheClaims) {
  RecordDraft draft = DemoDraft("recycled-pp-lot.json");
  v1::Identity identity = DemoPayload<v1::Identity>("recycled-pp-lot.json", SECTION_TYPE_IDENTITY);
  identity.set_plastic_markings(0, ">PP-TD20(REC79)<");
  draft.sections[0].payload = identity.SerializeAsString();
  for (record::SectionDraft& section : draft.sections) {
    v1::RecycledContent content;
    if (section.type == record::v1::SECTION_TYPE_RECYCLED_CONTENT && content.ParseFromString(section.payload)) {
      v1::RecycledContentClaim chemical = content.claims(0);
      chemical.set_method(v1::RECYCLING_METHOD_CHEMICAL);
      chemical.mutable_post_consumer_mass_kg()->set_value("200");  // 1 % of the lot
      chemical.clear_pre_consumer_mass_kg();
      chemical.clear_recycled_fraction();
      chemical.clear_recomputed_recycled_fraction();
      *content.add_claims() = chemical;
      section.payload = content.SerializeAsString();
    }
  }
  const SealedRecord record = Seal(draft);
  EXPECT_THAT(Lines(Errors(ValidateRecord(record.header, record.sections))),
              Not(Contains("sections.identity.plastic_markings[0] V9_RECYCLED_MARKING")));
}

TEST(ValidateRecord, HoldsMarkingsToTheClaims) {
  EXPECT_THAT(
      LinesAfter("recycled-pp-lot.json", [](v1::Identity& i) { i.set_plastic_markings(0, ">PP-TD20(REC79)<"); }),
      ElementsAre("sections.identity.plastic_markings[0] V9_RECYCLED_MARKING"));
  EXPECT_THAT(LinesAfter("recycled-pp-lot.json", [](v1::Identity& i) { i.set_plastic_markings(0, ">PP-TD20<"); }),
              IsEmpty());
}

TEST(ValidateRecord, WantsPlantAndYearOfBatteryClaims) {
  EXPECT_THAT(LinesAfter("cathode-nmc811-lot.json", [](v1::Identity& i) { i.set_product_group("battery"); }),
              IsEmpty());
  RecordDraft draft = DemoDraft("ev-battery.json");
  for (record::SectionDraft& section : draft.sections) {
    if (section.type == SECTION_TYPE_RECYCLED_CONTENT) {
      v1::RecycledContent content;
      ASSERT_TRUE(content.ParseFromString(section.payload));
      content.mutable_claims(1)->clear_reporting_basis();
      section.payload = content.SerializeAsString();
    }
  }
  const SealedRecord record = Seal(draft);
  EXPECT_THAT(Lines(Errors(ValidateRecord(record.header, record.sections))),
              ElementsAre("sections.recycled_content.claims[1].reporting_basis V8_REPORTING_BASIS"));
}

TEST(ValidateRecord, FindsReferencesToItself) {
  const std::string own_id = Seal(DemoDraft("ev-battery.json")).header.record_id().ToHex();
  EXPECT_THAT(LinesAfter("ev-battery.json",
                         [&own_id](v1::Identity& i) {
                           i.set_parent_record_id(own_id);
                           i.set_predecessor_record_id(own_id);
                         }),
              ElementsAre("sections.identity.parent_record_id V7_SELF_REFERENCE",
                          "sections.identity.predecessor_record_id V7_SELF_REFERENCE"));
}

}  // namespace
}  // namespace meguri::passport
