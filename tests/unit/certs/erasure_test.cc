// SPDX-License-Identifier: Apache-2.0
#include "certs/erasure.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "record/batch.h"
#include "record/dsse.h"
#include "record/erasure.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using meguri::testing::IsOk;
using testing::KeyMessage;
using testing::kFederation;
using testing::Member;
using testing::NowMs;
using testing::Participant;
using testing::ValueOf;

constexpr char kMaker[] = "9999:maker";
constexpr char kHolder[] = "9999:holder";
constexpr char kOther[] = "9999:other";

class ErasureSignaturesTest : public ::testing::Test {
 protected:
  ErasureSignaturesTest() {
    maker_.id = kMaker;
    holder_.id = kHolder;
    other_.id = kOther;
    SetRegistry(maker_.Entry(), holder_.Entry());
    erasure_ = Erasure(Tombstone(record::v1::TOMBSTONE_REASON_ERASED), maker_);
  }
  void SetRegistry(const registry::v1::MemberEntry& maker, const registry::v1::MemberEntry& holder) {
    registry_ = ValueOf(Registry::Make(operator_.Bundle(), {maker, holder, other_.Entry()}));
  }
  record::Header Tombstone(record::v1::TombstoneReason reason) {
    record::v1::Header header;
    header.set_format_version(1);
    header.set_record_id("ABCDEFGHIJKLMNOP");
    header.set_version(2);
    header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    header.set_publisher(kMaker);
    header.set_issue_time_ms(NowMs());
    header.set_previous_header_hash(record::Sha256("version 1").ToString());
    for (int i = 0; i < 8; ++i) {
      header.add_section_digests(record::Sha256("digest").ToString());
    }
    header.mutable_tombstone()->set_reason(reason);
    return ValueOf(record::Header::Make(header));
  }
  erasure::v1::ErasureRequest RequestFor(const record::Header& tombstone) {
    erasure::v1::ErasureRequest request;
    request.set_format_version(1);
    request.set_federation(kFederation);
    request.set_publisher(kMaker);
    request.set_record_id(tombstone.record_id().ToString());
    request.set_tombstone_hash(tombstone.hash().ToString());
    request.set_basis(erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
    request.set_time_ms(NowMs());
    request.set_deadline_ms(NowMs() + 1000);
    return request;
  }
  // Signed by the record key of `signer`.
  erasure::v1::SignedErasure Erasure(const record::Header& tombstone, const Member& signer) {
    erasure::v1::SignedErasure erasure;
    *erasure.mutable_request() = ValueOf(SignErasureRequest(RequestFor(tombstone), *signer.record_key));
    erasure.mutable_tombstone()->set_header(tombstone.bytes());
    *erasure.mutable_tombstone()->mutable_signature() =
        ValueOf(record::SignBatch({tombstone.hash()}, testing::KeyIdOf(signer.id, *signer.record_key),
                                  *signer.record_key, random_))
            .front();
    return erasure;
  }
  absl::StatusOr<OpenedErasure> Open(const erasure::v1::SignedErasure& erasure) const {
    return OpenErasure(erasure, *registry_, testing::Now());
  }
  erasure::v1::ErasureAck Ack() {
    const erasure::v1::ErasureRequest request = ValueOf(Open(erasure_)).request;
    erasure::v1::ErasureAck ack;
    ack.set_format_version(1);
    ack.set_federation(request.federation());
    ack.set_publisher(request.publisher());
    ack.set_record_id(request.record_id());
    ack.set_tombstone_hash(request.tombstone_hash());
    ack.set_holder(kHolder);
    ack.set_time_ms(NowMs());
    return ack;
  }
  absl::Status OpenAck(const record::v1::SignedBody& ack) {
    return OpenErasureAck(ack, ValueOf(Open(erasure_)).request, Participant(kHolder), *registry_, testing::Now())
        .status();
  }
  static registry::v1::MemberEntry WithKeyRevoked(registry::v1::MemberEntry entry, int key, uint64_t at_ms) {
    entry.mutable_keys(key)->set_revoked_ms(at_ms);
    return entry;
  }

  meguri::testing::SeededRandom random_;
  testing::Operator operator_;
  Member maker_;
  Member holder_;
  Member other_;
  std::shared_ptr<const Registry> registry_;
  erasure::v1::SignedErasure erasure_;
};

TEST_F(ErasureSignaturesTest, ThePublishersWordIsTaken) {
  const auto opened = Open(erasure_);
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->tombstone.version(), 2U);
  EXPECT_EQ(opened->request.basis(), erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
}

TEST_F(ErasureSignaturesTest, NobodyElseHasTheRecordErased) {
  const record::Header tombstone = Tombstone(record::v1::TOMBSTONE_REASON_ERASED);
  EXPECT_THAT(Open(Erasure(tombstone, other_)), HasReason("UNKNOWN_KEY")) << "a key ID names the publisher";
  erasure::v1::SignedErasure erasure = erasure_;
  *erasure.mutable_request()->mutable_signatures(0) = Erasure(tombstone, other_).request().signatures(0);
  erasure.mutable_request()->mutable_signatures(0)->set_key_id(testing::KeyIdOf(kOther, *other_.record_key).ToString());
  EXPECT_THAT(Open(erasure), HasReason("WRONG_KEY"));
  erasure = erasure_;
  erasure.mutable_request()->mutable_signatures(0)->set_key_id(testing::KeyIdOf(kMaker, *maker_.feed_key).ToString());
  EXPECT_THAT(Open(erasure), HasReason("WRONG_KEY")) << "nor does the publisher's feed key";
}

TEST_F(ErasureSignaturesTest, WhatWasChangedIsRefused) {
  erasure::v1::SignedErasure erasure = erasure_;
  erasure::v1::ErasureRequest request = RequestFor(Tombstone(record::v1::TOMBSTONE_REASON_ERASED));
  request.set_basis(erasure::v1::ERASURE_BASIS_TRADE_SECRET);
  erasure.mutable_request()->set_body(*record::EncodeErasureRequest(request));
  EXPECT_THAT(Open(erasure), HasReason("BAD_SIGNATURE"));
  erasure = erasure_;
  erasure.mutable_tombstone()->mutable_signature()->set_signature(std::string(64, 's'));
  EXPECT_THAT(Open(erasure), HasReason("BAD_SIGNATURE"));
  erasure = erasure_;
  erasure.mutable_request()->set_payload_type(record::kErasureAckPayloadType);
  EXPECT_THAT(Open(erasure), HasReason("PAYLOAD_TYPE"));
  erasure = erasure_;
  *erasure.mutable_request()->add_signatures() = erasure.request().signatures(0);
  EXPECT_THAT(Open(erasure), HasReason("SIGNATURE_MISSING")) << "two of them";
}

TEST_F(ErasureSignaturesTest, OnlyATombstoneThatErasesIsAReason) {
  EXPECT_THAT(Open(Erasure(Tombstone(record::v1::TOMBSTONE_REASON_WITHDRAWN), maker_)), HasReason("ERASURE_TOMBSTONE"));
  erasure::v1::SignedErasure erasure = erasure_;
  erasure.mutable_tombstone()->set_header(Tombstone(record::v1::TOMBSTONE_REASON_WITHDRAWN).bytes());
  EXPECT_THAT(Open(erasure), HasReason("ERASURE_TOMBSTONE"));
}

TEST_F(ErasureSignaturesTest, OfAnotherFederationOrTimeNothingIsTaken) {
  const record::Header tombstone = Tombstone(record::v1::TOMBSTONE_REASON_ERASED);
  erasure::v1::SignedErasure erasure = erasure_;
  erasure::v1::ErasureRequest request = RequestFor(tombstone);
  request.set_federation("other.example");
  *erasure.mutable_request() = ValueOf(SignErasureRequest(request, *maker_.record_key));
  EXPECT_THAT(Open(erasure), HasReason("ERASURE_FEDERATION"));
  request = RequestFor(tombstone);
  request.set_time_ms(NowMs() + 600'000);
  request.set_deadline_ms(NowMs() + 700'000);
  *erasure.mutable_request() = ValueOf(SignErasureRequest(request, *maker_.record_key));
  EXPECT_THAT(Open(erasure), HasReason("ERASURE_TIME"));
}

TEST_F(ErasureSignaturesTest, ARevokedKeyAsksForNothing) {
  SetRegistry(WithKeyRevoked(maker_.Entry(), 0, NowMs() - 1), holder_.Entry());
  EXPECT_THAT(Open(erasure_), HasReason("KEY_REVOKED"));
}

TEST_F(ErasureSignaturesTest, TheHoldersFeedKeyAcknowledges) {
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(Ack(), *holder_.feed_key))), IsOk());
}

TEST_F(ErasureSignaturesTest, AForgedAcknowledgementIsRefused) {
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(Ack(), *other_.feed_key))), HasReason("UNKNOWN_KEY"));
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(Ack(), *holder_.record_key))), HasReason("WRONG_KEY"));
  record::v1::SignedBody ack = ValueOf(SignErasureAck(Ack(), *holder_.feed_key));
  ack.mutable_signatures(0)->set_signature(std::string(64, 's'));
  EXPECT_THAT(OpenAck(ack), HasReason("BAD_SIGNATURE"));
  erasure::v1::ErasureAck changed = Ack();
  changed.set_record_id("another record..");
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(changed, *holder_.feed_key))), HasReason("ERASURE_OTHER"));
  changed = Ack();
  changed.set_tombstone_hash(record::Sha256("another").ToString());
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(changed, *holder_.feed_key))), HasReason("ERASURE_OTHER"));
  changed = Ack();
  changed.set_holder(kOther);
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(changed, *other_.feed_key))), HasReason("ERASURE_OTHER"));
  changed = Ack();
  changed.set_federation("other.example");
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(changed, *holder_.feed_key))), HasReason("ERASURE_FEDERATION"));
  changed = Ack();
  changed.set_time_ms(NowMs() + 600'000);
  EXPECT_THAT(OpenAck(ValueOf(SignErasureAck(changed, *holder_.feed_key))), HasReason("ERASURE_TIME"));
}

TEST_F(ErasureSignaturesTest, ARevokedFeedKeyAcknowledgesNothing) {
  const record::v1::SignedBody ack = ValueOf(SignErasureAck(Ack(), *holder_.feed_key));
  SetRegistry(maker_.Entry(), WithKeyRevoked(holder_.Entry(), 1, NowMs() - 1));
  EXPECT_THAT(OpenAck(ack), HasReason("KEY_REVOKED"));
}

}  // namespace
}  // namespace meguri::certs
