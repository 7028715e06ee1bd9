// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/audience.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/section.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"
#include "tests/testing/fakes.h"

// Small valid things to store.
namespace meguri::storage::testing {

inline record::ParticipantId Member(absl::string_view text) {
  auto member = record::ParticipantId::Parse(text);
  Invariant(member.ok(), "a sample participant ID is valid");
  return *std::move(member);
}

inline record::FeedName Name(absl::string_view text) {
  auto name = record::FeedName::Parse(text);
  Invariant(name.ok(), "a sample feed name is valid");
  return *std::move(name);
}

inline HeldFeed OwnFeed(absl::string_view member, absl::string_view name, uint64_t epoch = 1) {
  return {Member(member), {Member(member), Name(name), epoch}};
}

inline absl::Status Apply(OrderedStore& store, Transaction& transaction) {
  WriteBatch batch;
  transaction.MoveTo(batch);
  return store.Apply(batch);
}

// One version of a record with two sections, of types 1 (PUBLIC) and 3 (RECYCLERS).
struct SampleRecord {
  record::Header header;
  v1::StoredRecord stored;
  std::vector<record::v1::Section> sections;
};

inline record::v1::BatchSignature SampleSignature(Random& random) {
  record::v1::BatchSignature signature;
  const auto key_id = random.Bytes<32>();
  const auto bytes = random.Bytes<64>();
  signature.set_key_id(std::string(key_id.begin(), key_id.end()));
  signature.set_size(1);
  signature.set_signature(std::string(bytes.begin(), bytes.end()));
  return signature;
}

inline SampleRecord MakeSample(const record::ParticipantId& publisher, const record::RecordId& record_id,
                               uint64_t version, Random& random, bool own = true, absl::string_view more_payload = "") {
  const std::vector<record::SectionDraft> drafts = {
      {1, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}), absl::StrCat("an identity", more_payload)},
      {3, record::AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS}), "a composition"}};
  auto sealed = record::SealSections(publisher, record_id, version, drafts, 8, random);
  Invariant(sealed.ok(), "sample sections can be sealed");
  record::v1::Header message;
  message.set_format_version(record::kFormatVersion);
  message.set_record_id(record_id.ToString());
  message.set_version(version);
  message.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
  message.set_publisher(publisher.text());
  message.set_issue_time_ms(1'790'000'000'000);
  if (version > 1) {
    message.set_previous_header_hash(record::Sha256("the version before").ToString());
  }
  for (const record::Hash& digest : sealed->digests) {
    message.add_section_digests(digest.ToString());
  }
  auto header = record::Header::Make(message);
  Invariant(header.ok(), "a sample header is valid");
  v1::StoredRecord stored;
  stored.set_header(header->bytes());
  stored.set_signature(SampleSignature(random).SerializeAsString());
  stored.set_first_seen_ms(1'790'000'000'001);
  stored.set_own(own);
  for (const record::v1::Section& section : sealed->sections) {
    if (own) {
      auto* slot = stored.add_slots();
      slot->set_slot(section.slot());
      slot->set_type(section.type());
      slot->set_audiences(section.audiences());
    }
  }
  return {*std::move(header), std::move(stored), std::move(sealed->sections)};
}

}  // namespace meguri::storage::testing
