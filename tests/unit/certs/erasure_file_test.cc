// SPDX-License-Identifier: Apache-2.0
#include "certs/erasure_file.h"

#include <functional>
#include <string>
#include <vector>

#include "certs/erasure.h"
#include "gmock/gmock.h"
#include "record/batch.h"
#include "record/erasure.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::kFederation;
using testing::Member;
using testing::Now;
using testing::NowMs;
using testing::ValueOf;

constexpr char kMaker[] = "9999:maker";
constexpr uint64_t kHourMs = 3'600'000;

// An erasure of a record of `maker_`, which `city_` and `recycler_` have acknowledged, and `dealer` has not.
class ErasureFileTest : public ::testing::Test {
 protected:
  ErasureFileTest() {
    file_ = About(maker_.Entry());
    AddErasure(NowMs() - 2 * kHourMs, NowMs() + kHourMs);
    AddAck(city_, 0);
    AddAck(recycler_, 2);
    *account_.add_holders() = Asked("9999:dealer", "");
    account_.mutable_holders()->SwapElements(1, 2);  // by participant ID
    SignAccount();
  }

  void AddEntry(const registry::v1::MemberEntry& member, record::v1::Envelope& entry, record::v1::FeedProof& proof) {
    entry = testing::MemberRecord(member, *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(entry.header()));
    proof = testing::ProofIn("registry", header, testing::AllSlots(header), *operator_.feed_key);
  }
  erasure::v1::ErasureFile About(const registry::v1::MemberEntry& publisher) {
    erasure::v1::ErasureFile file;
    AddEntry(publisher, *file.mutable_publisher_entry(), *file.mutable_publisher_entry_proof());
    return file;
  }
  void AddErasure(uint64_t time_ms, uint64_t deadline_ms) {
    record::v1::Header header;
    header.set_record_id("ABCDEFGHIJKLMNOP");
    header.set_version(4);
    header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    header.set_previous_header_hash(record::Sha256("version 3").ToString());
    header.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_ERASED);
    record::v1::Envelope& tombstone = *file_.mutable_erasure()->mutable_tombstone();
    tombstone = testing::SignedRecord(header, {}, kMaker, *maker_.record_key, random_);
    request_.set_format_version(1);
    request_.set_federation(kFederation);
    request_.set_publisher(kMaker);
    request_.set_record_id("ABCDEFGHIJKLMNOP");
    request_.set_tombstone_hash(ValueOf(record::Header::Parse(tombstone.header())).hash().ToString());
    request_.set_basis(erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
    request_.set_time_ms(time_ms);
    request_.set_deadline_ms(deadline_ms);
    *file_.mutable_erasure()->mutable_request() = ValueOf(SignErasureRequest(request_, *maker_.record_key));
  }
  erasure::v1::ErasureAck AckOf(const Member& holder, uint64_t versions) const {
    erasure::v1::ErasureAck ack;
    ack.set_format_version(1);
    ack.set_federation(kFederation);
    ack.set_publisher(kMaker);
    ack.set_record_id(request_.record_id());
    ack.set_tombstone_hash(request_.tombstone_hash());
    ack.set_holder(holder.id);
    ack.set_versions(versions);
    ack.set_newest_version(versions == 0 ? 0 : 3);
    ack.set_time_ms(NowMs() - kHourMs);
    return ack;
  }
  void AddAck(const Member& holder, uint64_t versions) {
    erasure::v1::ProvenAck& proven = *file_.mutable_answers()->add_acknowledgements();
    *proven.mutable_acknowledgement() = ValueOf(SignErasureAck(AckOf(holder, versions), *holder.feed_key));
    AddEntry(holder.Entry(), *proven.mutable_holder_entry(), *proven.mutable_holder_entry_proof());
    *account_.add_holders() = Asked(holder.id, proven.acknowledgement().body());
  }
  static erasure::v1::AskedHolder Asked(const std::string& id, const std::string& ack) {
    erasure::v1::AskedHolder asked;
    asked.set_participant_id(id);
    asked.set_found_ms(NowMs() - 2 * kHourMs);
    if (!ack.empty()) {
      asked.set_acknowledgement_hash(record::Sha256(ack).ToString());
    }
    return asked;
  }
  void SignAccount() {
    account_.set_format_version(1);
    account_.set_federation(kFederation);
    account_.set_publisher(kMaker);
    account_.set_record_id(request_.record_id());
    account_.set_tombstone_hash(request_.tombstone_hash());
    account_.set_request_hash(record::Sha256(file_.erasure().request().body()).ToString());
    account_.set_time_ms(NowMs());
    *file_.mutable_answers()->mutable_account() = ValueOf(SignErasureAccount(account_, *maker_.record_key));
  }
  // With another body of the first acknowledgement, of which the account speaks.
  void ReplaceFirstAck(const record::v1::SignedBody& ack) {
    *file_.mutable_answers()->mutable_acknowledgements(0)->mutable_acknowledgement() = ack;
    account_.mutable_holders(0)->set_acknowledgement_hash(record::Sha256(ack.body()).ToString());
    SignAccount();
  }
  void ReplaceHolderEntry(int index, const registry::v1::MemberEntry& entry) {
    erasure::v1::ProvenAck& proven = *file_.mutable_answers()->mutable_acknowledgements(index);
    AddEntry(entry, *proven.mutable_holder_entry(), *proven.mutable_holder_entry_proof());
  }
  absl::StatusOr<ErasureReport> Verify() const {
    return VerifyErasureFile(MakeErasureFile(file_, bundle_), bundle_, Now());
  }

  meguri::testing::SeededRandom random_;
  const testing::Operator operator_;
  const TrustBundle bundle_ = operator_.Bundle();
  const Member maker_{kMaker};
  const Member city_{"9999:city"};
  const Member recycler_{"9999:recycler"};
  erasure::v1::ErasureRequest request_;
  erasure::v1::ErasureAccount account_;
  erasure::v1::ErasureFile file_;
};

TEST_F(ErasureFileTest, ProvesWhoHasErasedAndSaysWhoHasNot) {
  const absl::StatusOr<ErasureReport> report = Verify();
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->judgement.verdict, Verdict::kValid);
  EXPECT_EQ(report->publisher.entry.participant_id(), kMaker);
  EXPECT_EQ(report->tombstone.version(), 4U);
  EXPECT_EQ(report->request.basis(), erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
  EXPECT_EQ(report->request_key_id, testing::KeyIdOf(kMaker, *maker_.record_key));
  ASSERT_EQ(report->holders.size(), 3U);
  EXPECT_EQ(report->acknowledged(), 2U);
  EXPECT_EQ(report->holders[0].acknowledgement->ack.versions(), 0U) << "it held nothing";
  EXPECT_EQ(report->holders[1].asked.participant_id(), "9999:dealer");
  EXPECT_FALSE(report->holders[1].acknowledgement.has_value());
  EXPECT_EQ(report->holders[2].acknowledgement->ack.newest_version(), 3U);
  EXPECT_EQ(report->holders[2].acknowledgement->key_id, testing::KeyIdOf("9999:recycler", *recycler_.feed_key));
}

TEST_F(ErasureFileTest, NobodyNeedHaveBeenAsked) {
  file_.mutable_answers()->clear_acknowledgements();
  account_.clear_holders();
  SignAccount();
  const absl::StatusOr<ErasureReport> report = Verify();
  MEGURI_ASSERT_OK(report);
  EXPECT_TRUE(report->holders.empty());
}

TEST_F(ErasureFileTest, RefusesEveryChangedBit) {
  const std::string file = MakeErasureFile(file_, bundle_);
  for (size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    ASSERT_FALSE(VerifyErasureFile(changed, bundle_, Now()).ok()) << i;
    ASSERT_FALSE(VerifyErasureFile(file.substr(0, i), bundle_, Now()).ok()) << i;
  }
  EXPECT_FALSE(VerifyErasureFile(file + '\0', bundle_, Now()).ok());
}

TEST_F(ErasureFileTest, AnAnswerCanBeNeitherLeftOutNorAddedNorExchanged) {
  const erasure::v1::ErasureFile whole = file_;
  file_.mutable_answers()->mutable_acknowledgements()->RemoveLast();
  EXPECT_THAT(Verify(), HasReason("ERASURE_FILE")) << "one is missing";
  file_ = whole;
  *file_.mutable_answers()->add_acknowledgements() = whole.answers().acknowledgements(1);
  EXPECT_THAT(Verify(), HasReason("ERASURE_FILE")) << "one too many";
  file_ = whole;
  file_.mutable_answers()->mutable_acknowledgements()->SwapElements(0, 1);
  EXPECT_THAT(Verify(), HasReason("ERASURE_FILE")) << "in another order";
  file_ = whole;
  file_.mutable_answers()->clear_account();
  EXPECT_FALSE(Verify().ok());
  file_ = whole;
  account_.mutable_holders(2)->clear_acknowledgement_hash();
  SignAccount();
  EXPECT_THAT(Verify(), HasReason("ERASURE_FILE")) << "the account does not speak of it";
}

TEST_F(ErasureFileTest, OnlyThePublisherSaysWhomItAsked) {
  const auto signed_by = [&](const SigningKey& key) {
    *file_.mutable_answers()->mutable_account() = ValueOf(SignErasureAccount(account_, key));
    return Verify().status();
  };
  EXPECT_THAT(signed_by(*city_.record_key), HasReason("UNKNOWN_KEY"));
  EXPECT_THAT(signed_by(*maker_.feed_key), HasReason("WRONG_KEY"));
  account_.mutable_holders(0)->set_found_ms(NowMs());
  record::v1::SignedBody& said = *file_.mutable_answers()->mutable_account();
  said.mutable_signatures(0)->set_key_id(testing::KeyIdOf(kMaker, *maker_.record_key).ToString());
  said.set_body(ValueOf(record::EncodeErasureAccount(account_)));
  EXPECT_THAT(Verify(), HasReason("BAD_SIGNATURE"));
}

TEST_F(ErasureFileTest, TheAccountIsOfTheRequestInTheFile) {
  request_.set_basis(erasure::v1::ERASURE_BASIS_TRADE_SECRET);
  *file_.mutable_erasure()->mutable_request() = ValueOf(SignErasureRequest(request_, *maker_.record_key));
  EXPECT_THAT(Verify(), HasReason("ERASURE_OTHER"));
  SignAccount();
  MEGURI_EXPECT_OK(Verify());
}

TEST_F(ErasureFileTest, NobodyAcknowledgesForAnother) {
  ReplaceFirstAck(ValueOf(SignErasureAck(AckOf(city_, 1), *recycler_.feed_key)));
  EXPECT_THAT(Verify(), HasReason("UNKNOWN_KEY"));
  ReplaceFirstAck(ValueOf(SignErasureAck(AckOf(recycler_, 1), *recycler_.feed_key)));
  EXPECT_THAT(Verify(), HasReason("ERASURE_OTHER"));
  ReplaceFirstAck(ValueOf(SignErasureAck(AckOf(city_, 1), *city_.feed_key)));
  MEGURI_EXPECT_OK(Verify());
  ReplaceHolderEntry(0, recycler_.Entry());
  EXPECT_THAT(Verify(), HasReason("ERASURE_FILE")) << "beside it stands the entry of another";
  const Member stranger{"9999:city"};
  ReplaceFirstAck(ValueOf(SignErasureAck(AckOf(city_, 1), *stranger.feed_key)));
  ReplaceHolderEntry(0, city_.Entry());
  EXPECT_THAT(Verify(), HasReason("UNKNOWN_KEY")) << "the same name, other keys";
}

TEST_F(ErasureFileTest, AnAcknowledgementIsOfThisErasure) {
  const auto changed = [&](const std::function<void(erasure::v1::ErasureAck&)>& change) {
    erasure::v1::ErasureAck ack = AckOf(city_, 1);
    change(ack);
    ReplaceFirstAck(ValueOf(SignErasureAck(ack, *city_.feed_key)));
    return Verify().status();
  };
  EXPECT_THAT(changed([](auto& ack) { ack.set_record_id("another record.."); }), HasReason("ERASURE_OTHER"));
  EXPECT_THAT(changed([](auto& ack) { ack.set_tombstone_hash(record::Sha256("x").ToString()); }),
              HasReason("ERASURE_OTHER"));
  EXPECT_THAT(changed([](auto& ack) { ack.set_federation("other.example"); }), HasReason("ERASURE_FEDERATION"));
  EXPECT_THAT(changed([](auto& ack) { ack.set_time_ms(NowMs() + 600'000); }), HasReason("ERASURE_TIME"));
}

TEST_F(ErasureFileTest, ATombstoneThatErasesIsPartOfIt) {
  const auto changed = [&](const std::function<void(record::v1::Envelope&)>& change) {
    erasure::v1::ErasureFile file = file_;
    change(*file.mutable_erasure()->mutable_tombstone());
    return VerifyErasureFile(MakeErasureFile(file, bundle_), bundle_, Now()).status();
  };
  EXPECT_THAT(changed([&](auto& tombstone) { tombstone = testing::SmallRecord(maker_, random_); }),
              HasReason("ERASURE_TOMBSTONE"));
  EXPECT_THAT(changed([](auto& tombstone) { tombstone.mutable_signature()->set_signature(std::string(64, 's')); }),
              HasReason("BAD_SIGNATURE"));
  EXPECT_THAT(changed([](auto& tombstone) { tombstone.add_sections()->set_slot(1); }), HasReason("ERASURE_FILE"));
}

TEST_F(ErasureFileTest, AKeyThatHasEndedLeavesADoubtOverItsHolderAlone) {
  registry::v1::MemberEntry entry = recycler_.Entry();
  entry.mutable_keys(1)->set_revoked_ms(NowMs() - 1);
  ReplaceHolderEntry(1, entry);
  const absl::StatusOr<ErasureReport> report = Verify();
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->judgement.verdict, Verdict::kIndeterminate);
  EXPECT_EQ(report->holders[0].acknowledgement->judgement.verdict, Verdict::kValid);
  EXPECT_EQ(report->holders[2].acknowledgement->judgement.verdict, Verdict::kIndeterminate);
  EXPECT_THAT(report->holders[2].acknowledgement->judgement.why, HasReason("KEY_REVOKED"));
}

TEST_F(ErasureFileTest, NothingIsSignedByAKeyThatWasNotInForceThen) {
  registry::v1::MemberEntry entry = recycler_.Entry();
  entry.mutable_keys(1)->set_not_before_ms(NowMs() - kHourMs / 2);
  ReplaceHolderEntry(1, entry);
  EXPECT_THAT(Verify(), HasReason("KEY_NOT_YET_VALID"));
  entry.mutable_keys(1)->clear_not_before_ms();
  entry.mutable_keys(1)->set_revoked_ms(NowMs() - 2 * kHourMs);
  ReplaceHolderEntry(1, entry);
  EXPECT_THAT(Verify(), HasReason("KEY_REVOKED")) << "it says that it was signed after that";
}

TEST_F(ErasureFileTest, IsOfOneBundleAndFormat) {
  const TrustBundle other = testing::Operator().Bundle();
  EXPECT_THAT(VerifyErasureFile(MakeErasureFile(file_, bundle_), other, Now()), HasReason("OTHER_TRUST_BUNDLE"));
  file_.set_format_version(2);
  file_.set_trust_bundle_version(1);
  file_.set_trust_bundle_hash(bundle_.body_hash().ToString());
  EXPECT_THAT(VerifyErasureFile(SealErasureFile(file_), bundle_, Now()), HasReason("ERASURE_FILE"));
  EXPECT_THAT(VerifyErasureFile("", bundle_, Now()), HasReason("ERASURE_FILE"));
}

}  // namespace
}  // namespace meguri::certs
