// SPDX-License-Identifier: Apache-2.0
#include "certs/change_request.h"

#include <string>
#include <vector>

#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "gtest/gtest.h"
#include "meguri/registry/v1/change.pb.h"
#include "record/dsse.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using registry::v1::MemberEntry;
using registry::v1::MemberKey;
using testing::KeyMessage;
using testing::kFederation;
using testing::Member;
using testing::NewKey;
using testing::Now;
using testing::NowMs;
using testing::ValueOf;

class ChangeRequestTest : public ::testing::Test {
 protected:
  CurrentEntry Current() const { return {member_.Entry(), record::Sha256("version 1")}; }

  absl::StatusOr<MemberEntry> Try(const MemberEntry& entry, const std::vector<const record::Signer*>& signers,
                                  absl::Time now = Now()) const {
    const absl::StatusOr<std::string> bytes = SignChangeRequest(entry, kFederation, Current(), signers, now);
    return bytes.ok() ? OpenChangeRequest(*bytes, kFederation, Current(), now) : bytes.status();
  }

  // The last key of `entry` follows `before`.
  void Endorse(MemberEntry& entry, const SigningKey& before) const {
    MemberKey& added = *entry.mutable_keys(entry.keys_size() - 1);
    added.set_origin(registry::v1::KEY_ORIGIN_ENDORSED);
    *added.mutable_endorsement() = ValueOf(EndorseKey(kFederation, testing::Participant(member_.id), before, added));
  }

  const Member member_{.id = "0199:member"};
  const std::unique_ptr<SigningKey> stranger_ = NewKey();
};

TEST_F(ChangeRequestTest, OpensWhatARecordKeyInForceSigned) {
  MemberEntry asked = member_.Entry();
  asked.mutable_name()->set_en("Another Name");
  EXPECT_EQ(ValueOf(Try(asked, {member_.record_key.get()})).name().en(), "Another Name");
  EXPECT_EQ(
      ValueOf(ApplicantOf(ValueOf(SignChangeRequest(asked, kFederation, Current(), {member_.record_key.get()}, Now()))))
          .text(),
      member_.id);
}

TEST_F(ChangeRequestTest, NeedsARecordKeyInForceWhoeverElseSigned) {
  MemberEntry asked = member_.Entry();
  asked.mutable_name()->set_en("Another Name");
  EXPECT_THAT(Try(asked, {}), HasReason("CHANGE_SIGNATURE"));
  EXPECT_THAT(Try(asked, {member_.feed_key.get(), stranger_.get()}), HasReason("CHANGE_SIGNATURE"));
}

TEST_F(ChangeRequestTest, ADraftCountsOnceTheMemberHasSignedIt) {
  MemberEntry asked = member_.Entry();
  asked.mutable_name()->set_en("Another Name");
  const std::string draft = ValueOf(DraftChangeRequest(asked, kFederation, Current(), {}));
  EXPECT_TRUE(IsChangeRequest(draft));
  EXPECT_EQ(ValueOf(ReadChangeDraft(draft, kFederation, Current())).name().en(), "Another Name");
  EXPECT_THAT(OpenChangeRequest(draft, kFederation, Current(), Now()), HasReason("CHANGE_SIGNATURE"));
  EXPECT_THAT(AddChangeSignature(draft, kFederation, Current(), *stranger_, Now()), HasReason("CHANGE_SIGNATURE"));
  EXPECT_THAT(AddChangeSignature(draft, kFederation, Current(), *member_.feed_key, Now()),
              HasReason("CHANGE_SIGNATURE"));
  const std::string whole = ValueOf(AddChangeSignature(draft, kFederation, Current(), *member_.record_key, Now()));
  EXPECT_EQ(ValueOf(OpenChangeRequest(whole, kFederation, Current(), Now())).name().en(), "Another Name");
  // What the operator would refuse for another reason is no draft either.
  CurrentEntry later = Current();
  later.header_hash = record::Sha256("version 2");
  EXPECT_THAT(ReadChangeDraft(draft, kFederation, later), HasReason("CHANGE_STALE"));
  asked.clear_keys();
  EXPECT_THAT(DraftChangeRequest(asked, kFederation, Current(), {}), HasReason("CHANGE_KEYS"));
  EXPECT_FALSE(IsChangeRequest("no request"));
}

TEST_F(ChangeRequestTest, RefusesAKeyThatWasRevokedBefore) {
  CurrentEntry current = Current();
  current.entry.mutable_keys(0)->set_revoked_ms(NowMs());
  const absl::StatusOr<std::string> bytes =
      SignChangeRequest(current.entry, kFederation, current, {member_.record_key.get()}, Now());
  EXPECT_THAT(bytes, HasReason("CHANGE_SIGNATURE"));
}

TEST_F(ChangeRequestTest, NeedsTheSignatureOfEveryKeyThatIsNew) {
  MemberEntry asked = member_.Entry();
  const std::unique_ptr<SigningKey> fresh = NewKey();
  AddSuccessor(asked, KeyMessage(*fresh, registry::v1::KEY_PURPOSE_FEED), Now(), absl::nullopt);
  Endorse(asked, *member_.feed_key);
  EXPECT_THAT(Try(asked, {member_.record_key.get()}), HasReason("CHANGE_SIGNATURE"));
  MEGURI_EXPECT_OK(Try(asked, {member_.record_key.get(), fresh.get()}));
}

TEST_F(ChangeRequestTest, NeedsTheSignatureOfTheKeyBeforeOrTheMarkOfARecovery) {
  MemberEntry asked = member_.Entry();
  const std::unique_ptr<SigningKey> fresh = NewKey();
  AddSuccessor(asked, KeyMessage(*fresh, registry::v1::KEY_PURPOSE_FEED), Now(), absl::nullopt);
  const std::vector<const record::Signer*> signers = {member_.record_key.get(), fresh.get()};
  EXPECT_THAT(Try(asked, signers), HasReason("KEY_NOT_ENDORSED"));
  Endorse(asked, *member_.record_key);
  EXPECT_THAT(Try(asked, signers), HasReason("KEY_NOT_ENDORSED")) << "a key of another purpose vouches for nothing";
  Endorse(asked, *member_.feed_key);
  MEGURI_EXPECT_OK(Try(asked, signers));
  MemberKey& added = *asked.mutable_keys(asked.keys_size() - 1);
  added.clear_endorsement();
  added.set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
  MEGURI_EXPECT_OK(Try(asked, signers));
}

TEST_F(ChangeRequestTest, LeavesAloneHowAKeyCameIn) {
  MemberEntry asked = member_.Entry();
  asked.mutable_keys(0)->set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
  EXPECT_THAT(Try(asked, {member_.record_key.get()}), HasReason("CHANGE_KEYS"));
}

TEST_F(ChangeRequestTest, IsForOneVersionOfTheEntryOnly) {
  MemberEntry asked = member_.Entry();
  asked.clear_link_domains();
  const std::string bytes =
      ValueOf(SignChangeRequest(asked, kFederation, Current(), {member_.record_key.get()}, Now()));
  CurrentEntry later = Current();
  later.header_hash = record::Sha256("version 2");
  EXPECT_THAT(OpenChangeRequest(bytes, kFederation, later, Now()), HasReason("CHANGE_STALE"));
}

TEST_F(ChangeRequestTest, KeepsKeysAndStatus) {
  MemberEntry without = member_.Entry();
  without.mutable_keys()->DeleteSubrange(1, 1);
  EXPECT_THAT(Try(without, {member_.record_key.get()}), HasReason("CHANGE_KEYS"));
  MemberEntry other_purpose = member_.Entry();
  other_purpose.mutable_keys(1)->set_purpose(registry::v1::KEY_PURPOSE_RECORD);
  EXPECT_THAT(Try(other_purpose, {member_.record_key.get()}), HasReason("CHANGE_KEYS"));
  MemberEntry left = member_.Entry();
  left.set_status(registry::v1::MEMBER_STATUS_LEFT);
  EXPECT_THAT(Try(left, {member_.record_key.get()}), HasReason("CHANGE_FORM"));
}

TEST_F(ChangeRequestTest, LetsAKeyEndEarlierAndNeverLater) {
  CurrentEntry current = Current();
  current.entry.mutable_keys(1)->set_not_after_ms(NowMs() + 1000);
  MemberEntry asked = current.entry;
  const auto sign = [&] {
    return SignChangeRequest(asked, kFederation, current, {member_.record_key.get()}, Now()).status();
  };
  asked.mutable_keys(1)->set_not_after_ms(NowMs() + 999);
  MEGURI_EXPECT_OK(sign());
  asked.mutable_keys(1)->set_not_after_ms(NowMs() + 1001);
  EXPECT_THAT(sign(), HasReason("CHANGE_KEYS"));
  asked.mutable_keys(1)->clear_not_after_ms();
  EXPECT_THAT(sign(), HasReason("CHANGE_KEYS"));
}

TEST_F(ChangeRequestTest, IsNoOtherSignedBody) {
  MemberEntry asked = member_.Entry();
  asked.mutable_name()->set_en("Another Name");
  const std::string bytes =
      ValueOf(SignChangeRequest(asked, kFederation, Current(), {member_.record_key.get()}, Now()));
  record::v1::SignedBody signed_body;
  ASSERT_TRUE(signed_body.ParseFromString(bytes));
  signed_body.set_payload_type("application/vnd.meguri.enrolment.v1");
  EXPECT_THAT(ApplicantOf(signed_body.SerializeAsString()), HasReason("CHANGE_FORM"));
  EXPECT_THAT(ApplicantOf("no protobuf"), HasReason("CHANGE_FORM"));
  std::string tampered = bytes;
  tampered[tampered.find("Another Name")] = 'B';
  EXPECT_THAT(OpenChangeRequest(tampered, kFederation, Current(), Now()), HasReason("CHANGE_SIGNATURE"));
}

// These bytes are for ever.
TEST(ChangeRequest, HasGoldenBytes) {
  const std::unique_ptr<record::RawSigner> signer =
      record::RawSigner::Ed25519(record::Sha256("meguri golden change key").ToString());
  CurrentEntry current{Member{.id = "0199:member"}.Entry(), record::Sha256("version 1")};
  current.entry.clear_keys();
  *current.entry.add_keys() = ToMemberKey(*signer, registry::v1::KEY_PURPOSE_RECORD);
  MemberEntry asked = current.entry;
  asked.mutable_name()->set_en("Another Name");
  const std::string bytes = ValueOf(SignChangeRequest(asked, kFederation, current, {signer.get()}, Now()));
  EXPECT_EQ(record::Sha256(bytes).ToHex(), "f170df5e07f85e749260717dc2347b3257b2d2f93956595d9dcb2c0346c0d597");
}

TEST(KeyChange, TheKeyInForceIsTheLatestThatIsUsable) {
  MemberEntry entry;
  const std::unique_ptr<SigningKey> first = NewKey();
  const std::unique_ptr<SigningKey> second = NewKey();
  const auto spki_at = [&](absl::Time time) {
    const MemberKey* key = KeyInForce(entry, registry::v1::KEY_PURPOSE_RECORD, time);
    return key == nullptr ? "" : key->public_key();
  };
  EXPECT_EQ(spki_at(Now()), "");
  *entry.add_keys() = KeyMessage(*first, registry::v1::KEY_PURPOSE_RECORD);
  AddSuccessor(entry, KeyMessage(*second, registry::v1::KEY_PURPOSE_RECORD), Now(), Now() + absl::Hours(1));
  EXPECT_EQ(spki_at(Now() - absl::Milliseconds(1)), first->public_key().spki());
  EXPECT_EQ(spki_at(Now()), second->public_key().spki());
  EXPECT_TRUE(IsUsable(entry.keys(0), Now() + absl::Minutes(59)));
  EXPECT_FALSE(IsUsable(entry.keys(0), Now() + absl::Hours(1)));
  entry.mutable_keys(1)->set_revoked_ms(NowMs());
  EXPECT_EQ(spki_at(Now()), first->public_key().spki());
  EXPECT_EQ(spki_at(Now() + absl::Hours(1)), "");
}

TEST(KeyChange, EnrollingAgainLosesNoKeyAndEndsThoseOfARecovery) {
  const Member before{.id = "0199:member"};
  const Member anew{.id = "0199:member"};
  MemberEntry same = before.Entry();
  same.mutable_keys(0)->set_not_before_ms(1);  // what the request says of a registered key does not count
  EXPECT_FALSE(KeepFormerKeys(before.Entry(), Now(), same));
  EXPECT_EQ(same.SerializeAsString(), before.Entry().SerializeAsString());
  MemberEntry recovered = anew.Entry();
  EXPECT_TRUE(KeepFormerKeys(before.Entry(), Now(), recovered));
  ASSERT_EQ(recovered.keys_size(), 4);
  EXPECT_EQ(recovered.keys(0).not_after_ms(), NowMs());
  EXPECT_EQ(recovered.keys(1).not_after_ms(), NowMs());
  EXPECT_EQ(recovered.keys(2).not_after_ms(), 0U);
  MEGURI_EXPECT_OK(CheckMemberEntry(kFederation, recovered));
}

}  // namespace
}  // namespace meguri::certs
