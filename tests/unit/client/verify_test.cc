// SPDX-License-Identifier: Apache-2.0
#include "client/verify.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/client/record_files.h"

namespace meguri::client {
namespace {

using certs::testing::Now;
using client::testing::Member;
using client::testing::MemberRecord;
using client::testing::Operator;
using client::testing::Signed;
using client::testing::SmallRecord;
using client::testing::ValueOf;
using meguri::testing::HasReason;

constexpr char kMember[] = "0199:member";

class VerifyTest : public ::testing::Test {
 protected:
  std::string File(const registry::v1::MemberEntry& entry) {
    return MakeRecordFile(SmallRecord(member_, random_), MemberRecord(entry, *operator_.record_key, random_));
  }
  absl::StatusOr<VerificationReport> Verify(const std::string& bytes) {
    return VerifyRecordFile(bytes, bundle_, Now());
  }
  std::string Changed(const std::function<void(record::v1::RecordFile&)>& change) {
    record::v1::RecordFile file;
    Invariant(file.ParseFromString(File(member_.Entry())), "a file that was just made can be parsed");
    change(file);
    return certs::SerializeForSigning(file);
  }

  meguri::testing::SeededRandom random_;
  const Operator operator_;
  const certs::TrustBundle bundle_ = operator_.Bundle();
  const Member member_{kMember};
};

TEST_F(VerifyTest, AcceptsAFileThatTheRegistryVouchesFor) {
  const absl::StatusOr<VerificationReport> report = Verify(File(member_.Entry()));
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->verdict, Verdict::kValid);
  EXPECT_EQ(report->doubt, "");
  EXPECT_EQ(report->header.publisher().text(), kMember);
  EXPECT_EQ(report->publisher.entry.name().en(), "Meguri Ltd.");
  EXPECT_EQ(report->key_id, client::testing::KeyIdOf(kMember, *member_.record_key));
  EXPECT_EQ(report->envelope.sections(0).payload(), "a note");
}

TEST_F(VerifyTest, RefusesEveryChangedBit) {
  const std::string file = File(member_.Entry());
  MEGURI_ASSERT_OK(Verify(file));
  for (size_t i = 0; i < file.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const absl::Status status = Verify(changed).status();
      ASSERT_FALSE(status.ok()) << "bit " << bit << " of byte " << i << " of " << file.size();
      ASSERT_FALSE(status.message().empty());
    }
  }
}

TEST_F(VerifyTest, RefusesEveryFileCutShortAndAByteTooMany) {
  const std::string file = File(member_.Entry());
  for (size_t size = 0; size < file.size(); ++size) {
    ASSERT_FALSE(Verify(file.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(Verify(file + '\0').ok());
}

TEST_F(VerifyTest, AcceptsFewerSectionsButNoneThatIsNotSigned) {
  MEGURI_EXPECT_OK(Verify(Changed([](record::v1::RecordFile& file) { file.mutable_record()->clear_sections(); })));
  EXPECT_THAT(Verify(Changed([](record::v1::RecordFile& file) {
                file.mutable_record()->mutable_sections(0)->set_payload("another note");
              })),
              HasReason("SECTION_DIGEST"));
}

TEST_F(VerifyTest, RefusesFieldsThatItDoesNotKnow) {
  EXPECT_THAT(Verify(File(member_.Entry()) + std::string("\x22\x00", 2)), HasReason("RECORD_FILE"));
}

TEST_F(VerifyTest, RefusesTheSameContentInAnotherForm) {
  // format_version in two bytes where one would do.
  std::string file = File(member_.Entry());
  ASSERT_EQ(file.substr(0, 2), std::string("\x08\x01"));
  file.replace(1, 1, std::string("\x81\x00", 2));
  EXPECT_THAT(Verify(file), HasReason("RECORD_FILE"));
}

TEST_F(VerifyTest, RefusesAnEntryThatNoRegistryKeySigned) {
  const std::string file =
      MakeRecordFile(SmallRecord(member_, random_), MemberRecord(member_.Entry(), *member_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, RefusesARecordSignedByAKeyThatTheEntryDoesNotName) {
  const Member stranger{kMember};  // the same name, other keys
  const std::string file =
      MakeRecordFile(SmallRecord(stranger, random_), MemberRecord(member_.Entry(), *operator_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, RefusesTheFeedKeyAsARecordKey) {
  Member swapped{kMember};
  swapped.record_key.swap(swapped.feed_key);
  registry::v1::MemberEntry entry = swapped.Entry();
  entry.mutable_keys(0)->set_purpose(registry::v1::KEY_PURPOSE_FEED);
  entry.mutable_keys(1)->set_purpose(registry::v1::KEY_PURPOSE_RECORD);
  const std::string file =
      MakeRecordFile(SmallRecord(swapped, random_), MemberRecord(entry, *operator_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, RefusesTheEntryOfSomebodyElse) {
  const Member other{"0199:other"};
  const std::string file =
      MakeRecordFile(SmallRecord(other, random_), MemberRecord(member_.Entry(), *operator_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("MEMBER_RECORD"));
}

// Whoever signed the end of a member's record vouches for nothing that it may still hold.
TEST_F(VerifyTest, RefusesAnEntryThatHasEnded) {
  const record::v1::Envelope entry = MemberRecord(member_.Entry(), *operator_.record_key, random_);
  const record::Header header = ValueOf(record::Header::Parse(entry.header()));
  record::v1::Tombstone tombstone;
  tombstone.set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN);
  VersionDraft last = ValueOf(LastVersion(tombstone, header));
  for (const bool holds_the_section : {false, true}) {
    if (holds_the_section) {
      last.content.sections.push_back({record::v1::SECTION_TYPE_MEMBER,
                                       record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                                       certs::SerializeForSigning(member_.Entry())});
    }
    const record::v1::Publication ended = Signed(last, certs::testing::kOperator, *operator_.record_key, random_);
    EXPECT_EQ(ended.envelope().sections_size(), holds_the_section ? 1 : 0);
    const absl::Status status = Verify(MakeRecordFile(SmallRecord(member_, random_), ended.envelope())).status();
    EXPECT_THAT(status, HasReason("MEMBER_RECORD"));
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("tombstone"));
  }
}

TEST_F(VerifyTest, RefusesAnotherFederation) {
  const Operator stranger;
  EXPECT_THAT(VerifyRecordFile(File(member_.Entry()), stranger.Bundle(), Now()), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, CannotJudgeASignatureOfAKeyThatIsRevokedNow) {
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(0)->set_revoked_ms(certs::testing::NowMs() - 1);
  const absl::StatusOr<VerificationReport> report = Verify(File(entry));
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->verdict, Verdict::kIndeterminate);
  EXPECT_THAT(report->doubt, ::testing::HasSubstr("revoked"));
}

}  // namespace
}  // namespace meguri::client
