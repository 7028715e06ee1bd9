// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/types/optional.h"
#include "certs/erasure.h"
#include "certs/erasure_file.h"
#include "tests/fuzz/record_file_seed.h"

namespace meguri::fuzz {

inline constexpr char kHolder[] = "0199:holder";

// A file of an erasure that one holder has acknowledged and another has not; the same in every run but for the hash of
// its trust bundle.
class ErasureFileSeed {
 public:
  ErasureFileSeed(const FixedFederation& federation, const certs::TrustBundle& bundle) : seed_(federation, bundle) {
    erasure::v1::ErasureFile file;
    *file.mutable_publisher_entry() = seed_.publisher_entry();
    *file.mutable_publisher_entry_proof() =
        RecordFileSeed::Proof("registry", seed_.publisher_entry(), federation.feed_signer());
    *file.mutable_erasure()->mutable_tombstone() = Tombstone();
    const auto request = About<erasure::v1::ErasureRequest>();
    *file.mutable_erasure()->mutable_request() = certs::SignErasureRequest(request, *record_key_).value();
    *file.mutable_answers()->add_acknowledgements() = Acknowledgement(federation);
    auto account = About<erasure::v1::ErasureAccount>();
    account.set_request_hash(record::Sha256(file.erasure().request().body()).ToString());
    for (const char* id : {kHolder, "0199:other"}) {
      erasure::v1::AskedHolder& asked = *account.add_holders();
      asked.set_participant_id(id);
      asked.set_found_ms(NowMs());
    }
    const std::string& ack = file.answers().acknowledgements(0).acknowledgement().body();
    account.mutable_holders(0)->set_acknowledgement_hash(record::Sha256(ack).ToString());
    *file.mutable_answers()->mutable_account() = certs::SignErasureAccount(account, *record_key_).value();
    file_ = certs::MakeErasureFile(std::move(file), bundle);
  }
  const std::string& file() const { return file_; }
  const record::Header& tombstone() const { return *tombstone_; }

 private:
  static constexpr uint64_t kDayMs = 86'400'000;

  static uint64_t NowMs() { return static_cast<uint64_t>(absl::ToUnixMillis(Now())); }

  template <typename Message>
  Message About() const {
    Message message;
    message.set_format_version(1);
    message.set_federation(kFederation);
    message.set_publisher(kPublisher);
    message.set_record_id(tombstone_->record_id().ToString());
    message.set_tombstone_hash(tombstone_->hash().ToString());
    message.set_time_ms(NowMs());
    if constexpr (std::is_same_v<Message, erasure::v1::ErasureRequest>) {
      message.set_basis(erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
      message.set_deadline_ms(NowMs() + kDayMs);
    }
    return message;
  }

  record::v1::Envelope Tombstone() {
    record::v1::Header header;
    header.set_format_version(record::kFormatVersion);
    header.set_record_id("ABCDEFGHIJKLMNOP");
    header.set_version(2);
    header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    header.set_publisher(kPublisher);
    header.set_issue_time_ms(NowMs());
    header.set_previous_header_hash(record::Sha256("version 1").ToString());
    for (size_t i = 0; i < kSlots; ++i) {
      header.add_section_digests(record::Sha256(std::to_string(i)).ToString());
    }
    header.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_ERASED);
    tombstone_ = record::Header::Make(header).value();
    record::v1::Envelope envelope;
    envelope.set_header(tombstone_->bytes());
    const record::Hash key_id =
        record::KeyId(kFederation, record::ParticipantId::Parse(kPublisher).value(), record_key_->public_key().spki());
    *envelope.mutable_signature() = record::SignBatch({tombstone_->hash()}, key_id, *record_key_, random_).value()[0];
    return envelope;
  }

  erasure::v1::ProvenAck Acknowledgement(const FixedFederation& federation) {
    const std::unique_ptr<record::RawSigner> feed_key = FixedSigner("feed key of a holder");
    registry::v1::MemberEntry entry;
    entry.set_participant_id(kHolder);
    entry.mutable_name()->set_en("Holder Ltd.");
    entry.set_kind(registry::v1::MEMBER_KIND_COMPANY_SME);
    entry.set_status(registry::v1::MEMBER_STATUS_LEFT);
    *entry.add_keys() = KeyMessage(*feed_key, registry::v1::KEY_PURPOSE_FEED);
    auto ack = About<erasure::v1::ErasureAck>();
    ack.set_holder(kHolder);
    ack.set_versions(1);
    ack.set_newest_version(1);
    erasure::v1::ProvenAck proven;
    *proven.mutable_acknowledgement() = certs::SignErasureAck(ack, *feed_key).value();
    *proven.mutable_holder_entry() =
        seed_.Signed(record::v1::RECORD_TYPE_MEMBER, record::v1::SECTION_TYPE_MEMBER, certs::SerializeForSigning(entry),
                     kOperator, federation.record_signer());
    *proven.mutable_holder_entry_proof() =
        RecordFileSeed::Proof("registry", proven.holder_entry(), federation.feed_signer());
    return proven;
  }

  testing::SeededRandom random_;
  const std::unique_ptr<record::RawSigner> record_key_ = FixedSigner(kMemberRecordKey);
  RecordFileSeed seed_;
  absl::optional<record::Header> tombstone_;
  std::string file_;
};

}  // namespace meguri::fuzz
