// SPDX-License-Identifier: Apache-2.0
#include "certs/key_succession.h"

#include <memory>
#include <string>
#include <vector>

#include "certs/key_files.h"
#include "certs/key_history.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using registry::v1::MemberEntry;
using testing::kFederation;
using testing::Member;
using testing::Now;
using testing::ValueOf;

class KeySuccessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MEGURI_ASSERT_OK(member_.record_key->SaveTo(record_file_));
    MEGURI_ASSERT_OK(member_.feed_key->SaveTo(feed_file_));
  }

  Succession Of(registry::v1::KeyPurpose purpose) const {
    return {.federation = kFederation,
            .current = {member_.Entry(), record::Sha256("version 1")},
            .purpose = purpose,
            .algorithm = record::KeyAlgorithm::kEd25519,
            .key_file = purpose == registry::v1::KEY_PURPOSE_RECORD ? record_file_ : feed_file_,
            .record_key_file = record_file_,
            .begin = absl::nullopt,
            .old_end = absl::nullopt,
            .is_recovery = false};
  }

  MemberEntry Opened(const Succession& succession) const {
    const SuccessorRequest request = ValueOf(RequestSuccessor(succession, Now()));
    return ValueOf(OpenChangeRequest(request.bytes, kFederation, succession.current, Now()));
  }

  const Member member_{.id = "0199:member"};
  const testing::TemporaryFolder folder_;
  const std::string record_file_ = folder_.Path("record.key");
  const std::string feed_file_ = folder_.Path("feed.key");
};

TEST_F(KeySuccessionTest, TheKeyInForceSignsThatTheNewOneFollows) {
  for (const auto purpose : {registry::v1::KEY_PURPOSE_RECORD, registry::v1::KEY_PURPOSE_FEED}) {
    const Succession succession = Of(purpose);
    const MemberEntry entry = Opened(succession);
    ASSERT_EQ(entry.keys_size(), 3);
    EXPECT_EQ(entry.keys(2).origin(), registry::v1::KEY_ORIGIN_ENDORSED);
    EXPECT_FALSE(ValueOf(CheckNewKeys(kFederation, &succession.current.entry, entry)));
  }
}

TEST_F(KeySuccessionTest, AKeyThatWaitsIsTakenAgain) {
  const Succession succession = Of(registry::v1::KEY_PURPOSE_RECORD);
  const std::string first = ValueOf(RequestSuccessor(succession, Now())).key_file;
  EXPECT_EQ(ValueOf(RequestSuccessor(succession, Now())).key_file, first);
  EXPECT_EQ(KeyFilesOf(record_file_).size(), 2U);
}

TEST_F(KeySuccessionTest, ALostFeedKeyIsARecoveryOrNothing) {
  Succession succession = Of(registry::v1::KEY_PURPOSE_FEED);
  succession.key_file = folder_.Path("lost.key");
  EXPECT_THAT(RequestSuccessor(succession, Now()), HasReason("KEY_NOT_HERE"));
  EXPECT_TRUE(KeyFilesOf(succession.key_file).empty()) << "whoever cannot sign makes no key either";
  succession.is_recovery = true;
  EXPECT_TRUE(ValueOf(CheckNewKeys(kFederation, &succession.current.entry, Opened(succession))));
}

TEST_F(KeySuccessionTest, AKeyThatEndsBeforeVouchesForNothing) {
  Succession succession = Of(registry::v1::KEY_PURPOSE_RECORD);
  succession.current.entry.mutable_keys(0)->set_not_after_ms(testing::NowMs() + 1000);
  succession.begin = Now() + absl::Seconds(2);
  EXPECT_THAT(RequestSuccessor(succession, Now()), HasReason("KEY_NOT_ENDORSED"));
  succession.begin = Now() + absl::Milliseconds(999);
  MEGURI_EXPECT_OK(RequestSuccessor(succession, Now()));
  succession.old_end = succession.begin;
  EXPECT_THAT(RequestSuccessor(succession, Now()), HasReason("FLAG"));
}

}  // namespace
}  // namespace meguri::certs
