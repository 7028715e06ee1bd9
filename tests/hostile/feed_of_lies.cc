// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/feed_of_lies.h"

#include <utility>

#include "absl/types/span.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "meguri/passport/v1/identity.pb.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/merkle.h"
#include "tests/testing/fakes.h"

namespace meguri::hostile {
namespace {

constexpr uint64_t kIssueTimeMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

}  // namespace

Publisher::Publisher(certs::TrustBundle bundle, record::ParticipantId participant,
                     std::shared_ptr<const certs::SigningKey> record_key,
                     std::shared_ptr<const certs::SigningKey> feed_key)
    : bundle_(std::move(bundle)),
      participant_(std::move(participant)),
      record_key_(std::move(record_key)),
      feed_key_(std::move(feed_key)) {}

absl::StatusOr<Publisher> Publisher::Load(const std::string& data_folder) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bundle_bytes,
                          certs::ReadFile(data_folder + "/trust-bundle", certs::kTrustBundleBytesMax));
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, certs::TrustBundle::Open(bundle_bytes, SystemClock().Now()));
  MEGURI_ASSIGN_OR_RETURN(const std::string pem, certs::ReadFile(data_folder + "/certs/node.crt", certs::kPemBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate, certs::Certificate::ParsePem(pem));
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certificate.identity());
  MEGURI_ASSIGN_OR_RETURN(auto record_key, certs::SigningKey::Load(data_folder + "/keys/record.key"));
  MEGURI_ASSIGN_OR_RETURN(auto feed_key, certs::SigningKey::Load(data_folder + "/keys/feed.key"));
  return Publisher(std::move(bundle), identity.participant, std::move(record_key), std::move(feed_key));
}

record::Hash Publisher::KeyIdOf(const record::Signer& key) const {
  return record::KeyId(bundle_.federation(), participant_, key.public_key().spki());
}

std::string Publisher::OriginOf(const std::string& feed) const {
  return record::FeedOrigin(bundle_.federation(), {participant_, Must(record::FeedName::Parse(feed)), 1});
}

record::v1::Header Publisher::NewHeader(Random& random) const {
  record::v1::Header header;
  header.set_format_version(record::kFormatVersion);
  header.set_record_id(record::RecordId::Make(random).ToString());
  header.set_version(1);
  header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
  header.set_publisher(participant_.text());
  header.set_issue_time_ms(kIssueTimeMs);
  return header;
}

feed::v1::FeedItem Publisher::Seal(record::v1::Header header, const std::vector<record::SectionDraft>& drafts,
                                   Random& random, size_t slots) const {
  const record::RecordId record_id = Must(record::RecordId::Parse(header.record_id()));
  const record::SealedSections sealed = Must(record::SealSections(
      Must(record::ParticipantId::Parse(header.publisher())), record_id, header.version(), drafts, slots, random));
  for (const record::Hash& digest : sealed.digests) {
    header.add_section_digests(digest.ToString());
  }
  const record::Header made = Must(record::Header::Make(header));
  feed::v1::FeedItem item;
  record::FeedEntry entry{made.hash(), 0};
  for (const record::v1::Section& section : sealed.sections) {
    entry.slots |= uint64_t{1} << section.slot();
    *item.mutable_envelope()->add_sections() = section;
  }
  item.mutable_envelope()->set_header(made.bytes());
  SetEntry(entry, item);
  return item;
}

void Publisher::Sign(std::vector<feed::v1::FeedItem>& items, const record::Signer& key, Random& random) const {
  std::vector<record::Hash> hashes;
  hashes.reserve(items.size());
  for (const feed::v1::FeedItem& item : items) {
    hashes.push_back(record::HeaderHash(item.envelope().header()));
  }
  std::vector<record::v1::BatchSignature> signatures = Must(record::SignBatch(hashes, KeyIdOf(key), key, random));
  for (size_t i = 0; i < items.size(); ++i) {
    *items[i].mutable_envelope()->mutable_signature() = std::move(signatures[i]);
  }
}

std::vector<feed::v1::FeedItem> Publisher::MakeItems(uint64_t seed, size_t count) const {
  testing::SeededRandom random(seed);
  std::vector<feed::v1::FeedItem> items;
  items.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    items.push_back(Seal(NewHeader(random), PublicSections(absl::StrCat(seed, "-", i)), random));
  }
  Sign(items, *record_key_, random);
  return items;
}

std::vector<record::SectionDraft> PublicSections(absl::string_view serial) {
  passport::v1::Identity identity;
  identity.mutable_name()->set_ja("電池");
  identity.mutable_name()->set_en("Battery");
  identity.set_product_group("battery");
  identity.set_granularity(passport::v1::GRANULARITY_ITEM);
  identity.set_gtin("04912345000019");
  identity.set_serial(std::string(serial));
  const record::AudienceSet everyone = record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC});
  return {{record::v1::SECTION_TYPE_IDENTITY, everyone, identity.SerializeAsString()},
          {record::v1::SECTION_TYPE_CONSUMER_RETURN, everyone, "Bring it back to any shop."}};
}

record::FeedEntry EntryOf(const feed::v1::FeedItem& item) { return Must(record::FeedEntry::Parse(item.entry())); }

void SetEntry(const record::FeedEntry& entry, feed::v1::FeedItem& item) { item.set_entry(entry.Encode()); }

Feed::Feed(const Publisher& publisher, std::string name, std::vector<feed::v1::FeedItem> items)
    : publisher_(publisher), name_(std::move(name)), items_(std::move(items)) {
  for (const feed::v1::FeedItem& item : items_) {
    leaves_.push_back(record::LeafHash(item.entry()));
  }
}

record::Hash Feed::Root(size_t size) const { return record::RootOf(absl::MakeSpan(leaves_).first(size)); }

std::string Feed::Checkpoint(size_t size) const {
  return Must(record::SignCheckpoint({publisher_.OriginOf(name_), size, Root(size)}, publisher_.feed_key()));
}

feed::v1::FeedBatch Feed::Batch(size_t begin, size_t end, size_t target) const {
  feed::v1::FeedBatch batch;
  batch.set_feed(name_);
  batch.set_start(begin);
  for (size_t i = begin; i < end; ++i) {
    *batch.add_items() = items_[i];
  }
  const auto read = [this](uint32_t level, uint64_t index) -> absl::StatusOr<record::Hash> {
    const size_t width = size_t{1} << level;
    return record::RootOf(absl::MakeSpan(leaves_).subspan(index * width, width));
  };
  for (const record::Hash& hash : Must(record::ConsistencyProof(end, target, read))) {
    batch.add_consistency_path(hash.ToString());
  }
  return batch;
}

}  // namespace meguri::hostile
