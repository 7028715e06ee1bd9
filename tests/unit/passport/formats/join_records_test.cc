// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/join_records.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "passport/formats/import.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/formats/exported.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Parts of a Battery Pass 1.2, shortened.
constexpr char kGeneral[] = R"({"batteryPassportIdentifier": "urn:example:1", "productIdentifier": "MC-1",
    "batteryMass": 100, "batteryStatus": "Original", "manufacturingDate": "2026-01-02T00:00:00Z", "note": "x"})";
constexpr char kFootprint[] = R"({"absoluteCarbonFootprint": 1, "batteryCarbonFootprint": 62.5,
    "carbonFootprintPerLifecycleStage": [{"lifecycleStage": "MainProduction", "carbonFootprint": 20}]})";
constexpr char kMaterials[] = R"({"batteryChemistry": {"clearName": "LFP"}, "batteryMaterials": [
    {"batteryMaterialName": "Lithium", "batteryMaterialMass": 2, "batteryMaterialIdentifier": "7439-93-2"}]})";

struct Joined {
  absl::Status status;
  std::vector<ImportedRecord> records;
};

Joined AsOne(const std::vector<std::string>& files, const ImportOptions& options = {}) {
  std::vector<ImportInput> inputs;
  inputs.reserve(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    inputs.push_back({files[i], options});
    inputs.back().options.file_name = absl::StrCat(i + 1, ".json");
  }
  absl::StatusOr<std::unique_ptr<Import>> import = Import::OpenAsOne(std::move(inputs));
  Joined joined{import.status(), {}};
  if (import.ok()) {
    joined.status = (*import)->Run([&](ImportedRecord& record) {
      joined.records.push_back(record);
      return absl::OkStatus();
    });
  }
  return joined;
}

TEST(JoinRecords, MakesOneRecordOfThePartsOfABatteryPass) {
  ImportOptions options;
  options.fields = {{"identity.name.ja", "電池"}};
  options.keep_unmapped = true;
  const Joined joined = AsOne({kGeneral, kFootprint, kMaterials}, options);
  MEGURI_ASSERT_OK(joined.status);
  ASSERT_THAT(joined.records, SizeIs(1));
  const ImportedRecord& record = joined.records[0];
  EXPECT_THAT(Lines(record.problems), IsEmpty());
  std::vector<uint32_t> types;
  types.reserve(record.draft.sections.size());
  for (const record::SectionDraft& section : record.draft.sections) {
    types.push_back(section.type);
  }
  EXPECT_THAT(types, ElementsAre(record::v1::SECTION_TYPE_IDENTITY, record::v1::SECTION_TYPE_COMPOSITION,
                                 record::v1::SECTION_TYPE_COMPOSITION_SUMMARY,
                                 record::v1::SECTION_TYPE_CARBON_FOOTPRINT, record::v1::SECTION_TYPE_ATTACHMENT));
  v1::Identity identity;
  ASSERT_TRUE(identity.ParseFromString(record.draft.sections[0].payload));
  EXPECT_EQ(identity.name().ja(), "電池");
  EXPECT_EQ(identity.mass_kg().value(), "100");
  EXPECT_EQ(record.draft.sections[1].audiences.ToString(), "PARTNERS, RECYCLERS, AUTHORITIES");
  ASSERT_THAT(record.unmapped, SizeIs(2));
  EXPECT_EQ(record.unmapped[0].path, "1.json: note");
  EXPECT_EQ(record.unmapped[1].path, "2.json: absoluteCarbonFootprint");
}

TEST(JoinRecords, AddsListsAndSkipsWhatIsSaidTwice) {
  const Joined joined = AsOne({kFootprint, R"({"absoluteCarbonFootprint": 1, "batteryCarbonFootprint": 62.50,
      "carbonFootprintPerLifecycleStage": [{"lifecycleStage": "MainProduction", "carbonFootprint": 20},
                                           {"lifecycleStage": "Distribution", "carbonFootprint": 1}]})"});
  MEGURI_ASSERT_OK(joined.status);
  EXPECT_THAT(Lines(joined.records[0].problems), IsEmpty());
  v1::CarbonFootprint footprint;
  ASSERT_TRUE(footprint.ParseFromString(joined.records[0].draft.sections[0].payload));
  EXPECT_EQ(footprint.stages_size(), 2);
}

TEST(JoinRecords, NamesWhatPartsSayDifferently) {
  const Joined joined = AsOne({kGeneral, R"({"batteryPassportIdentifier": "urn:example:1", "batteryMass": 101})"});
  MEGURI_ASSERT_OK(joined.status);
  EXPECT_THAT(Lines(joined.records[0].problems), ElementsAre("2.json: identity.mass_kg PARTS_DISAGREE"));
  const Joined types =
      AsOne({R"({"record_type": "product_passport", "sections": {"owner_note": {"note": "a"}}})",
             R"({"record_type": "material_passport", "sections": {"owner_note": {"labels": ["b"]}}})"});
  MEGURI_ASSERT_OK(types.status);
  EXPECT_THAT(Lines(types.records[0].problems), ElementsAre("2.json: record_type PARTS_DISAGREE"));
}

TEST(JoinRecords, NeverWidensWhoMayRead) {
  const auto part = [](const char* audiences, const char* field) {
    return absl::StrCat(R"({"record_type": "product_passport", "sections": {"identity": {)", audiences, field, "}}}");
  };
  const std::string plain = part("", R"("lot": "1")");
  const std::string partners = part(R"("$audiences": ["PARTNERS"], )", R"("serial": "2")");
  const std::string owner = part(R"("$audiences": ["OWNER"], )", R"("gtin": "3")");
  for (const std::vector<std::string>& files : {std::vector<std::string>{plain, partners}, {partners, plain}}) {
    const Joined joined = AsOne(files);
    EXPECT_THAT(Lines(joined.records[0].problems), IsEmpty());
    EXPECT_EQ(joined.records[0].draft.sections[0].audiences.ToString(), "PARTNERS");
  }
  EXPECT_THAT(Lines(AsOne({plain, partners, owner}).records[0].problems),
              ElementsAre("3.json: identity.$audiences PARTS_DISAGREE"));
}

// An OpenEPCIS passport whose footprint lacks what the section requires.
constexpr char kOffer[] = R"({"@context": "https://example.org", "gs1:gtin": "09506000134352",
    "id": "https://id.gs1.org/01/09506000134352/21/A-1", "eubat:hasCarbonFootprintDeclaration": {
    "eubat:hasCarbonFootprintTotal": {"gs1:value": 45.2, "gs1:unitCode": "KGM"},
    "eubat:functionalUnit": "1 kWh of total energy"}})";

// Found: what one file offered was left out although another file had the section.
TEST(JoinRecords, BeginsWhatOneFileOffersIfAnotherHasTheSection) {
  const std::string rest = R"({"record_type": "product_passport",
      "sections": {"carbon_footprint": {"primary_data_share": "0.5"}}})";
  for (const std::vector<std::string>& files : {std::vector<std::string>{kOffer, rest}, {rest, kOffer}}) {
    const Joined joined = AsOne(files);
    MEGURI_ASSERT_OK(joined.status);
    const ImportedRecord& record = joined.records[0];
    EXPECT_THAT(Lines(record.problems), IsEmpty());
    EXPECT_THAT(record.unmapped, IsEmpty());
    v1::CarbonFootprint footprint;
    ASSERT_EQ(record.draft.sections.back().type, record::v1::SECTION_TYPE_CARBON_FOOTPRINT);
    ASSERT_TRUE(footprint.ParseFromString(record.draft.sections.back().payload));
    EXPECT_EQ(footprint.kg_co2e().value(), "45.2");
    EXPECT_EQ(footprint.primary_data_share().value(), "0.5");
  }
  const Joined alone = AsOne({kOffer});
  EXPECT_NE(alone.records[0].draft.sections.back().type, record::v1::SECTION_TYPE_CARBON_FOOTPRINT);
  EXPECT_THAT(alone.records[0].unmapped, SizeIs(3));
}

TEST(JoinRecords, KeepsOnlyWhatHasNoPlaceInTheWholeRecord) {
  ImportOptions options;
  options.keep_unmapped = true;
  const Joined joined = AsOne({kOffer, R"({"record_type": "product_passport",
      "sections": {"carbon_footprint": {"primary_data_share": "0.5"}}})"},
                              options);
  MEGURI_ASSERT_OK(joined.status);
  EXPECT_NE(joined.records[0].draft.sections.back().type, record::v1::SECTION_TYPE_ATTACHMENT);
}

TEST(JoinRecords, BeginsWhatFilesOfferPieceByPieceIfItIsWholeTogether) {
  const auto offering = [](const v1::ItemState& state) {
    RecordPart part;
    part.record.offered.push_back({{record::v1::SECTION_TYPE_ITEM_STATE,
                                    record::AudienceSet::Of({record::v1::AUDIENCE_OWNER}), state.SerializeAsString()},
                                   {},
                                   {}});
    return part;
  };
  v1::ItemState state;
  state.mutable_full_cycles()->set_value("7");
  std::vector<RecordPart> parts = {offering(state), offering(state)};
  BeginOfferedTogether(parts);
  EXPECT_THAT(parts[0].record.draft.sections, IsEmpty()) << "the time is missing in both";
  v1::ItemState time;
  time.set_as_of("2026-11-01T00:00:00Z");
  parts.push_back(offering(time));
  BeginOfferedTogether(parts);
  for (const RecordPart& part : parts) {
    EXPECT_THAT(part.record.draft.sections, SizeIs(1));
    EXPECT_THAT(part.record.offered, IsEmpty());
  }
}

TEST(JoinRecords, PutsTheFileBeforeAProblemOfItsOwn) {
  const Joined joined = AsOne({kGeneral, R"({"absoluteCarbonFootprint": 1, "batteryCarbonFootprint": 1e99})"});
  MEGURI_ASSERT_OK(joined.status);
  EXPECT_THAT(Lines(joined.records[0].problems), ElementsAre("2.json: batteryCarbonFootprint NUMBER_RANGE"));
}

TEST(JoinRecords, WantsOneRecordFromEachFile) {
  const std::string two = absl::StrCat("[", R"({"record_type": "product_passport", "sections": {}})", ",",
                                       R"({"record_type": "product_passport", "sections": {}})", "]");
  EXPECT_THAT(AsOne({kGeneral, two}).status, HasReason("PARTS_RECORDS"));
  EXPECT_THAT(std::string(AsOne({kGeneral, two}).status.message()), HasSubstr("2.json: "));
  EXPECT_THAT(AsOne({}).status, HasReason("PARTS_COUNT"));
  EXPECT_THAT(AsOne(std::vector<std::string>(kImportPartsMax + 1, kGeneral)).status, HasReason("PARTS_COUNT"));
  MEGURI_EXPECT_OK(AsOne(std::vector<std::string>(kImportPartsMax, kGeneral)).status);
  EXPECT_THAT(AsOne({kGeneral, "{}"}).status, HasReason("IMPORT_FORMAT"));
}

}  // namespace
}  // namespace meguri::passport
