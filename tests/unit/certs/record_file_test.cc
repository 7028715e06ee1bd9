// SPDX-License-Identifier: Apache-2.0
#include "certs/record_file.h"

#include <array>
#include <functional>
#include <string>

#include "certs/cosigned_note.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::AllSlots;
using testing::Member;
using testing::MemberRecord;
using testing::Now;
using testing::Operator;
using testing::PartsOf;
using testing::ProofIn;
using testing::SignedRecord;
using testing::SmallRecord;
using testing::ValueOf;

constexpr char kMember[] = "0199:member";

class VerifyTest : public ::testing::Test {
 protected:
  std::string FileOf(const Member& publisher, const record::v1::Envelope& entry) {
    return MakeRecordFile(PartsOf(SmallRecord(publisher, random_), publisher, entry, operator_), bundle_);
  }
  std::string File(const registry::v1::MemberEntry& entry) {
    return FileOf(member_, MemberRecord(entry, *operator_.record_key, random_));
  }
  RecordFileParts Parts() {
    return PartsOf(SmallRecord(member_, random_), member_,
                   MemberRecord(member_.Entry(), *operator_.record_key, random_), operator_);
  }
  absl::StatusOr<VerificationReport> Verify(const std::string& bytes) {
    return VerifyRecordFile(bytes, bundle_, Now());
  }
  std::string Changed(const std::function<void(record::v1::RecordFile&)>& change) {
    record::v1::RecordFile file;
    Invariant(file.ParseFromString(File(member_.Entry())), "a file that was just made can be parsed");
    change(file);
    return SealRecordFile(std::move(file));  // as somebody makes it who changed a file and knows the format
  }
  // The bundle as `change` makes it.
  TrustBundle OtherBundle(const std::function<void(registry::v1::TrustBundle&)>& change) const {
    registry::v1::TrustBundle message = operator_.BundleMessage();
    change(message);
    return ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(message, operator_.Signers())), Now()));
  }

  meguri::testing::SeededRandom random_;
  const Operator operator_;
  const TrustBundle bundle_ = operator_.Bundle();
  const Member member_{kMember};
};

TEST_F(VerifyTest, AcceptsAFileThatTheRegistryVouchesFor) {
  const absl::StatusOr<VerificationReport> report = Verify(File(member_.Entry()));
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->judgement.verdict, Verdict::kValid);
  MEGURI_EXPECT_OK(report->judgement.why);
  EXPECT_EQ(report->header.publisher().text(), kMember);
  EXPECT_EQ(report->publisher.entry.name().en(), "Meguri Ltd.");
  EXPECT_EQ(report->key_id, testing::KeyIdOf(kMember, *member_.record_key));
  EXPECT_EQ(report->envelope.sections(0).payload(), "a note");
  ASSERT_EQ(report->entries.size(), 1U);
  EXPECT_EQ(report->entries[0].entry.feed.name.text(), "owner");
  EXPECT_EQ(report->entries[0].entry.index, 2U);
  EXPECT_EQ(report->entries[0].entry.checkpoint.size, 5U);
  EXPECT_EQ(report->publisher_entry.entry.checkpoint.origin, testing::kOrigin);
  EXPECT_EQ(report->trust_bundle_version, 1U);
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
  EXPECT_THAT(Verify(File(member_.Entry()) + std::string("\x4a\x00", 2)), HasReason("RECORD_FILE"));
}

TEST_F(VerifyTest, RefusesTheSameContentInAnotherForm) {
  // format_version in two bytes where one would do.
  std::string file = File(member_.Entry());
  ASSERT_EQ(file.substr(0, 2), std::string("\x08\x02"));
  file.replace(1, 1, std::string("\x82\x00", 2));
  EXPECT_THAT(Verify(file), HasReason("RECORD_FILE"));
}

TEST_F(VerifyTest, RefusesAnEntryThatNoRegistryKeySigned) {
  const std::string file = FileOf(member_, MemberRecord(member_.Entry(), *member_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, RefusesARecordSignedByAKeyThatTheEntryDoesNotName) {
  const Member stranger{kMember};  // the same name, other keys
  const std::string file = FileOf(stranger, MemberRecord(member_.Entry(), *operator_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, RefusesTheFeedKeyAsARecordKey) {
  Member swapped{kMember};
  swapped.record_key.swap(swapped.feed_key);
  registry::v1::MemberEntry entry = swapped.Entry();
  entry.mutable_keys(0)->set_purpose(registry::v1::KEY_PURPOSE_FEED);
  entry.mutable_keys(1)->set_purpose(registry::v1::KEY_PURPOSE_RECORD);
  const std::string file = FileOf(swapped, MemberRecord(entry, *operator_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, RefusesTheEntryOfSomebodyElse) {
  const Member other{"0199:other"};
  const std::string file = FileOf(other, MemberRecord(member_.Entry(), *operator_.record_key, random_));
  EXPECT_THAT(Verify(file), HasReason("MEMBER_RECORD"));
}

// Whoever signed the end of a member's record vouches for nothing that it may still hold.
TEST_F(VerifyTest, RefusesAnEntryThatHasEnded) {
  const record::v1::Envelope entry = MemberRecord(member_.Entry(), *operator_.record_key, random_);
  const record::Header before = ValueOf(record::Header::Parse(entry.header()));
  record::v1::Header last;
  last.set_record_type(record::v1::RECORD_TYPE_MEMBER);
  last.set_record_id(before.record_id().ToString());
  last.set_version(2);
  last.set_previous_header_hash(before.hash().ToString());
  last.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN);
  for (const bool holds_the_section : {false, true}) {
    std::vector<record::SectionDraft> sections;
    if (holds_the_section) {
      sections.push_back({record::v1::SECTION_TYPE_MEMBER, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                          SerializeForSigning(member_.Entry())});
    }
    const record::v1::Envelope ended = SignedRecord(last, sections, testing::kOperator, *operator_.record_key, random_);
    const absl::Status status = Verify(FileOf(member_, ended)).status();
    EXPECT_THAT(status, HasReason("MEMBER_RECORD"));
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("tombstone"));
  }
}

TEST_F(VerifyTest, RefusesAnotherFederation) {
  const Operator stranger;
  EXPECT_THAT(VerifyRecordFile(File(member_.Entry()), stranger.Bundle(), Now()), HasReason("OTHER_TRUST_BUNDLE"));
  const std::string later = ValueOf(SignTrustBundle(stranger.BundleMessage(2), stranger.Signers()));
  const TrustBundle bundle = ValueOf(TrustBundle::Open(later, Now()));
  EXPECT_THAT(VerifyRecordFile(File(member_.Entry()), bundle, Now()), HasReason("RECORD_KEY"));
}

TEST_F(VerifyTest, CannotJudgeASignatureOfAKeyThatIsRevokedNow) {
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(0)->set_revoked_ms(testing::NowMs() - 1);
  const absl::StatusOr<VerificationReport> report = Verify(File(entry));
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->judgement.verdict, Verdict::kIndeterminate);
  EXPECT_THAT(report->judgement.why.ToString(), ::testing::HasSubstr("revoked"));
}

TEST_F(VerifyTest, CannotJudgeAHeadOfAFeedKeyThatIsRevokedNow) {
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(1)->set_revoked_ms(testing::NowMs() - 1);
  const absl::StatusOr<VerificationReport> report = Verify(File(entry));
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->judgement.verdict, Verdict::kIndeterminate);
}

// A federation of four witnesses, of which three must cosign and one may lie.
class WitnessedFileTest : public VerifyTest {
 protected:
  void SetUp() override {
    bundle_message_ = operator_.BundleMessage();
    for (size_t i = 0; i < witness_keys_.size(); ++i) {
      witness_keys_[i] = testing::NewKey();
      bundle_message_.add_witnesses(WitnessId(i));
      *bundle_message_.add_witness_keys() = testing::KeyMessage(*witness_keys_[i], registry::v1::KEY_PURPOSE_FEED);
    }
    bundle_message_.set_witness_quorum(3);
    parts_ = Parts();
  }
  static std::string WitnessId(size_t i) { return absl::StrCat("0199:witness-", i); }

  // The head of `proof`, cosigned by witness `i` this long after Now().
  void Cosign(record::v1::FeedProof& proof, size_t i, absl::Duration after) {
    const std::string name = record::WitnessName(testing::kFederation, testing::Participant(WitnessId(i)));
    proof.mutable_checkpoint()->append(ValueOf(record::Cosign(
        proof.checkpoint(), name, *witness_keys_[i], static_cast<uint64_t>(absl::ToUnixSeconds(Now() + after)))));
  }
  // The file with the entry of the publisher as `change` makes it, an hour later.
  absl::StatusOr<VerificationReport> VerifyWith(const std::function<void(registry::v1::MemberEntry&)>& change) {
    const TrustBundle bundle = Bundle();
    registry::v1::MemberEntry entry = member_.Entry();
    change(entry);
    RecordFileParts parts = parts_;
    parts.publisher_entry = MemberRecord(entry, *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(parts.publisher_entry.header()));
    parts.publisher_entry_proof = testing::ProofIn("registry", header, testing::AllSlots(header), *operator_.feed_key);
    return VerifyRecordFile(MakeRecordFile(std::move(parts), bundle), bundle, Now() + absl::Hours(1));
  }
  TrustBundle Bundle() const {
    return ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(bundle_message_, operator_.Signers())), Now()));
  }
  static void RevokeIn(registry::v1::MemberEntry& entry, absl::Duration after) {
    entry.mutable_keys(0)->set_revoked_ms(static_cast<uint64_t>(absl::ToUnixMillis(Now() + after)));
  }

  std::array<std::unique_ptr<SigningKey>, 4> witness_keys_;
  registry::v1::TrustBundle bundle_message_;
  RecordFileParts parts_;
};

TEST_F(WitnessedFileTest, WhatWitnessesSawBeforeTheRevocationIsValidAtThatTime) {
  record::v1::FeedProof& proof = parts_.record_proofs[0];
  Cosign(proof, 0, absl::Minutes(1));
  Cosign(proof, 1, absl::Minutes(3));
  const auto revoked_after_half_an_hour = [](registry::v1::MemberEntry& entry) { RevokeIn(entry, absl::Minutes(30)); };
  EXPECT_EQ(VerifyWith(revoked_after_half_an_hour)->judgement.verdict, Verdict::kIndeterminate) << "no quorum";
  Cosign(proof, 3, absl::Minutes(2));
  const auto report = ValueOf(VerifyWith(revoked_after_half_an_hour));
  EXPECT_EQ(report.judgement.verdict, Verdict::kValidAt);
  EXPECT_EQ(report.judgement.at, Now() + absl::Minutes(2)) << "the first of them may have lied";
  EXPECT_THAT(report.judgement.why, HasReason("KEY_REVOKED"));
  // The time that the header claims counts for nothing: it is Now() in all of these.
  const auto revoked_too_early = [](registry::v1::MemberEntry& entry) { RevokeIn(entry, absl::Minutes(7)); };
  EXPECT_EQ(VerifyWith(revoked_too_early)->judgement.verdict, Verdict::kIndeterminate);
  EXPECT_EQ(VerifyWith([](registry::v1::MemberEntry&) {})->judgement.verdict, Verdict::kValid);
}

TEST_F(WitnessedFileTest, SaysWhichWitnessesSawWhatAndWhen) {
  for (const size_t i : {size_t{2}, size_t{0}, size_t{1}}) {
    Cosign(parts_.record_proofs[0], i, absl::Minutes(1 + i));
  }
  const auto report = ValueOf(VerifyWith([](registry::v1::MemberEntry&) {}));
  const Cosigners& seen = report.entries[0].cosigners;
  ASSERT_EQ(seen.cosigned.size(), 3U);
  EXPECT_EQ(seen.cosigned[0].witness.text(), WitnessId(0));
  EXPECT_EQ(seen.cosigned[2].time, Now() + absl::Minutes(3));
  EXPECT_EQ(ProvenTime(seen), Now() + absl::Minutes(2));
  EXPECT_TRUE(report.publisher_entry.cosigners.cosigned.empty());
}

// By somebody who knows the format, and puts the digest right.
TEST_F(WitnessedFileTest, RefusesAnyChangedBitOfALine) {
  Cosign(parts_.record_proofs[0], 0, absl::Minutes(1));
  Cosign(parts_.record_proofs[0], 1, absl::Minutes(1));
  const TrustBundle bundle = Bundle();
  record::v1::RecordFile file;
  ASSERT_TRUE(file.ParseFromString(MakeRecordFile(parts_, bundle)));
  MEGURI_ASSERT_OK(VerifyRecordFile(SealRecordFile(file), bundle, Now() + absl::Hours(1)));
  const std::string note = file.record_proofs(0).checkpoint();
  constexpr size_t kBitsBetween = 23;  // every one would take minutes; so each place of a byte is met, in every line
  for (size_t bit = 0; bit < note.size() * 8; bit += kBitsBetween) {
    std::string changed = note;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    file.mutable_record_proofs(0)->set_checkpoint(changed);
    ASSERT_FALSE(VerifyRecordFile(SealRecordFile(file), bundle, Now() + absl::Hours(1)).ok())
        << "bit " << bit << " of\n"
        << note;
  }
  // Nor is a line there twice, nor one more than a note may have.
  const std::string lines = note.substr(note.find("\n\n") + 2);
  file.mutable_record_proofs(0)->set_checkpoint(note + lines.substr(lines.find('\n') + 1));
  EXPECT_THAT(VerifyRecordFile(SealRecordFile(file), bundle, Now() + absl::Hours(1)), HasReason("COSIGNATURE"));
}

// What a node may hand out, another one's file may not hold.
TEST_F(WitnessedFileTest, OnlyKnownLinesGoIntoAFile) {
  const std::string sole = parts_.record_proofs[0].checkpoint();
  Cosign(parts_.record_proofs[0], 0, absl::Minutes(1));
  const std::string one = parts_.record_proofs[0].checkpoint();
  const std::unique_ptr<SigningKey> stranger = testing::NewKey();
  const std::string strange = one + ValueOf(record::Cosign(one, "stranger.example/w", *stranger, 1'790'000'000));
  EXPECT_EQ(ValueOf(KeepKnownLines(sole, Bundle())), sole);
  EXPECT_EQ(ValueOf(KeepKnownLines(one, Bundle())), one);
  EXPECT_EQ(ValueOf(KeepKnownLines(strange, Bundle())), one);
  EXPECT_EQ(ValueOf(KeepKnownLines(one, bundle_)), sole) << "a bundle that knows no witnesses";
  Cosign(parts_.record_proofs[0], 0, absl::Minutes(2));
  EXPECT_EQ(ValueOf(KeepKnownLines(parts_.record_proofs[0].checkpoint(), Bundle())), sole) << "one witness twice";
  EXPECT_THAT(KeepKnownLines("no note", Bundle()), HasReason("CHECKPOINT_FORM"));
}

TEST_F(WitnessedFileTest, AFeedKeyIsJudgedByTheHeadThatItSigned) {
  for (size_t i = 0; i < 3; ++i) {
    Cosign(parts_.record_proofs[0], i, absl::Minutes(1));
  }
  const auto end_feed_key = [](registry::v1::MemberEntry& entry) {
    entry.mutable_keys(1)->set_not_after_ms(testing::NowMs() + 120'000);
  };
  EXPECT_EQ(VerifyWith(end_feed_key)->judgement.verdict, Verdict::kValidAt);
}

TEST_F(WitnessedFileTest, RefusesALineThatDoesNotHoldOrThatTheBundleDoesNotKnow) {
  const auto as_it_is = [](registry::v1::MemberEntry&) {};
  Cosign(parts_.record_proofs[0], 0, absl::Minutes(1));
  MEGURI_EXPECT_OK(VerifyWith(as_it_is));
  // The witness left the federation: the file was made with the bundle that knew it.
  const RecordFileParts known = parts_;
  const std::string file = MakeRecordFile(known, Bundle());
  bundle_message_.mutable_witness_keys()->DeleteSubrange(0, 1);
  bundle_message_.mutable_witnesses()->DeleteSubrange(0, 1);
  EXPECT_THAT(VerifyWith(as_it_is), HasReason("CHECKPOINT_SIGNATURE"));
  bundle_message_.set_version(2);
  MEGURI_EXPECT_OK(VerifyRecordFile(file, Bundle(), Now()));
  // A line of a witness over another head.
  Cosign(parts_.publisher_entry_proof, 1, absl::Minutes(1));
  const std::string& checkpoint = parts_.publisher_entry_proof.checkpoint();
  parts_.record_proofs[0] = known.record_proofs[0];
  parts_.record_proofs[0].mutable_checkpoint()->append(
      checkpoint.substr(checkpoint.rfind('\n', checkpoint.size() - 2) + 1));
  EXPECT_FALSE(VerifyWith(as_it_is).ok());
}

// Who keeps an old entry of the registry cannot show that a key was not revoked since.
TEST_F(VerifyTest, ARegistryThatIsOlderThanTheBundlePinsProvesNothingOfKeysSince) {
  const std::string file = File(member_.Entry());
  const TrustBundle later = OtherBundle([](registry::v1::TrustBundle& message) {
    message.set_version(2);
    message.set_registry_size_min(6);
    message.set_registry_root_min(std::string(32, 'x'));
  });
  const auto report = ValueOf(VerifyRecordFile(file, later, Now()));
  EXPECT_EQ(report.judgement.verdict, Verdict::kIndeterminate);
  EXPECT_THAT(report.judgement.why, HasReason("REGISTRY_OLDER"));
}

TEST_F(VerifyTest, RefusesAKeyThatIsNotInForceYet) {
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(0)->set_not_before_ms(testing::NowMs() + 1);
  EXPECT_THAT(Verify(File(entry)), HasReason("KEY_NOT_YET_VALID"));
}

TEST_F(VerifyTest, TellsOfARecoveryAndRefusesAKeyThatTheOneBeforeDidNotSign) {
  const std::unique_ptr<SigningKey> other = testing::NewKey();
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(0)->set_public_key(other->public_key().spki());
  registry::v1::MemberKey& mine = *entry.add_keys();
  mine = testing::KeyMessage(*member_.record_key, registry::v1::KEY_PURPOSE_RECORD);
  mine.set_not_before_ms(testing::NowMs() - 1);
  mine.set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
  const auto report = ValueOf(Verify(File(entry)));
  EXPECT_EQ(report.judgement.verdict, Verdict::kValid);
  ASSERT_EQ(report.key_notices.size(), 1U);
  EXPECT_EQ(report.key_notices[0].key_id(), report.key_id.ToString());
  mine.set_origin(registry::v1::KEY_ORIGIN_ENDORSED);
  mine.mutable_endorsement()->set_key_id(testing::KeyIdOf(kMember, *other).ToString());
  mine.mutable_endorsement()->set_signature(std::string(64, 's'));
  EXPECT_THAT(Verify(File(entry)), HasReason("KEY_NOT_ENDORSED"));
}

TEST_F(VerifyTest, RefusesAFileOfAnotherFormatVersion) {
  EXPECT_THAT(Verify(Changed([](record::v1::RecordFile& file) { file.set_format_version(1); })),
              HasReason("RECORD_FILE"));
}

TEST_F(VerifyTest, RefusesARecordThatNoFeedNames) {
  EXPECT_THAT(Verify(Changed([](record::v1::RecordFile& file) { file.clear_record_proofs(); })),
              HasReason("RECORD_FILE"));
  EXPECT_THAT(Verify(Changed([](record::v1::RecordFile& file) { file.clear_publisher_entry_proof(); })),
              HasReason("FEED_NAME"));
}

TEST_F(VerifyTest, RefusesAFeedThatIsThereTwice) {
  EXPECT_THAT(Verify(Changed([](record::v1::RecordFile& file) { *file.add_record_proofs() = file.record_proofs(0); })),
              HasReason("RECORD_FILE"));
}

TEST_F(VerifyTest, RefusesTheEntryOfAnotherRecord) {
  RecordFileParts parts = Parts();
  const record::Header other = ValueOf(record::Header::Parse(SmallRecord(member_, random_).header()));
  parts.record_proofs = {ProofIn("owner", other, AllSlots(other), *member_.feed_key)};
  EXPECT_THAT(Verify(MakeRecordFile(parts, bundle_)), HasReason("FEED_PROOF"));
}

TEST_F(VerifyTest, RefusesASectionThatNoFeedInTheFileOpens) {
  RecordFileParts parts = Parts();
  const record::Header header = ValueOf(record::Header::Parse(parts.record.header()));
  const uint64_t slot = uint64_t{1} << parts.record.sections(0).slot();
  parts.record_proofs = {ProofIn("public", header, AllSlots(header) & ~slot, *member_.feed_key)};
  EXPECT_THAT(Verify(MakeRecordFile(parts, bundle_)), HasReason("SLOT_NOT_PROVEN"));
  // A second feed may open what the first does not.
  parts.record_proofs.push_back(ProofIn("owner", header, slot, *member_.feed_key));
  MEGURI_EXPECT_OK(Verify(MakeRecordFile(parts, bundle_)));
}

TEST_F(VerifyTest, RefusesSlotsThatTheRecordLacks) {
  RecordFileParts parts = Parts();
  const record::Header header = ValueOf(record::Header::Parse(parts.record.header()));
  parts.record_proofs = {ProofIn("owner", header, AllSlots(header) + 1, *member_.feed_key)};
  EXPECT_THAT(Verify(MakeRecordFile(parts, bundle_)), HasReason("FEED_PROOF"));
}

TEST_F(VerifyTest, RefusesAHeadThatTheFeedKeyDidNotSign) {
  RecordFileParts parts = Parts();
  const record::Header header = ValueOf(record::Header::Parse(parts.record.header()));
  for (const SigningKey* key : {member_.record_key.get(), operator_.feed_key.get()}) {
    parts.record_proofs = {ProofIn("owner", header, AllSlots(header), *key)};
    EXPECT_THAT(Verify(MakeRecordFile(parts, bundle_)), HasReason("CHECKPOINT_SIGNATURE"));
  }
}

TEST_F(VerifyTest, RefusesALineMoreInAHead) {
  RecordFileParts parts = Parts();
  parts.record_proofs[0].mutable_checkpoint()->append("\u2014 elsewhere AAAAAAA=\n");
  EXPECT_THAT(Verify(MakeRecordFile(parts, bundle_)), HasReason("CHECKPOINT_SIGNATURE"));
}

TEST_F(VerifyTest, RefusesAnEntryThatTheRegistryDoesNotName) {
  RecordFileParts parts = Parts();
  const record::Header entry = ValueOf(record::Header::Parse(parts.publisher_entry.header()));
  parts.publisher_entry_proof = ProofIn("registry", entry, AllSlots(entry), *member_.feed_key);
  EXPECT_THAT(Verify(MakeRecordFile(parts, bundle_)), HasReason("CHECKPOINT_SIGNATURE"));
  parts.publisher_entry_proof = ProofIn("public", entry, AllSlots(entry), *operator_.feed_key);
  EXPECT_THAT(Verify(MakeRecordFile(parts, bundle_)), HasReason("REGISTRY_FEED"));
}

TEST_F(VerifyTest, RefusesAnotherRegistryThanTheBundlePins) {
  const std::string file = File(member_.Entry());
  const auto pinned = [&](const std::string& root) {
    return OtherBundle([&](registry::v1::TrustBundle& message) {
      message.set_version(2);
      message.set_registry_size_min(5);
      message.set_registry_root_min(root);
    });
  };
  record::v1::RecordFile parsed;
  ASSERT_TRUE(parsed.ParseFromString(file));
  const record::Checkpoint head = ValueOf(record::OpenCheckpoint(parsed.publisher_entry_proof().checkpoint(),
                                                                 testing::kOrigin, operator_.feed_key->public_key()));
  MEGURI_EXPECT_OK(VerifyRecordFile(file, pinned(head.root.ToString()), Now()));
  EXPECT_THAT(VerifyRecordFile(file, pinned(std::string(32, 'x')), Now()), HasReason("REGISTRY_FEED"));
}

TEST_F(VerifyTest, TellsAnotherBundleOfTheSameNumber) {
  const std::string file = File(member_.Entry());
  const auto bundle = [&](uint64_t version) {
    return OtherBundle([&](registry::v1::TrustBundle& message) {
      message.set_version(version);
      message.add_operator_addresses("elsewhere.example:7443");
    });
  };
  EXPECT_THAT(VerifyRecordFile(file, bundle(1), Now()), HasReason("OTHER_TRUST_BUNDLE"));
  MEGURI_EXPECT_OK(VerifyRecordFile(file, bundle(2), Now()));
}

}  // namespace
}  // namespace meguri::certs
