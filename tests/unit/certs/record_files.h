// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "certs/record_file.h"
#include "certs/strict_parse.h"
#include "record/audience.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/merkle.h"
#include "record/section.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

// Signed records, Member records, and the proofs of a record file.
namespace meguri::certs::testing {

inline constexpr size_t kSmallSlots = 8;

// `header`, filled up to a first version of `publisher` if it says nothing else, with `sections`, signed by `key`.
inline record::v1::Envelope SignedRecord(record::v1::Header header, const std::vector<record::SectionDraft>& sections,
                                         const std::string& publisher, const SigningKey& key, Random& random) {
  if (header.record_id().empty()) {
    header.set_record_id(record::RecordId::Make(random).ToString());
    header.set_version(1);
  }
  header.set_format_version(record::kFormatVersion);
  header.set_publisher(publisher);
  header.set_issue_time_ms(NowMs());
  const record::SealedSections sealed =
      ValueOf(record::SealSections(Participant(publisher), ValueOf(record::RecordId::Parse(header.record_id())),
                                   header.version(), sections, kSmallSlots, random));
  for (const record::Hash& digest : sealed.digests) {
    header.add_section_digests(digest.ToString());
  }
  const record::Header made = ValueOf(record::Header::Make(header));
  record::v1::Envelope envelope;
  envelope.set_header(made.bytes());
  envelope.mutable_sections()->Assign(sealed.sections.begin(), sealed.sections.end());
  *envelope.mutable_signature() = ValueOf(record::SignBatch({made.hash()}, KeyIdOf(publisher, key), key, random))[0];
  return envelope;
}

// The Member record of `entry`, as `key` signs it in the operator's name.
inline record::v1::Envelope MemberRecord(const registry::v1::MemberEntry& entry, const SigningKey& key,
                                         Random& random) {
  record::v1::Header header;
  header.set_record_type(record::v1::RECORD_TYPE_MEMBER);
  return SignedRecord(header,
                      {{record::v1::SECTION_TYPE_MEMBER, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                        SerializeForSigning(entry)}},
                      kOperator, key, random);
}

// A small record of `member`.
inline record::v1::Envelope SmallRecord(const Member& member, Random& random) {
  record::v1::Header header;
  header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
  return SignedRecord(
      header, {{record::v1::SECTION_TYPE_OWNER_NOTE, record::AudienceSet::Of({record::v1::AUDIENCE_OWNER}), "a note"}},
      member.id, *member.record_key, random);
}

// That the entry `index` of a feed of `size` entries names `header` and opens `slots`, as `feed_key` signs it.
inline record::v1::FeedProof ProofIn(const std::string& feed, const record::Header& header, uint64_t slots,
                                     const SigningKey& feed_key, uint64_t index = 2, uint64_t size = 5) {
  record::v1::FeedProof proof;
  proof.set_feed(feed);
  proof.set_epoch(1);
  proof.set_index(index);
  proof.set_entry(record::FeedEntry{header.hash(), slots}.Encode());
  std::vector<record::Hash> leaves;
  leaves.reserve(size);
  for (uint64_t i = 0; i < size; ++i) {
    leaves.push_back(record::LeafHash(i == index ? proof.entry() : std::string(1, static_cast<char>(i))));
  }
  const auto path = ValueOf(record::InclusionProof(index, size, [&](uint32_t level, uint64_t node) {
    const size_t width = size_t{1} << level;
    return absl::StatusOr<record::Hash>(record::RootOf(absl::MakeConstSpan(leaves).subspan(node * width, width)));
  }));
  for (const record::Hash& hash : path) {
    proof.add_path(hash.ToString());
  }
  const record::FeedKey key{header.publisher(), ValueOf(record::FeedName::Parse(feed)), 1};
  proof.set_checkpoint(ValueOf(
      record::SignCheckpoint({record::FeedOrigin(testing::kFederation, key), size, record::RootOf(leaves)}, feed_key)));
  return proof;
}

inline uint64_t AllSlots(const record::Header& header) { return ~uint64_t{0} >> (64 - header.slot_count()); }

// What a file of a record of `publisher` is made of, with proofs that open every slot in its feed `owner`.
inline RecordFileParts PartsOf(const record::v1::Envelope& record, const Member& publisher,
                               const record::v1::Envelope& entry, const Operator& federation) {
  const record::Header header = ValueOf(record::Header::Parse(record.header()));
  const record::Header member = ValueOf(record::Header::Parse(entry.header()));
  return {record,
          {ProofIn("owner", header, AllSlots(header), *publisher.feed_key)},
          entry,
          ProofIn("registry", member, AllSlots(member), *federation.feed_key)};
}

}  // namespace meguri::certs::testing
