// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "certs/record_file.h"
#include "certs/strict_parse.h"
#include "record/audience.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/merkle.h"
#include "record/section.h"
#include "tests/fuzz/fixed_federation.h"

namespace meguri::fuzz {

inline constexpr char kPublisher[] = "0199:member";
inline constexpr char kMemberRecordKey[] = "record key of a member";
inline constexpr size_t kSlots = 8;
inline constexpr uint64_t kAllSlots = 0xff;

// A record file that is the same in every run but for the hash of its trust bundle, whose TLS root is not.
class RecordFileSeed {
 public:
  explicit RecordFileSeed(const FixedFederation& federation, const certs::TrustBundle& bundle) {
    registry::v1::MemberEntry entry;
    entry.set_participant_id(kPublisher);
    entry.mutable_name()->set_en("Meguri Ltd.");
    entry.set_kind(registry::v1::MEMBER_KIND_COMPANY_SME);
    entry.set_status(registry::v1::MEMBER_STATUS_LEFT);
    *entry.add_keys() = KeyMessage(*record_key_, registry::v1::KEY_PURPOSE_RECORD);
    *entry.add_keys() = KeyMessage(*feed_key_, registry::v1::KEY_PURPOSE_FEED);
    certs::RecordFileParts parts;
    parts.record = Signed(record::v1::RECORD_TYPE_PRODUCT_PASSPORT, record::v1::SECTION_TYPE_OWNER_NOTE, "a note",
                          kPublisher, *record_key_);
    parts.record_proofs = {Proof("public", parts.record, *feed_key_), Proof("owner", parts.record, *feed_key_)};
    parts.publisher_entry = Signed(record::v1::RECORD_TYPE_MEMBER, record::v1::SECTION_TYPE_MEMBER,
                                   certs::SerializeForSigning(entry), kOperator, federation.record_signer());
    publisher_entry_ = parts.publisher_entry;
    parts.publisher_entry_proof = Proof("registry", parts.publisher_entry, federation.feed_signer());
    record_ = parts.record;
    file_ = certs::MakeRecordFile(std::move(parts), bundle);
  }
  const std::string& file() const { return file_; }
  const record::v1::Envelope& record() const { return record_; }
  // The publisher's entry in the registry.
  const record::v1::Envelope& publisher_entry() const { return publisher_entry_; }

  // A first version with one section.
  record::v1::Envelope Signed(record::v1::RecordType record_type, uint32_t section_type, const std::string& payload,
                              const std::string& publisher, const record::Signer& signer) {
    const record::ParticipantId id = record::ParticipantId::Parse(publisher).value();
    const record::RecordId record_id = record::RecordId::Make(random_);
    const record::SealedSections sealed =
        record::SealSections(id, record_id, 1,
                             {{section_type, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}), payload}}, kSlots,
                             random_)
            .value();
    record::v1::Header header;
    header.set_format_version(record::kFormatVersion);
    header.set_record_id(record_id.ToString());
    header.set_version(1);
    header.set_record_type(record_type);
    header.set_publisher(publisher);
    header.set_issue_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(Now())));
    for (const record::Hash& digest : sealed.digests) {
      header.add_section_digests(digest.ToString());
    }
    const record::Header made = record::Header::Make(header).value();
    record::v1::Envelope envelope;
    envelope.set_header(made.bytes());
    envelope.mutable_sections()->Assign(sealed.sections.begin(), sealed.sections.end());
    const record::Hash key_id = record::KeyId(kFederation, id, signer.public_key().spki());
    *envelope.mutable_signature() = record::SignBatch({made.hash()}, key_id, signer, random_).value()[0];
    return envelope;
  }

  // The record is the second of two entries.
  static record::v1::FeedProof Proof(const std::string& feed, const record::v1::Envelope& envelope,
                                     const record::Signer& signer) {
    const record::Header header = record::Header::Parse(envelope.header()).value();
    const record::FeedKey key{header.publisher(), record::FeedName::Parse(feed).value(), 1};
    const record::Hash other = record::LeafHash("another entry");
    record::v1::FeedProof proof;
    proof.set_feed(feed);
    proof.set_epoch(1);
    proof.set_index(1);
    proof.set_entry(record::FeedEntry{header.hash(), kAllSlots}.Encode());
    proof.add_path(other.ToString());
    const record::Hash root = record::NodeHash(other, record::LeafHash(proof.entry()));
    proof.set_checkpoint(record::SignCheckpoint({record::FeedOrigin(kFederation, key), 2, root}, signer).value());
    return proof;
  }

 private:
  testing::SeededRandom random_;
  const std::unique_ptr<record::RawSigner> record_key_ = FixedSigner(kMemberRecordKey);
  const std::unique_ptr<record::RawSigner> feed_key_ = FixedSigner("feed key of a member");
  record::v1::Envelope record_;
  record::v1::Envelope publisher_entry_;
  std::string file_;
};

}  // namespace meguri::fuzz
