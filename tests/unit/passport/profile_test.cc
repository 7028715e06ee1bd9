// SPDX-License-Identifier: Apache-2.0
#include "passport/profile.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/section_table.h"
#include "passport/validate.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using ::meguri::testing::HasReason;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kGood[] = R"(
    name: "test" record_type: RECORD_TYPE_PRODUCT_PASSPORT product_groups: "toy" slot_count: 8 jurisdictions: "13"
    sections { type: SECTION_TYPE_IDENTITY audiences: AUDIENCE_PUBLIC required: [GRANULARITY_MODEL] }
    sections { type: SECTION_TYPE_DISMANTLING audiences: [AUDIENCE_RECYCLERS, AUDIENCE_AUTHORITIES]
               locked: AUDIENCE_RECYCLERS law: "some law" })";

TEST(Profile, ReadsADataFile) {
  const absl::StatusOr<Profile> profile = ParseProfile(kGood);
  MEGURI_ASSERT_OK(profile);
  EXPECT_EQ(profile->slot_count, 8U);
  EXPECT_THAT(profile->jurisdictions, ElementsAre("13"));
  EXPECT_TRUE(profile->Find(1)->required.Has(v1::GRANULARITY_MODEL));
  EXPECT_FALSE(profile->Find(1)->required.Has(v1::GRANULARITY_ITEM));
  EXPECT_EQ(profile->Find(6)->locked.ToString(), "RECYCLERS");
  EXPECT_EQ(profile->Find(3), nullptr);
}

TEST(Profile, RefusesABadDataFile) {
  const auto refused_as = [](const char* old_text, const char* new_text) {
    const std::string text = absl::StrReplaceAll(kGood, {{old_text, new_text}});
    EXPECT_NE(text, kGood) << old_text;
    return ParseProfile(text).status();
  };
  EXPECT_THAT(refused_as("slot_count: 8", "slot_count: 9"), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("slot_count", "slots"), HasReason("PROFILE_SYNTAX"));
  EXPECT_THAT(refused_as("locked: AUDIENCE_RECYCLERS", "locked: AUDIENCE_MEMBERS"), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("law: \"some law\"", ""), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("SECTION_TYPE_IDENTITY", "SECTION_TYPE_DISMANTLING"), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("SECTION_TYPE_DISMANTLING", "SECTION_TYPE_PLAN"), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("SECTION_TYPE_DISMANTLING", "SECTION_TYPE_MEMBER"), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("audiences: AUDIENCE_PUBLIC", ""), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("\"toy\"", "\"Toy\""), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("\"13\"", "\"99\""), HasReason("PROFILE_RULE"));
  EXPECT_THAT(refused_as("RECORD_TYPE_PRODUCT_PASSPORT", "RECORD_TYPE_PLAN"), HasReason("PROFILE_RULE"));
}

TEST(Profiles, GiveEachGroupToOneFile) {
  std::set<std::string> seen;
  for (const Profile& profile : Profiles()) {
    for (const std::string& group : profile.product_groups) {
      EXPECT_TRUE(seen.insert(absl::StrCat(profile.record_type, "/", group)).second) << group;
      EXPECT_EQ(FindProfile(profile.record_type, group), &profile);
    }
  }
  for (const char* group :
       {"1/battery", "1/washing-machine", "1/vehicle-part", "1/plastic-packaging", "2/plastic-lot", "2/metal-lot"}) {
    EXPECT_THAT(seen, Contains(group));
  }
}

TEST(Profiles, CoverEveryRecordTypeThatIsUnderstood) {
  for (const RecordKind& kind : RecordKinds()) {
    const Profile* profile = FindProfile(kind.type, "no-such-group");
    ASSERT_EQ(profile != nullptr, kind.understood()) << kind.name;
    if (profile != nullptr) {
      EXPECT_THAT(profile->product_groups, IsEmpty());
      EXPECT_THAT(profile->sections, Not(IsEmpty()));
    }
  }
  EXPECT_EQ(FindProfile(0, ""), nullptr);
}

// Every section of a record with other audiences.
std::vector<std::string> LinesWith(const char* file, uint32_t type, std::initializer_list<record::v1::Audience> set) {
  SealedRecord record = Seal(DemoDraft(file));
  for (record::v1::Section& section : record.sections) {
    if (section.type() == type) {
      section.set_audiences(record::AudienceSet::Of(set).bits());
    }
  }
  return Lines(Errors(ValidateRecord(record.header, record.sections)));
}

TEST(Profiles, LockWhatTheLawOpensAndCloses) {
  using namespace record::v1;  // the enumerators
  EXPECT_THAT(LinesWith("ev-battery.json", SECTION_TYPE_RECYCLED_CONTENT, {AUDIENCE_MEMBERS}),
              ElementsAre("sections.recycled_content.$audiences AUDIENCE_LOCKED"));
  EXPECT_THAT(LinesWith("ev-battery.json", SECTION_TYPE_DISMANTLING, {AUDIENCE_AUTHORITIES}),
              ElementsAre("sections.dismantling.$audiences AUDIENCE_LOCKED"));
  EXPECT_THAT(LinesWith("ev-battery.json", SECTION_TYPE_DISMANTLING, {AUDIENCE_PUBLIC}),
              ElementsAre("sections.dismantling.$audiences AUDIENCE_LOOSENED"));
  EXPECT_THAT(LinesWith("ev-battery.json", SECTION_TYPE_DISMANTLING, {AUDIENCE_PARTNERS}),
              ElementsAre("sections.dismantling.$audiences AUDIENCE_LOOSENED",
                          "sections.dismantling.$audiences AUDIENCE_LOCKED"));
  EXPECT_THAT(LinesWith("ev-battery.json", SECTION_TYPE_COMPOSITION, {AUDIENCE_RECYCLERS, AUDIENCE_AUTHORITIES}),
              IsEmpty())
      << "partners are not locked";
  EXPECT_THAT(LinesWith("washing-machine.json", SECTION_TYPE_RECYCLED_CONTENT, {AUDIENCE_MEMBERS}), IsEmpty())
      << "no law for this group";
}

TEST(Profiles, WantTheSectionsOfTheGranularityOrAParent) {
  RecordDraft draft = DemoDraft("ev-battery.json");
  v1::Identity identity;
  ASSERT_TRUE(identity.ParseFromString(draft.sections[0].payload));
  draft.sections.resize(1);
  SealedRecord alone = Seal(draft);
  EXPECT_THAT(Lines(Errors(ValidateRecord(alone.header, alone.sections))),
              ElementsAre("sections.composition SECTION_MISSING", "sections.recycled_content SECTION_MISSING"));
  identity.set_parent_record_id(std::string(32, 'a'));
  draft.sections[0].payload = identity.SerializeAsString();
  const SealedRecord child = Seal(draft);
  EXPECT_THAT(Lines(ValidateRecord(child.header, child.sections)), IsEmpty()) << "taken over from the parent";
  identity.add_not_inherited_sections("composition");
  draft.sections[0].payload = identity.SerializeAsString();
  const SealedRecord own = Seal(draft);
  EXPECT_THAT(Lines(ValidateRecord(own.header, own.sections)), ElementsAre("sections.composition SECTION_MISSING"));
}

TEST(Profiles, KeepForAnUnknownGroupWhatLawLocksForAll) {
  for (const auto kind : {record::v1::RECORD_TYPE_PRODUCT_PASSPORT, record::v1::RECORD_TYPE_MATERIAL_PASSPORT}) {
    const auto type = static_cast<uint32_t>(kind);
    const Profile* general = FindProfile(type, "no-such-group");
    ASSERT_NE(general, nullptr);
    const SectionPolicy* hazards = general->Find(record::v1::SECTION_TYPE_HAZARD_SUMMARY);
    ASSERT_NE(hazards, nullptr);
    for (const Profile& profile : Profiles()) {
      if (profile.record_type == type) {
        EXPECT_TRUE(hazards->locked.IsWithin(profile.Find(record::v1::SECTION_TYPE_HAZARD_SUMMARY)->locked));
      }
    }
    EXPECT_NE(hazards->locked.bits(), 0U);
    EXPECT_EQ(general->slot_count, FindRecordKind(type)->slot_count);
  }
}

TEST(Profiles, WarnOfAGroupThatHasNone) {
  RecordDraft draft = DemoDraft("recycled-pp-lot.json");
  v1::Identity identity;
  ASSERT_TRUE(identity.ParseFromString(draft.sections[0].payload));
  identity.set_product_group("plastic-lots");
  draft.sections[0].payload = identity.SerializeAsString();
  const SealedRecord record = Seal(draft);
  std::vector<Violation> all = ValidateRecord(record.header, record.sections);
  const std::vector<Violation> warnings = TakeWarnings(all);
  EXPECT_THAT(all, IsEmpty());
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings[0].reason, "PRODUCT_GROUP_UNKNOWN");
  EXPECT_EQ(warnings[0].field, "sections.identity.product_group");
  EXPECT_NE(warnings[0].expected.find("plastic-lot"), std::string::npos);
}

TEST(Profiles, WarnWithoutBlocking) {
  const SealedRecord record = Seal(DemoDraft("recycled-pp-lot.json"));
  std::vector<Violation> all = ValidateRecord(record.header, record.sections);
  const std::vector<Violation> warnings = TakeWarnings(all);
  EXPECT_THAT(all, IsEmpty());
  for (const Violation& warning : warnings) {
    EXPECT_EQ(warning.severity, Severity::kWarning);
    EXPECT_EQ(warning.reason, "SECTION_RECOMMENDED");
    EXPECT_FALSE(warning.message_ja.empty());
  }
}

}  // namespace
}  // namespace meguri::passport
