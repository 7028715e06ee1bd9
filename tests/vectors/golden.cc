// SPDX-License-Identifier: Apache-2.0
#include "tests/vectors/golden.h"

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "record/batch.h"
#include "record/dsse.h"
#include "record/section.h"
#include "tests/testing/fakes.h"

namespace meguri::vectors {
namespace {

using record::AudienceSet;
using record::Hash;
using record::Header;
using record::RecordId;
using record::SectionDraft;
using record::v1::Section;
using testing::SeededRandom;

constexpr uint64_t kSeed = 1;
constexpr uint64_t kFirstIssueMs = 1'790'000'000'000;

const AudienceSet kPublic = AudienceSet::Of({record::v1::AUDIENCE_PUBLIC});
const AudienceSet kMembers = AudienceSet::Of({record::v1::AUDIENCE_MEMBERS});
const AudienceSet kRecyclers = AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS});
const AudienceSet kRecyclersAuthorities =
    AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS, record::v1::AUDIENCE_AUTHORITIES});
const AudienceSet kOwner = AudienceSet::Of({record::v1::AUDIENCE_OWNER});

std::string SeedOf(absl::string_view purpose) { return record::Sha256({"meguri golden ", purpose, " key"}).ToString(); }

// Publishes versions of one record after each other.
class Author {
 public:
  Author(record::ParticipantId publisher, record::v1::RecordType type, size_t slot_count, Random& random)
      : publisher_(std::move(publisher)),
        type_(type),
        slot_count_(slot_count),
        record_id_(RecordId::Make(random)),
        random_(random) {}

  GoldenRecord Publish(absl::string_view name, const std::vector<SectionDraft>& drafts) {
    return Publish(name, drafts, nullptr);
  }
  GoldenRecord End(absl::string_view name, const record::v1::Tombstone& tombstone) {
    return Publish(name, {}, &tombstone);
  }
  const RecordId& record_id() const { return record_id_; }

 private:
  GoldenRecord Publish(absl::string_view name, const std::vector<SectionDraft>& drafts,
                       const record::v1::Tombstone* tombstone) {
    ++version_;
    record::SealedSections sealed =
        record::SealSections(publisher_, record_id_, version_, drafts, slot_count_, random_).value();
    record::v1::Header message;
    message.set_format_version(record::kFormatVersion);
    message.set_record_id(record_id_.ToString());
    message.set_version(version_);
    message.set_record_type(type_);
    message.set_publisher(publisher_.text());
    message.set_issue_time_ms(kFirstIssueMs + 1000 * version_);
    message.set_previous_header_hash(previous_);
    for (const Hash& digest : sealed.digests) {
      message.add_section_digests(digest.ToString());
    }
    if (tombstone != nullptr) {
      *message.mutable_tombstone() = *tombstone;
    }
    Header header = Header::Make(message).value();
    previous_ = header.hash().ToString();
    return {std::string(name), std::move(header), std::move(sealed.sections), {}};
  }

  const record::ParticipantId publisher_;
  const record::v1::RecordType type_;
  const size_t slot_count_;
  const RecordId record_id_;
  Random& random_;
  uint64_t version_ = 0;
  std::string previous_;
};

std::vector<GoldenRecord> PublishRecords(const record::ParticipantId& publisher, Random& random) {
  Author product(publisher, record::v1::RECORD_TYPE_PRODUCT_PASSPORT, 8, random);
  Author material(publisher, record::v1::RECORD_TYPE_MATERIAL_PASSPORT, 16, random);
  record::v1::Tombstone superseded;
  superseded.set_reason(record::v1::TOMBSTONE_REASON_SUPERSEDED);
  superseded.set_successor_record_id(material.record_id().ToString());
  const SectionDraft composition = {record::v1::SECTION_TYPE_COMPOSITION, kRecyclersAuthorities, "97 % PET, 3 % PE"};
  std::vector<GoldenRecord> records;
  records.push_back(product.Publish("product-1", {{record::v1::SECTION_TYPE_IDENTITY, kPublic, "ペットボトル 500 ml"},
                                                  composition,
                                                  {record::v1::SECTION_TYPE_OWNER_NOTE, kOwner, ""}}));
  records.push_back(material.Publish("material-1", {{record::v1::SECTION_TYPE_MATERIAL_IDENTITY, kMembers, "flake"},
                                                    {record::v1::SECTION_TYPE_COMPOSITION, kRecyclers, "PET"}}));
  records.push_back(
      product.Publish("product-2", {{record::v1::SECTION_TYPE_IDENTITY, kPublic, "ペットボトル 600 ml"}, composition}));
  records.push_back(product.End("product-3", superseded));
  records.push_back(
      material.Publish("material-2", {{record::v1::SECTION_TYPE_MATERIAL_IDENTITY, kMembers, "regranulate"}}));
  return records;
}

}  // namespace

std::string BatchSignedBytes(const Hash& key_id, uint64_t size, const Hash& root) {
  std::string body = key_id.ToString();
  AppendU64(size, body);
  absl::StrAppend(&body, root.view());
  return record::DssePae(record::kBatchPayloadType, body);
}

const GoldenRecord& Golden::Find(absl::string_view name) const {
  for (const GoldenRecord& candidate : records) {
    if (candidate.name == name) {
      return candidate;
    }
  }
  Invariant(false, absl::StrCat("there is a golden record ", name));
  return records.front();
}

Golden MakeGolden() {
  SeededRandom random(kSeed);
  record::ParticipantId publisher = record::ParticipantId::Parse(kPublisher).value();
  std::unique_ptr<record::RawSigner> signer = record::RawSigner::Ed25519(SeedOf("record"));
  const Hash key_id = record::KeyId(kFederation, publisher, signer->public_key().spki());
  std::vector<GoldenRecord> records = PublishRecords(publisher, random);
  const std::vector<std::vector<size_t>> batches = {{0}, {1, 2, 3}, {4}};
  for (const std::vector<size_t>& batch : batches) {
    std::vector<Hash> hashes;
    hashes.reserve(batch.size());
    for (const size_t position : batch) {
      hashes.push_back(records[position].header.hash());
    }
    const std::vector<record::v1::BatchSignature> signatures =
        record::SignBatch(hashes, key_id, *signer, random).value();
    for (size_t i = 0; i < batch.size(); ++i) {
      records[batch[i]].signature = signatures[i];
    }
  }
  return {std::move(publisher),
          std::move(signer),
          record::RawSigner::Ed25519(SeedOf("feed")),
          key_id,
          std::move(records),
          batches};
}

std::string P256Spki() {
  // The key of RFC 6979 A.2.5.
  std::string spki;
  Invariant(FromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
                    spki),
            "a constant");
  return spki;
}

GoldenRecord P256Record() {
  SeededRandom random(kSeed + 1);
  const record::ParticipantId publisher = record::ParticipantId::Parse(kP256Publisher).value();
  Author author(publisher, record::v1::RECORD_TYPE_CIRCULATION_EVENT, 8, random);
  GoldenRecord event = author.Publish("event-1", {{record::v1::SECTION_TYPE_CIRCULATION_EVENT,
                                                   AudienceSet::Of({record::v1::AUDIENCE_SUBJECT}), "shredded"}});
  // ECDSA signatures are not repeatable here, so this one was made once, with the deterministic nonce of RFC 6979.
  std::string signature;
  Invariant(FromHex("2b35cd66408eaad9cab9d96cab0d5b3957c3e5868ce351fc4e0133af441e934f"
                    "e87a2bf97f000695f8940eb94037cde766415adcbe4ba64dac4ad2b50c37921a",
                    signature),
            "a constant");
  event.signature.set_key_id(record::KeyId(kFederation, publisher, P256Spki()).ToString());
  event.signature.set_size(1);
  event.signature.set_signature(signature);
  return event;
}

uint64_t SlotsOf(const GoldenRecord& record, const std::vector<uint32_t>& types) {
  uint64_t slots = 0;
  for (const Section& section : record.sections) {
    for (const uint32_t type : types) {
      slots |= section.type() == type ? uint64_t{1} << section.slot() : 0;
    }
  }
  return slots;
}

record::v1::Envelope EnvelopeOf(const GoldenRecord& record, uint64_t slots) {
  record::v1::Envelope envelope;
  envelope.set_header(record.header.bytes());
  *envelope.mutable_signature() = record.signature;
  for (const Section& section : record.sections) {
    if ((slots >> section.slot() & 1) != 0) {
      *envelope.add_sections() = section;
    }
  }
  return envelope;
}

std::vector<std::pair<std::string, std::string>> GoldenFiles() {
  const Golden golden = MakeGolden();
  return {{"record.json", RecordVectors(golden).ToText()},   {"feed.json", FeedVectors(golden).ToText()},
          {"newer.json", NewerVectors(golden).ToText()},     {"audit.json", AuditVectors(golden).ToText()},
          {"heads.json", HeadsVectors(golden).ToText()},     {"receipt.json", ReceiptVectors(golden).ToText()},
          {"erasure.json", ErasureVectors(golden).ToText()}, {"refused.json", RefusedVectors(golden).ToText()}};
}

}  // namespace meguri::vectors
