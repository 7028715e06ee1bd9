// SPDX-License-Identifier: Apache-2.0
// Record files with receipts: what they prove, and what is refused.
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "certs/record_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/cosignature.h"
#include "record/receipt.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using testing::Member;
using testing::Now;
using testing::ValueOf;

constexpr char kPublic[] = "public";

class ReceiptFileTest : public ::testing::Test {
 protected:
  ReceiptFileTest() {
    // The key of the record is revoked as of half an hour after Now(); files are checked two hours after it.
    entry_ = maker_.Entry();
    entry_.mutable_keys(0)->set_revoked_ms(MsAfter(absl::Minutes(30)));
    parts_.record = testing::SmallRecord(maker_, random_);
    const record::Header header = ValueOf(record::Header::Parse(parts_.record.header()));
    parts_.record_proofs = {testing::ProofIn(kPublic, header, testing::AllSlots(header), *maker_.feed_key)};
    parts_.receipts.resize(1);
    TakeEntry(entry_);
  }
  static uint64_t MsAfter(absl::Duration after) { return static_cast<uint64_t>(absl::ToUnixMillis(Now() + after)); }
  void TakeEntry(const registry::v1::MemberEntry& entry) {
    parts_.publisher_entry = testing::MemberRecord(entry, *operator_.record_key, random_);
    parts_.publisher_entry_proof = ProofOfEntry(parts_.publisher_entry);
  }
  record::v1::FeedProof ProofOfEntry(const record::v1::Envelope& entry) const {
    const record::Header header = ValueOf(record::Header::Parse(entry.header()));
    return testing::ProofIn("registry", header, testing::AllSlots(header), *operator_.feed_key);
  }
  record::v1::FeedProof& proof() { return parts_.record_proofs[0]; }

  // That `giver` saw a head of `size` entries this long after Now(), by its entry as it is given.
  record::v1::ReceiptProof ReceiptOf(const Member& giver, const registry::v1::MemberEntry& entry, const SigningKey& key,
                                     absl::Duration after, const std::string& feed = kPublic, uint64_t size = 5) {
    const record::Header header = ValueOf(record::Header::Parse(parts_.record.header()));
    const record::v1::FeedProof seen =
        testing::ProofIn(feed, header, testing::AllSlots(header), *maker_.feed_key, proof().index(), size);
    const std::string origin = record::FeedOrigin(
        testing::kFederation, {testing::Participant(maker_.id), ValueOf(record::FeedName::Parse(feed)), 1});
    record::v1::ReceiptProof receipt;
    *receipt.mutable_path() = seen.path();
    const record::Checkpoint head = ValueOf(record::ReadOpenedCheckpoint(seen.checkpoint(), origin));
    *receipt.mutable_receipt() =
        ValueOf(record::SignReceipt(testing::KeyIdOf(giver.id, key), key, MsAfter(after), head));
    receipt.set_root(head.root.ToString());
    *receipt.mutable_giver_entry() = testing::MemberRecord(entry, *operator_.record_key, random_);
    *receipt.mutable_giver_entry_proof() = ProofOfEntry(receipt.giver_entry());
    return receipt;
  }
  record::v1::ReceiptProof ReceiptOf(const Member& giver, absl::Duration after) {
    return ReceiptOf(giver, giver.Entry(), *giver.feed_key, after);
  }
  record::v1::ProofReceipts& receipts() { return parts_.receipts[0]; }
  void Add(record::v1::ReceiptProof receipt) { *receipts().add_receipts() = std::move(receipt); }

  absl::StatusOr<VerificationReport> Verify(size_t receipts_needed = 1) {
    return VerifyRecordFile(MakeRecordFile(parts_, bundle_), bundle_, Now() + absl::Hours(2), receipts_needed);
  }

  meguri::testing::SeededRandom random_;
  const testing::Operator operator_;
  TrustBundle bundle_ = operator_.Bundle();
  const Member maker_{"9999:maker"};
  const Member city_{"9999:city"};
  const Member recycler_{"9999:recycler"};
  registry::v1::MemberEntry entry_;
  RecordFileParts parts_;
};

TEST_F(ReceiptFileTest, WhatAMemberSawBeforeTheRevocationIsValidAtThatTime) {
  EXPECT_EQ(ValueOf(Verify()).judgement.verdict, Verdict::kIndeterminate);
  Add(ReceiptOf(city_, absl::Minutes(10)));
  const auto report = ValueOf(Verify());
  EXPECT_EQ(report.judgement.verdict, Verdict::kValidAt);
  EXPECT_EQ(report.judgement.at, Now() + absl::Minutes(10));
  EXPECT_EQ(report.judgement.source, TimeSource::kReceipts);
  EXPECT_THAT(report.judgement.by, ElementsAre(testing::Participant(city_.id)));
  EXPECT_EQ(report.entries[0].receipts.size(), 1U);
  EXPECT_EQ(ValueOf(Verify(2)).judgement.verdict, Verdict::kIndeterminate) << "one is not two";
  EXPECT_EQ(ValueOf(Verify(0)).judgement.verdict, Verdict::kIndeterminate) << "who wants none";
}

// Each node saw the feed when it had another size.
TEST_F(ReceiptFileTest, TwoReceiptsMayBeOfTwoHeads) {
  Add(ReceiptOf(city_, absl::Minutes(10)));
  Add(ReceiptOf(recycler_, recycler_.Entry(), *recycler_.feed_key, absl::Minutes(20), kPublic, 9));
  const auto report = ValueOf(Verify(2));
  EXPECT_EQ(report.judgement.at, Now() + absl::Minutes(20));
  EXPECT_THAT(report.judgement.by, ElementsAre(testing::Participant(city_.id), testing::Participant(recycler_.id)));
  EXPECT_EQ(ValueOf(Verify(1)).judgement.at, Now() + absl::Minutes(10));
}

TEST_F(ReceiptFileTest, TwoGuestsOfOneHostAreOne) {
  for (const Member* guest : {&city_, &recycler_}) {
    registry::v1::MemberEntry entry = guest->Entry();
    entry.mutable_hosting()->set_node_identity(testing::NodeUri("9999:host"));
    Add(ReceiptOf(*guest, entry, *guest->feed_key, absl::Minutes(10)));
  }
  EXPECT_EQ(ValueOf(Verify(1)).judgement.verdict, Verdict::kValidAt);
  EXPECT_EQ(ValueOf(Verify(2)).judgement.verdict, Verdict::kIndeterminate);
}

// The feed's key may have ended as well: the entry was seen under a head that it had signed.
TEST_F(ReceiptFileTest, DatesTheKeyOfTheFeedToo) {
  entry_.mutable_keys(1)->set_revoked_ms(MsAfter(absl::Minutes(20)));
  TakeEntry(entry_);
  Add(ReceiptOf(city_, absl::Minutes(10)));
  EXPECT_EQ(ValueOf(Verify()).judgement.verdict, Verdict::kValidAt);
  entry_.mutable_keys(1)->set_revoked_ms(MsAfter(absl::Minutes(12)));
  TakeEntry(entry_);
  EXPECT_EQ(ValueOf(Verify()).judgement.verdict, Verdict::kIndeterminate) << "within the margin";
}

TEST_F(ReceiptFileTest, ALateOneProvesNothingAndAFutureOneIsRefused) {
  Add(ReceiptOf(city_, absl::Minutes(26)));
  const auto late = ValueOf(Verify());
  EXPECT_EQ(late.judgement.verdict, Verdict::kIndeterminate);
  EXPECT_THAT(late.judgement.why, HasReason("KEY_REVOKED"));
  *receipts().mutable_receipts(0) = ReceiptOf(city_, absl::Hours(2) + absl::Milliseconds(1));
  EXPECT_THAT(Verify(), HasReason("RECEIPT_FUTURE"));
}

TEST_F(ReceiptFileTest, WitnessesComeFirst) {
  registry::v1::TrustBundle message = operator_.BundleMessage();
  const auto witness = testing::NewKey();
  message.add_witnesses("9999:witness");
  *message.add_witness_keys() = testing::KeyMessage(*witness, registry::v1::KEY_PURPOSE_FEED);
  message.set_witness_quorum(1);
  bundle_ = ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(message, operator_.Signers())), Now()));
  Add(ReceiptOf(city_, absl::Minutes(10)));
  EXPECT_EQ(ValueOf(Verify()).judgement.source, TimeSource::kReceipts) << "no witness has seen it";
  const std::string name = record::WitnessName(testing::kFederation, testing::Participant("9999:witness"));
  proof().mutable_checkpoint()->append(
      ValueOf(record::Cosign(proof().checkpoint(), name, *witness, MsAfter(absl::Minutes(15)) / 1000)));
  const auto report = ValueOf(Verify());
  EXPECT_EQ(report.judgement.source, TimeSource::kWitnesses);
  EXPECT_EQ(report.judgement.at, Now() + absl::Minutes(15));
}

TEST_F(ReceiptFileTest, EveryClauseOfTheRuleIsAskedOfTheFile) {
  struct Case {
    const char* reason;
    std::function<void(registry::v1::MemberEntry&)> change;
  };
  const Case cases[] = {
      {"RECEIPT_NOT_ACTIVE", [](auto& entry) { entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED); }},
      {"RECEIPT_NOT_INDEPENDENT",
       [](auto& entry) { entry.mutable_hosting()->set_node_identity(testing::NodeUri("9999:maker")); }},
      {"RECEIPT_KEY_REVOKED", [](auto& entry) { entry.mutable_keys(1)->set_revoked_ms(MsAfter(absl::Hours(9))); }},
      {"RECEIPT_KEY_TIME", [](auto& entry) { entry.mutable_keys(1)->set_not_before_ms(MsAfter(absl::Minutes(11))); }},
      {"RECEIPT_KEY_TIME", [](auto& entry) { entry.mutable_keys(1)->set_not_after_ms(MsAfter(absl::Minutes(9))); }},
      {"RECEIPT_KEY", [](auto& entry) { entry.mutable_keys()->RemoveLast(); }},
  };
  for (const Case& one : cases) {
    registry::v1::MemberEntry entry = city_.Entry();
    one.change(entry);
    receipts().Clear();
    Add(ReceiptOf(city_, entry, *city_.feed_key, absl::Minutes(10)));
    EXPECT_THAT(Verify(), HasReason(one.reason));
  }
  receipts().Clear();
  Add(ReceiptOf(maker_, entry_, *maker_.feed_key, absl::Minutes(10)));
  EXPECT_THAT(Verify(), HasReason("RECEIPT_NOT_INDEPENDENT"));
  *receipts().mutable_receipts(0) = ReceiptOf(city_, city_.Entry(), *city_.record_key, absl::Minutes(10));
  EXPECT_THAT(Verify(), HasReason("RECEIPT_KEY"));
}

// By somebody who knows the format, and puts the digest right.
TEST_F(ReceiptFileTest, WhatIsMadeAnewOfOneIsRefused) {
  struct Case {
    const char* reason;
    std::function<void(record::v1::ReceiptProof&)> change;
  };
  const Case cases[] = {
      {"RECEIPT_SIGNATURE", [](auto& r) { r.mutable_receipt()->set_time_ms(MsAfter(absl::Minutes(9))); }},
      {"RECEIPT_SIGNATURE", [](auto& r) { (*r.mutable_receipt()->mutable_signature())[7] ^= 4; }},
      {"RECEIPT_FORM", [](auto& r) { r.mutable_receipt()->clear_size(); }},
      {"RECEIPT_FORM", [](auto& r) { r.clear_receipt(); }},
      {"RECEIPT_FORM", [](auto& r) { r.clear_root(); }},
      {"RECEIPT_FORM", [](auto& r) { r.mutable_path(0)->pop_back(); }},
      {"INCLUSION_PROOF", [](auto& r) { (*r.mutable_path(0))[31] ^= 1; }},
      {"INCLUSION_PROOF", [](auto& r) { (*r.mutable_root())[0] ^= 1; }},
      {"INCLUSION_PROOF", [](auto& r) { r.mutable_receipt()->set_size(2); }},
      {"INCLUSION_PROOF", [](auto& r) { r.mutable_path()->RemoveLast(); }},
      {"INCLUSION_PROOF", [](auto& r) { r.add_path(std::string(32, 'x')); }},
      {"RECEIPT_KEY", [](auto& r) { (*r.mutable_receipt()->mutable_key_id())[0] ^= 1; }},
      {"FEED_NAME", [](auto& r) { r.clear_giver_entry_proof(); }},
      {"WIRE_GRAMMAR", [](auto& r) { r.clear_giver_entry(); }},
  };
  for (const Case& one : cases) {
    receipts().Clear();
    Add(ReceiptOf(city_, absl::Minutes(10)));
    one.change(*receipts().mutable_receipts(0));
    EXPECT_THAT(Verify(), HasReason(one.reason)) << one.reason;
  }
}

TEST_F(ReceiptFileTest, AReceiptOfAnotherFeedOrFederationIsRefused) {
  Add(ReceiptOf(city_, city_.Entry(), *city_.feed_key, absl::Minutes(10), "members"));
  EXPECT_THAT(Verify(), HasReason("RECEIPT_SIGNATURE"));
  // The same member and key, where the federation is another one: its key ID is another one too.
  record::v1::ReceiptProof other = ReceiptOf(city_, absl::Minutes(10));
  other.mutable_receipt()->set_key_id(
      record::KeyId("other.example", testing::Participant(city_.id), city_.feed_key->public_key().spki()).ToString());
  *receipts().mutable_receipts(0) = other;
  EXPECT_THAT(Verify(), HasReason("RECEIPT_KEY"));
  // Of a feed that not everybody may read there is none.
  const record::Header header = ValueOf(record::Header::Parse(parts_.record.header()));
  proof() = testing::ProofIn("owner", header, testing::AllSlots(header), *maker_.feed_key);
  Add(ReceiptOf(city_, city_.Entry(), *city_.feed_key, absl::Minutes(10), "owner"));
  EXPECT_THAT(Verify(), HasReason("RECEIPT_FEED"));
}

TEST_F(ReceiptFileTest, ThereAreNoMoreThanEightEachOfAnotherKey) {
  Add(ReceiptOf(city_, absl::Minutes(10)));
  Add(ReceiptOf(city_, absl::Minutes(11)));
  EXPECT_THAT(Verify(), HasReason("RECORD_FILE")) << "two of one key";
  receipts().Clear();
  for (int i = 0; i < record::kReceiptsPerProofMax; ++i) {
    Add(ReceiptOf(Member{absl::StrCat("9999:m", i)}, absl::Minutes(10 + i)));
  }
  EXPECT_EQ(ValueOf(Verify(8)).judgement.at, Now() + absl::Minutes(17));
  Add(ReceiptOf(city_, absl::Minutes(10)));
  EXPECT_THAT(Verify(), HasReason("RECORD_FILE"));
}

TEST_F(ReceiptFileTest, RefusesEveryChangedBitAndAnotherVersionNumber) {
  Add(ReceiptOf(city_, absl::Minutes(10)));
  const std::string file = MakeRecordFile(parts_, bundle_);
  const auto verify = [&](const std::string& bytes) {
    return VerifyRecordFile(bytes, bundle_, Now() + absl::Hours(2)).status();
  };
  MEGURI_ASSERT_OK(verify(file));
  constexpr size_t kBitsBetween = 7;  // so that each place of a byte is met
  for (size_t bit = 0; bit < file.size() * 8; bit += kBitsBetween) {
    std::string changed = file;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(verify(changed).ok()) << "bit " << bit;
  }
  record::v1::SeenRecordFile message;
  ASSERT_TRUE(message.ParseFromString(file));
  EXPECT_EQ(message.format_version(), 4U);
  for (const uint32_t version : {2U, 3U, 5U}) {
    message.set_format_version(version);
    EXPECT_THAT(verify(SealRecordFile(message)), HasReason("RECORD_FILE")) << version;
  }
  message.set_format_version(4);
  message.mutable_record_proofs(0)->clear_receipts();
  EXPECT_THAT(verify(SealRecordFile(message)), HasReason("RECORD_FILE")) << "version 4 without a receipt";
}

// Whoever the operator's word is in doubt of says nothing.
TEST_F(ReceiptFileTest, AGiverInDoubtDoesNotCount) {
  Add(ReceiptOf(city_, absl::Minutes(10)));
  MEGURI_EXPECT_OK(Verify());
  registry::v1::TrustBundle message = operator_.BundleMessage(2);
  message.set_registry_size_min(6);
  message.set_registry_root_min(std::string(32, 'x'));
  const TrustBundle later = ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(message, operator_.Signers())), Now()));
  const auto report = ValueOf(VerifyRecordFile(MakeRecordFile(parts_, bundle_), later, Now() + absl::Hours(2)));
  EXPECT_EQ(report.judgement.verdict, Verdict::kIndeterminate);
  EXPECT_TRUE(report.entries[0].receipts.empty());
}

}  // namespace
}  // namespace meguri::certs
