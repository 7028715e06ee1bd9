// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/canonical_json.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/owner_note.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "passport/formats/json.h"
#include "passport/formats/section_json.h"
#include "passport/payload.h"
#include "passport/validate.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

void ExpectSame(const RecordDraft& a, const RecordDraft& b) {
  EXPECT_EQ(a.record_type, b.record_type);
  ASSERT_EQ(a.sections.size(), b.sections.size());
  for (size_t i = 0; i < a.sections.size(); ++i) {
    EXPECT_EQ(a.sections[i].type, b.sections[i].type);
    EXPECT_EQ(a.sections[i].audiences, b.sections[i].audiences);
    EXPECT_EQ(a.sections[i].payload, b.sections[i].payload);
  }
  EXPECT_EQ(a.jurisdictions, b.jurisdictions);
  EXPECT_EQ(a.addressees, b.addressees);
  EXPECT_EQ(a.subjects, b.subjects);
  EXPECT_EQ(a.record_id, b.record_id);
  EXPECT_EQ(a.previous, b.previous);
}

std::vector<std::string> LinesFor(absl::string_view json) {
  const absl::StatusOr<RecordDraft> draft = ParseRecordJson(json);
  return draft.ok() ? std::vector<std::string>() : Lines(ViolationsOf(draft.status()));
}

// A record file with one identity of these fields.
std::string WithIdentity(absl::string_view fields) {
  return absl::StrCat(R"({"record_type": "product_passport", "sections": {"identity": {)", fields, "}}}");
}

TEST(RecordJson, RoundTripsEveryDemoFile) {
  for (const absl::string_view file : {"recycled-pp-lot.json", "cathode-nmc811-lot.json", "ev-battery.json",
                                       "washing-machine.json", "bad-battery.json"}) {
    const RecordDraft draft = DemoDraft(file);
    const absl::StatusOr<std::string> printed = PrintRecordJson(draft);
    MEGURI_ASSERT_OK(printed);
    const absl::StatusOr<RecordDraft> again = ParseRecordJson(*printed);
    MEGURI_ASSERT_OK(again);
    ExpectSame(draft, *again);
    EXPECT_EQ(*PrintRecordJson(*again), *printed) << file;
  }
}

TEST(RecordJson, WritesDecimalsAsTheirText) {
  const std::string printed = *PrintRecordJson(DemoDraft("ev-battery.json"));
  EXPECT_THAT(printed, HasSubstr(R"("mass_kg": "420")"));
  EXPECT_THAT(printed, HasSubstr("EV用リチウムイオン電池パック")) << "Japanese stays readable";
}

TEST(RecordJson, ReadsAudiencesScopesAndUpdates) {
  const std::string id(32, 'a');
  const std::string previous(64, 'b');
  const absl::StatusOr<RecordDraft> draft = ParseRecordJson(absl::StrCat(
      R"({"record_type": "product_passport", "record_id": ")", id, R"(", "previous": ")", previous,
      R"(", "jurisdictions": ["JP", "13"], "addressees": ["0188:7123456789012"], "subjects": ["0188:4011001098993"],
          "sections": {"owner_note": {"note": "x"},
                       "identity": {"$audiences": ["partners", "RECYCLERS"], "gtin": "1"}}})"));
  MEGURI_ASSERT_OK(draft);
  EXPECT_EQ(draft->record_id->ToHex(), id);
  EXPECT_EQ(draft->previous->ToHex(), previous);
  EXPECT_THAT(draft->jurisdictions, ElementsAre("JP", "13"));
  EXPECT_THAT(draft->addressees, ElementsAre("0188:7123456789012"));
  EXPECT_THAT(draft->subjects, ElementsAre("0188:4011001098993"));
  ASSERT_EQ(draft->sections.size(), 2U);
  EXPECT_EQ(draft->sections[0].type, 1U) << "ascending types";
  EXPECT_EQ(draft->sections[0].audiences.ToString(), "PARTNERS, RECYCLERS");
  EXPECT_EQ(draft->sections[1].audiences.ToString(), "OWNER") << "the default";
  ExpectSame(*draft, *ParseRecordJson(*PrintRecordJson(*draft)));
}

TEST(RecordJson, NamesEveryProblemWithItsPath) {
  EXPECT_THAT(
      LinesFor(R"({"record_typ": 1, "sections": {
        "identity": {"massKg": "1", "mass_kg": 1.5, "granularity": "ITEM", "name": {"ja": 5}, "gtin": null,
                     "identifiers": [{"scheme": 3}], "brand": []},
        "dismantling": {"steps": [{"seq": -1, "time_s": 4294967296}], "lithium_ion": "yes", "$audiences": ["ALL", 7]},
        "owner_note": {"$audiences": []},
        "circulation_event": {}, "nonsense": {}},
        "jurisdictions": ["XX"], "addressees": [1], "subjects": "x", "record_id": "1"})"),
      UnorderedElementsAre(
          "record_typ JSON_FIELD_UNKNOWN", "record_type JSON_MISSING", "sections.identity.massKg JSON_FIELD_UNKNOWN",
          "sections.identity.mass_kg JSON_TYPE", "sections.identity.granularity JSON_VALUE",
          "sections.identity.name.ja JSON_TYPE", "sections.identity.gtin JSON_TYPE",
          "sections.identity.identifiers[0].scheme JSON_TYPE", "sections.identity.identifiers[0].value IDENTIFIER_FORM",
          "sections.identity.brand JSON_TYPE", "sections.dismantling.steps[0].seq JSON_TYPE",
          "sections.dismantling.steps[0].time_s JSON_TYPE", "sections.dismantling.lithium_ion JSON_TYPE",
          "sections.dismantling.$audiences[0] UNKNOWN_AUDIENCE", "sections.dismantling.$audiences[1] UNKNOWN_AUDIENCE",
          "sections.owner_note.$audiences NO_AUDIENCE", "sections.circulation_event SECTION_NOT_UNDERSTOOD",
          "sections.nonsense SECTION_NOT_UNDERSTOOD", "jurisdictions[0] JURISDICTION", "addressees[0] JSON_TYPE",
          "subjects JSON_TYPE", "record_id JSON_VALUE"));
}

// Whoever mends the form should not meet the rules one by one afterwards.
TEST(RecordJson, TellsOfWrongContentBesideWrongForm) {
  const std::vector<std::string> lines = LinesFor(R"({"record_type": "product_passport", "sections": {
      "identity": {"name": {"ja": "x"}, "product_group": "Battery!", "granularity": "ITEM", "mass_kg": "1e5",
                   "country_of_production": "Japan", "gtin": "04912345100109"},
      "composition": {"mass_kg": "1", "nodes": [{"kind": "COMPOSITION_NODE_KIND_PART", "name": {"ja": "p"},
                      "number_of_units": -3, "mass_kg": "-1", "mass_fraction": "1.5"}]}}})");
  for (const char* line :
       {"sections.identity.granularity JSON_VALUE", "sections.identity.product_group PRODUCT_GROUP",
        "sections.identity.mass_kg DECIMAL_GRAMMAR", "sections.identity.country_of_production COUNTRY_CODE",
        "sections.identity.gtin V3_CHECK_DIGIT", "sections.composition.nodes[0].number_of_units JSON_TYPE",
        "sections.composition.nodes[0].mass_kg V6_MASS_RANGE",
        "sections.composition.nodes[0].mass_fraction V6_FRACTION_RANGE"}) {
    EXPECT_THAT(lines, ::testing::Contains(line));
  }
  EXPECT_THAT(lines, ::testing::Each(::testing::Not(HasSubstr("FIELD_MISSING"))));
}

TEST(RecordJson, TellsTheNameThatWasMeant) {
  const absl::StatusOr<RecordDraft> draft = ParseRecordJson(WithIdentity(R"("massKg": "1")"));
  ASSERT_THAT(draft, HasReason("JSON_FIELD_UNKNOWN"));
  EXPECT_THAT(ViolationsOf(draft.status())[0].cure, HasSubstr("mass_kg"));
}

TEST(RecordJson, WantsBothOrNeitherOfRecordAndPrevious) {
  EXPECT_THAT(LinesFor(absl::StrCat(R"({"record_type": "product_passport", "sections": {}, "record_id": ")",
                                    std::string(32, 'a'), "\"}")),
              ElementsAre("previous JSON_MISSING"));
  EXPECT_THAT(LinesFor(absl::StrCat(R"({"record_type": "product_passport", "sections": {}, "previous": ")",
                                    std::string(64, 'a'), "\"}")),
              ElementsAre("record_id JSON_MISSING"));
}

TEST(RecordJson, KeepsADecimalAsItIsWritten) {
  // Whether the text is a number is for the rules to say, with the same path.
  const absl::StatusOr<RecordDraft> draft = ParseRecordJson(WithIdentity(R"("mass_kg": "1e3")"));
  MEGURI_ASSERT_OK(draft);
  EXPECT_THAT(Lines(ValidateSection(1, draft->sections[0].payload, "sections.identity")),
              ::testing::Contains("sections.identity.mass_kg DECIMAL_GRAMMAR"));
}

TEST(RecordJson, RefusesWhatIsNotOneJsonText) {
  for (const char* text : {"", " ", "{", "{}{}", "[1,]", "{\"a\":}", "nul", "\xFF", "{\"a\": \"\xC3\x28\"}", "1e999",
                           "'a'", "{a: 1}", "// c\n{}", "\"\\ud800\"", "{\"record_type\": NaN}"}) {
    EXPECT_THAT(ParseRecordJson(text), HasReason("JSON_SYNTAX")) << text;
  }
  EXPECT_THAT(LinesFor("[]"), ElementsAre(" JSON_TYPE"));
}

TEST(RecordJson, RefusesRepeatedKeysAndSaysWhere) {
  EXPECT_THAT(LinesFor(R"({"sections": {"identity": {"identifiers": [{}, {"value": "a", "value": "b"}]}}})"),
              ElementsAre("sections.identity.identifiers[1].value JSON_DUPLICATE_KEY"));
  EXPECT_THAT(LinesFor(R"({"a": 1, "\u0061": 2})"), ElementsAre("a JSON_DUPLICATE_KEY")) << "however it is written";
  EXPECT_THAT(ParseJson(R"([{"a": 1}, {"a": 2}])"), meguri::testing::IsOk()) << "not in one object";
}

TEST(RecordJson, HasADepthLimit) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_THAT(ParseJson(nested(kJsonDepthMax)), meguri::testing::IsOk());
  EXPECT_THAT(ParseJson(nested(kJsonDepthMax + 1)), HasReason("JSON_DEPTH"));
  EXPECT_THAT(ParseJson(std::string(5'000'000, '[')), HasReason("JSON_DEPTH"));
}

TEST(RecordJson, HasASizeLimit) {
  EXPECT_THAT(ParseJson(std::string(kJsonBytesMax - 1, ' ') + "1"), meguri::testing::IsOk());
  EXPECT_THAT(ParseJson(std::string(kJsonBytesMax, ' ') + "1"), HasReason("JSON_SIZE"));
}

TEST(RecordJson, HoldsTheDeepestCompositionThatTheRulesAllow) {
  std::string node = R"("kind": "COMPOSITION_NODE_KIND_PART", "name": {"ja": "部品"}, "mass_kg": "1")";
  std::string tree = absl::StrCat("{", node, "}");
  for (int level = 1; level < 32; ++level) {
    tree = absl::StrCat("{", node, R"(, "children": [)", tree, "]}");
  }
  const absl::StatusOr<RecordDraft> draft = ParseRecordJson(
      absl::StrCat(R"({"record_type": "product_passport", "sections": {"composition": {"nodes": [)", tree, "]}}}"));
  MEGURI_ASSERT_OK(draft);
  EXPECT_THAT(ValidateSection(3, draft->sections[0].payload, "s"), IsEmpty());
  MEGURI_EXPECT_OK(PrintRecordJson(*draft));
}

TEST(RecordJson, SurvivesGarbage) {
  testing::SeededRandom random(5);
  const std::string file = DemoFile("recycled-pp-lot.json");
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string text = file;
    for (int change = 0; change < 3; ++change) {
      text[random.Below(text.size())] = "{}[]\",:0a\xFF"[random.Below(10)];
    }
    const absl::StatusOr<RecordDraft> draft = ParseRecordJson(text);
    if (draft.ok()) {
      ExpectSame(*draft, *ParseRecordJson(*PrintRecordJson(*draft)));
    } else {
      ++refused;
      EXPECT_FALSE(ReasonOf(draft.status()).empty());
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(RecordJson, DoesNotPrintWhatItWouldLose) {
  RecordDraft draft = DemoDraft("recycled-pp-lot.json");
  draft.sections[0].payload += "\xB8\x3E\x01";  // field 999
  EXPECT_THAT(PrintRecordJson(draft), HasReason("SECTION_NOT_UNDERSTOOD"));
  draft.sections[0].payload = "\xFF";
  EXPECT_THAT(PrintRecordJson(draft), HasReason("PAYLOAD_MALFORMED"));
  draft.sections[0].type = 77;
  EXPECT_THAT(PrintRecordJson(draft), HasReason("SECTION_NOT_UNDERSTOOD"));
  draft.record_type = 5000;
  EXPECT_THAT(PrintRecordJson(draft), HasReason("RECORD_TYPE_NOT_UNDERSTOOD"));
}

TEST(RecordJson, CarriesMemberEntries) {
  const absl::StatusOr<RecordDraft> draft = ParseRecordJson(
      R"({"record_type": "member", "sections": {"member": {"participant_id": "0188:7123456789012",
          "keys": [{"purpose": "KEY_PURPOSE_RECORD", "public_key": "AAEC", "not_before_ms": "1790000000000",
                    "not_after_ms": 1800000000000}]}}})");
  MEGURI_ASSERT_OK(draft);
  registry::v1::MemberEntry member;
  ASSERT_TRUE(member.ParseFromString(draft->sections[0].payload));
  EXPECT_EQ(member.keys(0).public_key(), std::string("\0\1\2", 3));
  EXPECT_EQ(member.keys(0).not_before_ms(), 1790000000000U);
  EXPECT_EQ(member.keys(0).not_after_ms(), 1800000000000U);
  ExpectSame(*draft, *ParseRecordJson(*PrintRecordJson(*draft)));
  EXPECT_THAT(LinesFor(R"({"record_type": "member", "sections": {"member": {"keys": [{"public_key": "*"}]}}})"),
              ElementsAre("sections.member.keys[0].public_key JSON_VALUE"));
}

TEST(SectionJson, ShowsWhatItDoesNotUnderstand) {
  EXPECT_EQ(*SectionToJson(77, "abc"), "{\n  \"$not_understood\": true,\n  \"$type\": 77,\n  \"$bytes\": 3\n}\n");
  EXPECT_THAT(*SectionToJson(1, "\xFF"), HasSubstr("\"$not_understood\": true"));
  v1::OwnerNote note;
  note.set_note("x");
  EXPECT_EQ(*SectionToJson(20, note.SerializeAsString()), "{\n  \"note\": \"x\"\n}\n");
  EXPECT_EQ(*SectionToJson(20, note.SerializeAsString() + "\xB8\x3E\x01"),
            "{\n  \"note\": \"x\",\n  \"$unknown_fields\": true\n}\n");
}

TEST(EnvelopeJson, ShowsHeaderSignatureAndSections) {
  const SealedRecord record = Seal(DemoDraft("ev-battery.json"));
  record::v1::Envelope envelope;
  envelope.set_header(record.header.bytes());
  envelope.mutable_signature()->set_key_id(std::string(32, '\x01'));
  envelope.mutable_signature()->set_size(4);
  for (const record::v1::Section& section : record.sections) {
    *envelope.add_sections() = section;
  }
  record::v1::Section* unknown = envelope.add_sections();
  unknown->set_type(77);
  unknown->set_audiences(1U << record::v1::AUDIENCE_MEMBERS);
  unknown->set_payload("??");
  const absl::StatusOr<std::string> text = EnvelopeToJson(envelope);
  MEGURI_ASSERT_OK(text);
  const absl::StatusOr<Json> json = ParseJson(*text);
  MEGURI_ASSERT_OK(json);
  EXPECT_EQ(json->at("record_type"), "product_passport");
  EXPECT_EQ(json->at("record_id"), record.header.record_id().ToHex());
  EXPECT_EQ(json->at("publisher"), "0188:7123456789012");
  EXPECT_EQ(json->at("issue_time"), "2026-09-21T14:13:20+00:00");
  EXPECT_EQ(json->at("signature").at("batch_size"), 4);
  EXPECT_EQ(json->at("sections").at("identity").at("gtin"), "04912345100108");
  EXPECT_EQ(json->at("sections").at("identity").at("$audiences"), Json::array({"PUBLIC"}));
  EXPECT_EQ(json->at("sections").at("type_77").at("$bytes"), 2);
  EXPECT_THAT(EnvelopeToJson(record::v1::Envelope()), Not(meguri::testing::IsOk()));
}

}  // namespace
}  // namespace meguri::passport
