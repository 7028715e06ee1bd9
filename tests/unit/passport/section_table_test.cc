// SPDX-License-Identifier: Apache-2.0
#include "passport/section_table.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "meguri/record/v1/record.pb.h"
#include "record/limits.h"

namespace meguri::passport {
namespace {

using google::protobuf::EnumDescriptor;

// "recycled_content" of SECTION_TYPE_RECYCLED_CONTENT.
std::string NameIn(const EnumDescriptor& type, int index, absl::string_view prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(type.value(index)->name(), prefix));
}

TEST(SectionTable, HoldsEverySectionTypeInOrderUnderItsName) {
  const EnumDescriptor& type = *record::v1::SectionType_descriptor();
  ASSERT_EQ(SectionKinds().size() + 1, static_cast<size_t>(type.value_count())) << "all but UNSPECIFIED";
  for (int i = 1; i < type.value_count(); ++i) {
    const SectionKind& kind = SectionKinds()[static_cast<size_t>(i) - 1];
    EXPECT_EQ(kind.type, static_cast<uint32_t>(type.value(i)->number()));
    EXPECT_EQ(kind.name, NameIn(type, i, "SECTION_TYPE_"));
    EXPECT_EQ(FindSectionKind(kind.type), &kind);
    EXPECT_EQ(FindSectionKind(kind.name), &kind);
  }
}

TEST(SectionTable, HoldsEveryRecordTypeInOrderUnderItsName) {
  const EnumDescriptor& type = *record::v1::RecordType_descriptor();
  ASSERT_EQ(RecordKinds().size() + 1, static_cast<size_t>(type.value_count())) << "all but UNSPECIFIED";
  for (int i = 1; i < type.value_count(); ++i) {
    const RecordKind& kind = RecordKinds()[static_cast<size_t>(i) - 1];
    EXPECT_EQ(kind.type, static_cast<uint32_t>(type.value(i)->number()));
    EXPECT_EQ(kind.name, NameIn(type, i, "RECORD_TYPE_"));
    EXPECT_EQ(FindRecordKind(kind.type), &kind);
    EXPECT_EQ(FindRecordKind(kind.name), &kind);
  }
}

TEST(SectionTable, KnowsNothingElse) {
  EXPECT_EQ(FindSectionKind(0), nullptr);
  EXPECT_EQ(FindSectionKind(77), nullptr);
  EXPECT_EQ(FindSectionKind("Identity"), nullptr);
  EXPECT_EQ(FindRecordKind(0), nullptr);
  EXPECT_EQ(FindRecordKind(""), nullptr);
}

TEST(SectionTable, EveryUnderstoodSectionHasAudiencesAndALimit) {
  for (const SectionKind& kind : SectionKinds()) {
    EXPECT_EQ(kind.understood(), kind.audiences.bits() != 0) << kind.name;
    EXPECT_LE(kind.payload_bytes_max, record::kSectionBytesMax) << kind.name;
    EXPECT_GT(kind.payload_bytes_max, 0U) << kind.name;
  }
}

TEST(SectionTable, HasTheDefaultAudiencesOfTheDesign) {
  EXPECT_EQ(FindSectionKind("identity")->audiences.ToString(), "PUBLIC");
  EXPECT_EQ(FindSectionKind("composition")->audiences.ToString(), "PARTNERS, RECYCLERS, AUTHORITIES");
  EXPECT_EQ(FindSectionKind("dismantling")->audiences.ToString(), "RECYCLERS, AUTHORITIES");
  EXPECT_EQ(FindSectionKind("recycled_content")->audiences.ToString(), "PUBLIC");
  EXPECT_EQ(FindSectionKind("owner_note")->audiences.ToString(), "OWNER");
  EXPECT_EQ(FindSectionKind("member")->audiences.ToString(), "PUBLIC");
  EXPECT_EQ(FindSectionKind("bill_of_materials")->audiences.ToString(), "PARTNERS, RECYCLERS, AUTHORITIES");
  EXPECT_EQ(FindSectionKind("chain_of_custody")->audiences.ToString(), "PARTNERS, AUTHORITIES");
  EXPECT_EQ(FindSectionKind("item_state")->audiences.ToString(), "RECYCLERS");
  EXPECT_EQ(FindSectionKind("critical_raw_materials")->audiences.ToString(), "RECYCLERS, AUTHORITIES");
  EXPECT_EQ(FindSectionKind("material_properties")->audiences.ToString(), "PARTNERS");
  EXPECT_EQ(FindSectionKind("test_reports")->audiences.ToString(), "AUTHORITIES");
  EXPECT_EQ(FindSectionKind("attachment")->audiences.ToString(), "OWNER");
}

TEST(SectionTable, RequiredSectionsAreAllowedAndUnderstoodAndFit) {
  for (const RecordKind& kind : RecordKinds()) {
    for (const uint32_t type : kind.required) {
      EXPECT_NE(std::find(kind.allowed.begin(), kind.allowed.end(), type), kind.allowed.end()) << kind.name;
    }
    for (const uint32_t type : kind.allowed) {
      ASSERT_NE(FindSectionKind(type), nullptr) << kind.name;
      EXPECT_TRUE(FindSectionKind(type)->understood()) << kind.name;
    }
    EXPECT_LE(kind.allowed.size(), kind.slot_count) << kind.name;
    EXPECT_TRUE(kind.slot_count == 8 || kind.slot_count == 16 || kind.slot_count == 32) << kind.name;
  }
}

}  // namespace
}  // namespace meguri::passport
