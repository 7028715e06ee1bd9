// SPDX-License-Identifier: Apache-2.0
// Hash, RecordId, ParticipantId and AudienceSet: the small values that cannot be invalid.
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "record/audience.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "record/system_random.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;
using ::meguri::testing::SeededRandom;

TEST(Hash, HasExactly32Bytes) {
  EXPECT_THAT(Hash::Parse(std::string(32, 'h')), IsOk());
  EXPECT_THAT(Hash::Parse(std::string(31, 'h')), HasReason("HASH_SIZE"));
  EXPECT_THAT(Hash::Parse(std::string(33, 'h')), HasReason("HASH_SIZE"));
  EXPECT_THAT(Hash::Parse(""), HasReason("HASH_SIZE"));
  EXPECT_EQ(Hash::Parse(std::string(32, 'h'))->view(), std::string(32, 'h'));
}

TEST(Hash, OfPartsIsTheHashOfTheirConcatenation) {
  EXPECT_EQ(Sha256({"a", "", "bc"}), Sha256("abc"));
  EXPECT_EQ(Sha256("abc").ToHex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, OrdersAndHashesByItsBytes) {
  const Hash low = *Hash::Parse(std::string(32, '\x01'));
  const Hash high = *Hash::Parse(std::string(32, '\xff'));
  EXPECT_LT(low, high);
  EXPECT_LT(Hash(), low);
  const absl::flat_hash_set<Hash> set = {low, high, low};
  EXPECT_EQ(set.size(), 2);
}

TEST(RecordId, Has16Bytes) {
  EXPECT_THAT(RecordId::Parse(std::string(15, 'r')), HasReason("RECORD_ID"));
  EXPECT_THAT(RecordId::Parse(std::string(17, 'r')), HasReason("RECORD_ID"));
  EXPECT_THAT(RecordId::Parse(std::string(16, 'r')), IsOk());
}

TEST(RecordId, IsWrittenInHex) {
  SeededRandom random;
  const RecordId id = RecordId::Make(random);
  EXPECT_EQ(*RecordId::ParseHex(id.ToHex()), id);
  EXPECT_EQ(RecordId::ParseHex("000102030405060708090A0B0C0D0E0F")->ToHex(), "000102030405060708090a0b0c0d0e0f");
  EXPECT_THAT(RecordId::ParseHex("00010203"), HasReason("RECORD_ID"));
  EXPECT_THAT(RecordId::ParseHex("g00102030405060708090a0b0c0d0e0f"), HasReason("RECORD_ID"));
}

TEST(ParticipantId, SplitsIntoSchemeAndIdentifier) {
  const absl::StatusOr<ParticipantId> id = ParticipantId::Parse("0188:7123456789012");
  MEGURI_ASSERT_OK(id);
  EXPECT_EQ(id->icd(), "0188");
  EXPECT_EQ(id->identifier(), "7123456789012");
  EXPECT_EQ(id->text(), "0188:7123456789012");
}

TEST(ParticipantId, TakesOtherSchemesAsTheyAre) {
  for (const char* text : {"0199:A", "0060:04-123.456_Z", "9999:0", "0199:12345678901234567890123456789012345"}) {
    EXPECT_THAT(ParticipantId::Parse(text), IsOk()) << text;
  }
}

TEST(ParticipantId, RefusesEveryOtherForm) {
  for (const char* text : {"", ":", "0188", "0188:", "188:7123456789012", "00188:7123456789012", "018a:7123456789012",
                           "0199:a b", "0199:a/b", "0199:a:b", "0199:a+b", "0199:\xc3\xa9", "0199:a\n", " 0199:a",
                           "0199:123456789012345678901234567890123456"}) {
    EXPECT_THAT(ParticipantId::Parse(text), HasReason("PARTICIPANT_ID")) << text;
  }
  EXPECT_THAT(ParticipantId::Parse(absl::string_view("0199:a\0b", 8)), HasReason("PARTICIPANT_ID"));
}

TEST(ParticipantId, ChecksCorporateNumbers) {
  for (const char* number : {"7123456789012", "4011001098993", "4000012090001", "8000020130001"}) {
    EXPECT_THAT(ParticipantId::Parse(absl::StrCat("0188:", number)), IsOk()) << number;
  }
  for (const char* number : {"9876543210987", "712345678901", "71234567890123", "712345678901x", "7123456789021"}) {
    EXPECT_THAT(ParticipantId::Parse(absl::StrCat("0188:", number)), HasReason("PARTICIPANT_ID")) << number;
  }
}

TEST(ParticipantId, TakesOneCheckDigitOfTen) {
  const std::pair<const char*, const char*> numbers[] = {{"0188:", "123456789012"}, {"0088:952012345678", ""}};
  for (const auto& [before, after] : numbers) {
    int accepted = 0;
    for (char digit = '0'; digit <= '9'; ++digit) {
      const std::string check(1, digit);
      accepted += ParticipantId::Parse(absl::StrCat(before, check, after)).ok() ? 1 : 0;
    }
    EXPECT_EQ(accepted, 1) << before;
  }
}

TEST(ParticipantId, ChecksGlns) {
  EXPECT_THAT(ParticipantId::Parse("0088:9520123456788"), IsOk());
  EXPECT_THAT(ParticipantId::Parse("0088:4912345678904"), IsOk());
  for (const char* number : {"9521234026845", "09520123456788", "952012345678", "952012345678x"}) {
    EXPECT_THAT(ParticipantId::Parse(absl::StrCat("0088:", number)), HasReason("PARTICIPANT_ID")) << number;
  }
}

TEST(AudienceSet, KnowsEightBits) {
  for (int bit = 0; bit < 32; ++bit) {
    const absl::StatusOr<AudienceSet> set = AudienceSet::Parse(uint32_t{1} << bit);
    if (bit >= 1 && bit <= 8) {
      MEGURI_ASSERT_OK(set);
      EXPECT_TRUE(set->Has(static_cast<v1::Audience>(bit)));
    } else {
      EXPECT_THAT(set, HasReason("UNKNOWN_AUDIENCE")) << bit;
    }
  }
  EXPECT_THAT(AudienceSet::Parse(0), HasReason("NO_AUDIENCE"));
  EXPECT_THAT(AudienceSet::Parse(0x1fe), IsOk());
  EXPECT_THAT(AudienceSet::Parse(0x1ff), HasReason("UNKNOWN_AUDIENCE"));
}

TEST(AudienceSet, WritesItsNamesInOrder) {
  EXPECT_EQ(AudienceSet::Of({v1::AUDIENCE_AUTHORITIES, v1::AUDIENCE_RECYCLERS}).ToString(), "RECYCLERS, AUTHORITIES");
  EXPECT_EQ(AudienceSet::Of({v1::AUDIENCE_PUBLIC}).ToString(), "PUBLIC");
  EXPECT_EQ(AudienceSet().ToString(), "");
}

TEST(AudienceSet, ReadsNamesOfEitherCase) {
  for (int number = v1::AUDIENCE_PUBLIC; number <= v1::AUDIENCE_OWNER; ++number) {
    const auto audience = static_cast<v1::Audience>(number);
    const absl::StatusOr<v1::Audience> read = ParseAudience(AudienceSet::Of({audience}).ToString());
    MEGURI_ASSERT_OK(read);
    EXPECT_EQ(*read, audience);
  }
  EXPECT_EQ(*ParseAudience("recyclers"), v1::AUDIENCE_RECYCLERS);
  for (const char* name : {"", "UNSPECIFIED", "AUDIENCE_PUBLIC", "EVERYONE", "PUBLIC "}) {
    EXPECT_THAT(ParseAudience(name), HasReason("UNKNOWN_AUDIENCE")) << name;
  }
}

// Who can read under a set, as plain sets of readers: the meaning that IsWithin abbreviates.
uint32_t Readers(const AudienceSet& set) {
  enum : uint32_t {
    kAnyone = 1,
    kMember = 2,
    kPartner = 4,
    kRecycler = 8,
    kAuthority = 16,
    kAddressee = 32,
    kSubject = 64
  };
  const std::pair<v1::Audience, uint32_t> meaning[] = {
      {v1::AUDIENCE_PUBLIC, 127},
      {v1::AUDIENCE_MEMBERS, 126},
      {v1::AUDIENCE_PARTNERS, kPartner},
      {v1::AUDIENCE_RECYCLERS, kRecycler},
      {v1::AUDIENCE_AUTHORITIES, kAuthority},
      {v1::AUDIENCE_ADDRESSEES, kAddressee},
      {v1::AUDIENCE_SUBJECT, kSubject},
      {v1::AUDIENCE_OWNER, 0}};  // the owner reads everything, so adds nobody
  uint32_t readers = 0;
  for (const auto& [audience, who] : meaning) {
    readers |= set.Has(audience) ? who : 0;
  }
  return readers;
}

TEST(AudienceSet, IsWithinMeansNoNewReader) {
  for (uint32_t a = 2; a <= 0x1fe; a += 2) {
    for (uint32_t b = 2; b <= 0x1fe; b += 2) {
      const AudienceSet left = *AudienceSet::Parse(a);
      const AudienceSet right = *AudienceSet::Parse(b);
      EXPECT_EQ(left.IsWithin(right), (Readers(left) & ~Readers(right)) == 0)
          << left.ToString() << " / " << right.ToString();
    }
  }
}

TEST(SystemRandom, DoesNotRepeat) {
  SystemRandom random;
  EXPECT_NE(random.Bytes<32>(), random.Bytes<32>());
  std::vector<uint8_t> large((size_t{2} << 20) + 5, 0);
  random.Fill(absl::MakeSpan(large));
  EXPECT_TRUE(std::any_of(large.end() - 64, large.end(), [](uint8_t byte) { return byte != 0; }));
}

}  // namespace
}  // namespace meguri::record
