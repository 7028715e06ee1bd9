// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/attachment.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/owner_note.pb.h"
#include "passport/formats/json.h"
#include "passport/formats/proto_json.h"
#include "passport/payload.h"
#include "passport/section_table.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/filled_message.h"
#include "tests/unit/passport/formats/exported.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr absl::string_view kWhole[] = {"meguri", "csv", "xlsx"};  // formats that give the same sections back

std::string JsonOf(const record::SectionDraft& section) { return *SectionToJson(section.type, section.payload); }

// `audiences`: whether the format keeps them.
void ExpectSameSections(const RecordDraft& a, const RecordDraft& b, bool audiences) {
  EXPECT_EQ(a.record_type, b.record_type);
  ASSERT_EQ(a.sections.size(), b.sections.size());
  for (size_t i = 0; i < a.sections.size(); ++i) {
    EXPECT_EQ(a.sections[i].type, b.sections[i].type);
    EXPECT_EQ(JsonOf(a.sections[i]), JsonOf(b.sections[i]));
    EXPECT_EQ(a.sections[i].payload, b.sections[i].payload);
    EXPECT_TRUE(!audiences || a.sections[i].audiences == b.sections[i].audiences);
  }
}

bool IsAudience(const UnmappedValue& value) { return absl::EndsWith(value.path, ".$audiences"); }

// What `format` makes of the records comes back with the same sections, save what the account says.
void ExpectRoundTrip(absl::string_view format, const std::vector<RecordDraft>& drafts) {
  const Exported exported = MustExport(format, drafts);
  const std::vector<ImportedRecord> imported = MustImport(exported.bytes);
  ASSERT_EQ(imported.size(), drafts.size());
  ASSERT_EQ(exported.records.size(), drafts.size());
  for (size_t i = 0; i < drafts.size(); ++i) {
    EXPECT_THAT(Lines(imported[i].problems), IsEmpty());
    EXPECT_THAT(imported[i].unmapped, IsEmpty());
    size_t audiences_left = 0;
    for (const UnmappedValue& value : exported.records[i].left) {
      EXPECT_TRUE(IsAudience(value)) << value.path << " " << value.value;
      ++audiences_left;
    }
    EXPECT_GT(exported.records[i].carried, 0U);
    EXPECT_THAT(exported.records[i].sections, SizeIs(drafts[i].sections.size()));
    ExpectSameSections(drafts[i], imported[i].draft, audiences_left == 0);
  }
}

TEST(Export, EveryDemoRecordComesBackAsItWas) {
  for (const absl::string_view format : kWhole) {
    for (const absl::string_view file : kGoodFiles) {
      SCOPED_TRACE(absl::StrCat(format, " ", file));
      ExpectRoundTrip(format, {DemoDraft(file)});
    }
    ExpectRoundTrip(format, {DemoDraft("bad-battery.json")});
  }
}

TEST(Export, SeveralRecordsOfOneTypeComeBackFromOneFile) {
  for (const absl::string_view format : kWhole) {
    SCOPED_TRACE(format);
    ExpectRoundTrip(format, {DemoDraft("washing-machine.json"), DemoDraft("detergent-bottle.json"),
                             DemoDraft("vehicle-bumper.json"), DemoDraft("washing-machine.json")});
    ExpectRoundTrip(format, {DemoDraft("recycled-pp-lot.json"), DemoDraft("cathode-nmc811-lot.json")});
  }
}

// A record of an identity and, if it is another one, a section with something in every field.
RecordDraft Filled(const SectionKind& kind, uint64_t seed, const std::string& text_end) {
  RecordDraft draft = DemoDraft("detergent-bottle.json");
  draft.sections.resize(1);
  Invariant(draft.sections[0].type == record::v1::SECTION_TYPE_IDENTITY, "the identity comes first");
  const std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
  MessageFiller(seed, text_end).Fill(*message, /*depth_max=*/5);
  if (kind.type == draft.sections[0].type) {
    draft.sections.pop_back();
  }
  draft.sections.push_back({.type = kind.type, .audiences = kind.audiences, .payload = message->SerializeAsString()});
  return draft;
}

TEST(Export, EveryFieldOfEverySectionComesBack) {
  for (const SectionKind& kind : SectionKinds()) {
    for (const absl::string_view format : kWhole) {
      const bool has_bytes =
          kind.type == record::v1::SECTION_TYPE_ATTACHMENT || kind.type == record::v1::SECTION_TYPE_MEMBER;
      if (!kind.understood() || (has_bytes && format != "meguri")) {
        continue;
      }
      for (const char* text_end : {"", "\"", ",;\t|", "行\n次", "'=1+1", "</t>&amp;"}) {
        SCOPED_TRACE(absl::StrCat(format, " ", kind.name, " ", text_end));
        ExpectRoundTrip(format, {Filled(kind, kind.type, text_end)});
      }
    }
  }
}

TEST(Export, TextsOfEveryKindComeBackOrAreTold) {
  for (const absl::string_view format : kWhole) {
    testing::SeededRandom random(7);
    const std::string alphabet[] = {"=", "+", "-", "@",  "'",  "\"", ",", ";", "\t",      "\n",   "\r",  " ",
                                    "#", "1", "a", "量", "　", "＝", "<", "&", "_x000A_", "\x01", "N/A", "."};
    for (int round = 0; round < 300; ++round) {
      v1::OwnerNote note;
      for (uint64_t i = 0; i <= random.Below(5); ++i) {
        absl::StrAppend(note.mutable_note(), alphabet[random.Below(std::size(alphabet))]);
      }
      note.set_internal_reference("x");
      RecordDraft draft = DemoDraft("detergent-bottle.json");
      draft.sections.resize(1);
      draft.sections.push_back({.type = record::v1::SECTION_TYPE_OWNER_NOTE,
                                .audiences = FindSectionKind(record::v1::SECTION_TYPE_OWNER_NOTE)->audiences,
                                .payload = note.SerializeAsString()});
      const Exported exported = MustExport(format, {draft});
      const std::vector<std::string> left = LeftOf(exported.records[0]);
      v1::OwnerNote again;
      ASSERT_TRUE(again.ParseFromString(MustImport(exported.bytes)[0].draft.sections[1].payload));
      if (left.empty()) {
        EXPECT_EQ(again.note(), note.note()) << format;
      } else {
        EXPECT_THAT(left, ElementsAre("owner_note.note"));
        EXPECT_EQ(again.note(), "");
        EXPECT_NE(format, "meguri");
      }
    }
  }
}

TEST(Export, NoCellIsAFormulaForWhoOpensIt) {
  v1::OwnerNote note;
  for (const char* label : {"=1+1", "+81-3", "-x", "@SUM(A1)", "'=1", "＝1", "ok", "-12.5"}) {
    note.add_labels(label);
  }
  note.set_note("=cmd|' /C calc'!A0");
  RecordDraft draft = DemoDraft("detergent-bottle.json");
  draft.sections.resize(1);
  draft.sections.push_back({.type = record::v1::SECTION_TYPE_OWNER_NOTE,
                            .audiences = FindSectionKind(record::v1::SECTION_TYPE_OWNER_NOTE)->audiences,
                            .payload = note.SerializeAsString()});
  const std::string csv = MustExport("csv", {draft}).bytes;
  EXPECT_THAT(csv, HasSubstr("'=cmd|' /C calc'!A0,'=1+1,'+81-3,'-x,'@SUM(A1),''=1,'＝1,ok,-12.5\r\n"));
  ExpectRoundTrip("csv", {draft});
  ExpectRoundTrip("xlsx", {draft});
}

TEST(Export, HeadingsAreThoseOfTheTemplate) {
  const std::string csv = MustExport("csv", {DemoDraft("washing-machine.json")}).bytes;
  for (const char* heading :
       {"記録 / Record [record],階層 / Level [level],品名 / Name (ja) [identity.name.ja]",
        "質量 / Mass (kg) [identity.mass_kg]", "構成質量 / Node mass (kg) [node.mass_kg]", "CAS [node.cas]",
        "対象部品 / target component (ja) [dismantling.steps[0].target_component.ja]"}) {
    EXPECT_THAT(csv, HasSubstr(heading));
  }
  EXPECT_THAT(MustExport("csv", {DemoDraft("recycled-pp-lot.json")}).bytes,
              HasSubstr("種別 / Type [record_type=material_passport]"));
}

TEST(Export, TellsWhatASheetCannotHold) {
  RecordDraft draft = DemoDraft("detergent-bottle.json");
  draft.sections.resize(1);
  v1::Identity identity;
  ASSERT_TRUE(identity.ParseFromString(draft.sections[0].payload));
  identity.set_model_number(" padded ");
  identity.set_lot("#N/A");
  identity.mutable_mass_kg()->set_value("1e3");
  identity.clear_dimensions();
  identity.mutable_dimensions();  // there, and empty
  draft.sections[0].payload = identity.SerializeAsString();
  draft.sections[0].audiences = *record::AudienceSet::Parse(1 << record::v1::AUDIENCE_MEMBERS);
  v1::AttachmentList list;
  list.add_attachments()->set_content(std::string("\0\1", 2));
  draft.sections.push_back({.type = record::v1::SECTION_TYPE_ATTACHMENT,
                            .audiences = FindSectionKind(record::v1::SECTION_TYPE_ATTACHMENT)->audiences,
                            .payload = list.SerializeAsString()});
  EXPECT_THAT(LeftOf(MustExport("csv", {draft}).records[0]),
              UnorderedElementsAre("identity.model_number", "identity.lot", "identity.mass_kg", "identity.dimensions",
                                   "identity.$audiences", "attachment.attachments[0].content"));
  EXPECT_THAT(LeftOf(MustExport("meguri", {draft}).records[0]), IsEmpty());
}

TEST(Export, ASectionThatSaysNothingIsToldWhereItCannotStand) {
  RecordDraft draft = DemoDraft("detergent-bottle.json");
  draft.sections.resize(1);
  draft.sections.push_back({.type = record::v1::SECTION_TYPE_OWNER_NOTE,
                            .audiences = FindSectionKind(record::v1::SECTION_TYPE_OWNER_NOTE)->audiences,
                            .payload = ""});
  EXPECT_THAT(LeftOf(MustExport("csv", {draft}).records[0]), ElementsAre("owner_note"));
  ExpectRoundTrip("meguri", {draft});
  draft.sections.erase(draft.sections.begin());
  EXPECT_THAT(LeftOf(MustExport("xlsx", {draft}).records[0]), ElementsAre("owner_note"));
  EXPECT_THAT(MustImport(MustExport("xlsx", {draft}).bytes), SizeIs(1));
}

TEST(Export, TellsWhatThisVersionDoesNotUnderstand) {
  RecordDraft draft = DemoDraft("detergent-bottle.json");
  draft.sections.resize(1);
  v1::Identity identity;
  ASSERT_TRUE(identity.ParseFromString(draft.sections[0].payload));
  identity.set_granularity(static_cast<v1::Granularity>(77));
  identity.add_designations(static_cast<v1::Designation>(78));
  identity.add_designations(v1::DESIGNATION_LABELLING);
  identity.GetReflection()->MutableUnknownFields(&identity)->AddVarint(500, 1);
  draft.sections[0].payload = identity.SerializeAsString();
  record::v1::Envelope envelope = EnvelopeOf(draft);
  record::v1::Section& newer = *envelope.add_sections();
  newer.set_type(4711);
  newer.set_payload("abc");
  *envelope.add_sections() = envelope.sections(0);
  record::v1::Section& broken = *envelope.add_sections();
  broken = envelope.sections(0);
  broken.set_type(record::v1::SECTION_TYPE_OWNER_NOTE);
  broken.set_payload("\xFF");
  for (const absl::string_view format : kWhole) {
    const absl::StatusOr<Exported> exported = ExportRecords(format, {envelope});
    MEGURI_ASSERT_OK(exported);
    EXPECT_THAT(
        LeftOf(exported->records[0]),
        UnorderedElementsAre("identity.granularity", "identity.designations[0]", "identity.$field_500", "type_4711",
                             absl::StrCat("identity#", envelope.sections(0).slot()), "owner_note"));
    const std::vector<ImportedRecord> again = MustImport(exported->bytes);
    EXPECT_THAT(Lines(again[0].problems), IsEmpty());
    ASSERT_TRUE(identity.ParseFromString(again[0].draft.sections[0].payload));
    EXPECT_EQ(identity.designations_size(), 1);
  }
}

TEST(Export, TwoCompositionsOfOneRecordAreNoTrap) {
  record::v1::Envelope envelope = EnvelopeOf(DemoDraft("vehicle-bumper.json"));
  v1::Composition odd;
  v1::SubstanceIdentifier& identifier = *odd.add_nodes()->add_identifiers();
  identifier.set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_SMILES);
  identifier.set_value("C");
  for (const uint32_t slot : {0U, 63U}) {
    record::v1::Envelope two = envelope;
    record::v1::Section& section = *two.add_sections();
    section.set_type(record::v1::SECTION_TYPE_COMPOSITION);
    section.set_slot(slot);
    section.set_audiences(1 << record::v1::AUDIENCE_PUBLIC);
    section.set_payload(odd.SerializeAsString());
    const absl::StatusOr<Exported> exported = ExportRecords("csv", {two});
    MEGURI_ASSERT_OK(exported);
    EXPECT_THAT(exported->records[0].left, SizeIs(::testing::Ge(1U)));
    EXPECT_THAT(Lines(MustImport(exported->bytes)[0].problems), IsEmpty());
  }
}

TEST(Export, SaysWhoMayReadWhatGoesIn) {
  const Exported exported = MustExport("meguri", {DemoDraft("washing-machine.json")});
  EXPECT_THAT(exported.records[0].sections,
              ::testing::Contains(std::make_pair(std::string("dismantling"), std::string("RECYCLERS, AUTHORITIES"))));
}

TEST(Export, RefusesWhatAFileCannotBe) {
  const std::vector<record::v1::Envelope> two = {EnvelopeOf(DemoDraft("ev-battery.json")),
                                                 EnvelopeOf(DemoDraft("recycled-pp-lot.json"))};
  EXPECT_THAT(ExportRecords("pdf", two), HasReason("EXPORT_FORMAT"));
  EXPECT_THAT(ExportRecords("csv", two), HasReason("EXPORT_MIXED"));
  MEGURI_EXPECT_OK(ExportRecords("meguri", two));
  record::v1::Envelope empty = two[0];
  empty.clear_sections();
  EXPECT_THAT(ExportRecords("meguri", {}), HasReason("NOTHING_TO_EXPORT"));
  EXPECT_THAT(ExportRecords("csv", {empty}), HasReason("NOTHING_TO_EXPORT"));
  record::v1::Envelope bad = two[0];
  bad.set_header("x");
  EXPECT_THAT(ExportRecords("csv", {bad}), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(ExportRecords("csv", std::vector<record::v1::Envelope>(kExportRecordsMax + 1, two[0])),
              HasReason("EXPORT_SIZE"));
}

// The profile of facilities makes public what is for partners and authorities elsewhere.
TEST(Import, NeverWidensAudiencesThatWereChosen) {
  const std::vector<ImportedRecord> file = MustImport(
      R"({"record_type": "facility", "sections": {
            "facility": {"$audiences": ["PARTNERS", "AUTHORITIES"], "facilities": [{"country": "JP"}]}}})");
  EXPECT_EQ(file[0].draft.sections[0].audiences.ToString(), "PARTNERS, AUTHORITIES");
  ImportOptions options;
  options.mapping = *ParseTableMapping(R"(record_type = "facility"
      [audiences]
      facility = ["PARTNERS", "AUTHORITIES"]
      [[column]]
      heading = "c"
      field = "facility.facilities[0].country")");
  const auto import = Import::Open("c,\nJP,\n", options);
  MEGURI_ASSERT_OK(import);
  MEGURI_EXPECT_OK((*import)->Run([](ImportedRecord& record) {
    EXPECT_EQ(record.draft.sections[0].audiences.ToString(), "PARTNERS, AUTHORITIES");
    return absl::OkStatus();
  }));
  EXPECT_EQ(MustImport(R"({"record_type": "facility", "sections": {"facility": {}}})")[0]
                .draft.sections[0]
                .audiences.ToString(),
            "PUBLIC");
}

TEST(Export, RecordsThatAreNoPassportsGoIntoFormatsForEveryRecord) {
  RecordDraft draft = Filled(*FindSectionKind(record::v1::SECTION_TYPE_FACILITY), 1, "");
  draft.record_type = record::v1::RECORD_TYPE_FACILITY;
  draft.sections.erase(draft.sections.begin());
  for (const absl::string_view format : kWhole) {
    ExpectRoundTrip(format, {draft});
  }
  EXPECT_THAT(ExportRecords("aas", {EnvelopeOf(draft)}), HasReason("EXPORT_RECORD_TYPE"));
  EXPECT_THAT(ExportRecords("untp-dpp-0.6.1", {EnvelopeOf(draft)}), HasReason("EXPORT_RECORD_TYPE"));
  draft.record_type = record::v1::RECORD_TYPE_PLAN;
  EXPECT_THAT(ExportRecords("csv", {EnvelopeOf(draft)}), HasReason("RECORD_TYPE_NOT_UNDERSTOOD"));
}

TEST(Export, AWideRecordFillsTheColumnsAndTellsTheRest) {
  v1::OwnerNote note;
  for (size_t i = 0; i < kTableColumnsMax; ++i) {
    note.add_labels(absl::StrCat("l", i));
  }
  RecordDraft draft = DemoDraft("detergent-bottle.json");
  draft.sections = {{.type = record::v1::SECTION_TYPE_OWNER_NOTE,
                     .audiences = FindSectionKind(record::v1::SECTION_TYPE_OWNER_NOTE)->audiences,
                     .payload = note.SerializeAsString()}};
  const Exported exported = MustExport("csv", {draft});
  ASSERT_TRUE(note.ParseFromString(MustImport(exported.bytes)[0].draft.sections[0].payload));
  EXPECT_EQ(static_cast<size_t>(note.labels_size()) + exported.records[0].left.size(), kTableColumnsMax);
  EXPECT_EQ(exported.records[0].left[0].path, absl::StrCat("owner_note.labels[", note.labels_size(), "]"));
}

}  // namespace
}  // namespace meguri::passport
