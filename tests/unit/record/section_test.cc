// SPDX-License-Identifier: Apache-2.0
#include "record/section.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;
using ::meguri::testing::SeededRandom;

const AudienceSet kPublic = AudienceSet::Of({v1::AUDIENCE_PUBLIC});

class Sections : public ::testing::Test {
 protected:
  SealedSections Seal(const std::vector<SectionDraft>& drafts, size_t slot_count = 8) {
    return SealSections(publisher_, record_id_, 3, drafts, slot_count, random_).value();
  }
  absl::Status TrySeal(const std::vector<SectionDraft>& drafts, size_t slot_count = 8) {
    return SealSections(publisher_, record_id_, 3, drafts, slot_count, random_).status();
  }
  Header HeaderOver(const std::vector<Hash>& digests, bool ended = false) {
    v1::Header header;
    header.set_format_version(1);
    header.set_record_id(record_id_.ToString());
    header.set_version(3);
    header.set_record_type(v1::RECORD_TYPE_PRODUCT_PASSPORT);
    header.set_publisher(publisher_.text());
    header.set_issue_time_ms(1);
    header.set_previous_header_hash(std::string(32, 'p'));
    for (const Hash& digest : digests) {
      header.add_section_digests(digest.ToString());
    }
    if (ended) {
      header.mutable_tombstone()->set_reason(v1::TOMBSTONE_REASON_WITHDRAWN);
    }
    return Header::Make(header).value();
  }
  static google::protobuf::RepeatedPtrField<v1::Section> Field(const std::vector<v1::Section>& sections) {
    return {sections.begin(), sections.end()};
  }

  SeededRandom random_;
  const ParticipantId publisher_ = ParticipantId::Parse("0188:7123456789012").value();
  const RecordId record_id_ = RecordId::Make(random_);
  const std::vector<SectionDraft> drafts_ = {
      {v1::SECTION_TYPE_IDENTITY, kPublic, "identity"},
      {v1::SECTION_TYPE_COMPOSITION, AudienceSet::Of({v1::AUDIENCE_RECYCLERS, v1::AUDIENCE_AUTHORITIES}),
       "composition"},
      {v1::SECTION_TYPE_OWNER_NOTE, AudienceSet::Of({v1::AUDIENCE_OWNER}), ""},
  };
};

TEST_F(Sections, ATombstoneOpensNone) {
  const SealedSections sealed = Seal(drafts_);
  const Header ended = HeaderOver(sealed.digests, /*ended=*/true);
  EXPECT_THAT(VerifySections(ended, {}), IsOk());
  EXPECT_THAT(VerifySections(ended, Field({sealed.sections[0]})), HasReason("TOMBSTONE_SECTIONS"));
}

TEST_F(Sections, VerifyInEverySelection) {
  const SealedSections sealed = Seal(drafts_);
  const Header header = HeaderOver(sealed.digests);
  for (unsigned selection = 0; selection < 8; ++selection) {
    std::vector<v1::Section> opened;
    for (size_t i = 0; i < sealed.sections.size(); ++i) {
      if ((selection >> i & 1) != 0) {
        opened.push_back(sealed.sections[i]);
      }
    }
    EXPECT_THAT(VerifySections(header, Field(opened)), IsOk());
  }
}

TEST_F(Sections, DigestHasTheDocumentedPreimage) {
  v1::Section section;
  section.set_salt(std::string(32, 's'));
  section.set_type(0x01020304);
  section.set_audiences(6);
  section.set_payload("payload");
  const std::string preimage = absl::StrCat(
      "meguri/section/v1", absl::string_view("\0", 1), absl::string_view("\0\x12", 2), "0188:7123456789012",
      record_id_.view(), absl::string_view("\0\0\0\0\0\0\0\x03", 8), std::string(32, 's'), "\x01\x02\x03\x04",
      absl::string_view("\0\0\0\x06", 4), absl::string_view("\0\0\0\0\0\0\0\x07", 8), "payload");
  EXPECT_EQ(SectionDigest(publisher_, record_id_, 3, section), Sha256(preimage));
}

TEST_F(Sections, DigestDoesNotDependOnTheSlot) {
  v1::Section section = Seal(drafts_).sections[0];
  const Hash digest = SectionDigest(publisher_, record_id_, 3, section);
  section.set_slot(section.slot() ^ 1);
  EXPECT_EQ(SectionDigest(publisher_, record_id_, 3, section), digest);
}

TEST_F(Sections, StandInAscendingRandomSlots) {
  std::set<std::vector<uint32_t>> seen;
  for (int i = 0; i < 20; ++i) {
    std::vector<uint32_t> slots;
    for (const v1::Section& section : Seal(drafts_).sections) {
      slots.push_back(section.slot());
    }
    EXPECT_TRUE(std::is_sorted(slots.begin(), slots.end()));
    seen.insert(slots);
  }
  EXPECT_GT(seen.size(), 5);
}

TEST_F(Sections, EverySlotIsEquallyLikely) {
  constexpr int kTrials = 8000;
  std::map<uint32_t, int> count;
  for (int i = 0; i < kTrials; ++i) {
    ++count[Seal({drafts_[0]}).sections[0].slot()];
  }
  double chi_squared = 0;
  for (uint32_t slot = 0; slot < 8; ++slot) {
    const double off = count[slot] - kTrials / 8.0;
    chi_squared += off * off / (kTrials / 8.0);
  }
  EXPECT_LT(chi_squared, 24.3) << "7 degrees of freedom, one in a thousand";
}

TEST_F(Sections, UnusedSlotsDifferEveryTime) {
  std::set<Hash> digests;
  for (int i = 0; i < 10; ++i) {
    for (const Hash& digest : Seal({}, 64).digests) {
      digests.insert(digest);
    }
  }
  EXPECT_EQ(digests.size(), 640);
}

TEST_F(Sections, SaltsDiffer) {
  const SealedSections first = Seal(drafts_);
  const SealedSections second = Seal(drafts_);
  std::set<std::string> salts;
  for (const SealedSections* sealed : {&first, &second}) {
    for (const v1::Section& section : sealed->sections) {
      salts.insert(section.salt());
    }
  }
  EXPECT_EQ(salts.size(), 6);
}

TEST_F(Sections, FillEverySlotOrNone) {
  for (const size_t slot_count : {size_t{8}, size_t{16}, size_t{32}, size_t{64}}) {
    std::vector<SectionDraft> drafts;
    for (uint32_t type = 1; type <= slot_count; ++type) {
      drafts.push_back({type, kPublic, "x"});
    }
    const SealedSections sealed = Seal(drafts, slot_count);
    EXPECT_EQ(sealed.digests.size(), slot_count);
    EXPECT_THAT(VerifySections(HeaderOver(sealed.digests), Field(sealed.sections)), IsOk());
    drafts.push_back({100, kPublic, "x"});
    EXPECT_THAT(TrySeal(drafts, slot_count), HasReason("SLOT_COUNT"));
  }
  for (const size_t slot_count : {size_t{0}, size_t{1}, size_t{7}, size_t{9}, size_t{63}, size_t{65}, size_t{128}}) {
    EXPECT_THAT(TrySeal({}, slot_count), HasReason("SLOT_COUNT"));
  }
}

TEST_F(Sections, DraftsAreChecked) {
  EXPECT_THAT(TrySeal({{0, kPublic, "x"}}), HasReason("SECTION_TYPE"));
  EXPECT_THAT(TrySeal({{5, kPublic, "x"}, {5, kPublic, "y"}}), HasReason("SECTION_TYPE"));
  EXPECT_THAT(TrySeal({{5, AudienceSet(), "x"}}), HasReason("NO_AUDIENCE"));
  EXPECT_THAT(TrySeal({{5, kPublic, std::string(kSectionBytesMax, 'x')}}), IsOk());
  EXPECT_THAT(TrySeal({{5, kPublic, std::string(kSectionBytesMax + 1, 'x')}}), HasReason("SECTION_SIZE"));
}

TEST_F(Sections, ARecordHasASizeLimit) {
  std::vector<SectionDraft> drafts;
  for (uint32_t type = 1; type <= 4; ++type) {
    drafts.push_back({type, kPublic, std::string(kSectionBytesMax, 'x')});
  }
  const SealedSections sealed = Seal(drafts);
  EXPECT_THAT(VerifySections(HeaderOver(sealed.digests), Field(sealed.sections)), IsOk());
  drafts.push_back({5, kPublic, "x"});
  EXPECT_THAT(TrySeal(drafts), HasReason("RECORD_SIZE"));

  std::vector<v1::Section> sections = sealed.sections;
  v1::Section more = sections.back();
  more.set_slot(7);
  more.set_type(6);
  more.set_payload("x");
  sections.back().set_slot(6);
  for (uint32_t i = 0; i < 4; ++i) {
    sections[i].set_slot(i);
  }
  sections.push_back(more);
  EXPECT_THAT(VerifySections(HeaderOver(sealed.digests), Field(sections)), HasReason("RECORD_SIZE"));
}

TEST_F(Sections, EveryChangeIsNoticed) {
  const SealedSections sealed = Seal(drafts_);
  const Header header = HeaderOver(sealed.digests);
  const auto refused_as = [&](auto change) {
    std::vector<v1::Section> sections = sealed.sections;
    change(sections[1]);
    return ReasonOf(VerifySections(header, Field(sections)));
  };
  EXPECT_EQ(refused_as([](auto& s) { s.set_slot(8); }), "SECTION_SLOT");
  EXPECT_EQ(refused_as([](auto& s) { s.set_slot(UINT32_MAX); }), "SECTION_SLOT");
  EXPECT_EQ(refused_as([&](auto& s) { s.set_slot(sealed.sections[0].slot()); }), "SECTION_SLOT");
  EXPECT_EQ(refused_as([](auto& s) { s.set_type(0); }), "SECTION_TYPE");
  EXPECT_EQ(refused_as([&](auto& s) { s.set_type(sealed.sections[0].type()); }), "SECTION_TYPE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_type(99); }), "SECTION_DIGEST");
  EXPECT_EQ(refused_as([](auto& s) { s.set_audiences(0); }), "SECTION_AUDIENCES");
  EXPECT_EQ(refused_as([](auto& s) { s.set_audiences(1); }), "SECTION_AUDIENCES");
  EXPECT_EQ(refused_as([](auto& s) { s.set_audiences(1U << 9); }), "SECTION_AUDIENCES");
  EXPECT_EQ(refused_as([](auto& s) { s.set_audiences(s.audiences() ^ 4); }), "SECTION_DIGEST");
  EXPECT_EQ(refused_as([](auto& s) { s.set_salt(std::string(31, 's')); }), "SECTION_SALT");
  EXPECT_EQ(refused_as([](auto& s) { s.set_salt(std::string(32, 's')); }), "SECTION_DIGEST");
  EXPECT_EQ(refused_as([](auto& s) { s.set_payload("other"); }), "SECTION_DIGEST");
  EXPECT_EQ(refused_as([](auto& s) { s.set_payload(std::string(kSectionBytesMax + 1, 'x')); }), "SECTION_SIZE");
}

TEST_F(Sections, DoNotMoveBetweenSlots) {
  const SealedSections sealed = Seal(drafts_);
  std::vector<v1::Section> sections = sealed.sections;
  const uint32_t slot = sections[0].slot();
  sections[0].set_slot(sections[1].slot());
  sections[1].set_slot(slot);
  EXPECT_THAT(VerifySections(HeaderOver(sealed.digests), Field(sections)), HasReason("SECTION_SLOT"));
  std::swap(sections[0], sections[1]);
  EXPECT_THAT(VerifySections(HeaderOver(sealed.digests), Field(sections)), HasReason("SECTION_DIGEST"));
}

TEST_F(Sections, DoNotMoveBetweenRecordsVersionsOrPublishers) {
  const v1::Section section = Seal(drafts_).sections[0];
  const Hash digest = SectionDigest(publisher_, record_id_, 3, section);
  EXPECT_NE(SectionDigest(publisher_, record_id_, 4, section), digest);
  EXPECT_NE(SectionDigest(publisher_, RecordId::Make(random_), 3, section), digest);
  EXPECT_NE(SectionDigest(ParticipantId::Parse("0188:4011001098993").value(), record_id_, 3, section), digest);
}

}  // namespace
}  // namespace meguri::record
