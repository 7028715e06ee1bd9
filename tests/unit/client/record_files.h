// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "certs/strict_parse.h"
#include "client/sign.h"
#include "client/verify.h"
#include "record/audience.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/merkle.h"
#include "record/section.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

// Signed records and Member records, for tests of this folder.
namespace meguri::client::testing {

using certs::testing::KeyIdOf;
using certs::testing::Member;
using certs::testing::Operator;
using certs::testing::Participant;
using certs::testing::ValueOf;

// `draft` sealed and signed by `key` for `publisher`.
inline record::v1::Publication Signed(const VersionDraft& draft, const std::string& publisher,
                                      const certs::SigningKey& key, Random& random) {
  record::v1::Publication publication = ValueOf(Seal(draft, Participant(publisher), certs::testing::Now(), random));
  const absl::Status status = Sign({&publication}, KeyIdOf(publisher, key), key, random);
  Invariant(status.ok(), status.ToString());
  return publication;
}

// The Member record of `entry`, as `key` signs it in the operator's name.
inline record::v1::Envelope MemberRecord(const registry::v1::MemberEntry& entry, const certs::SigningKey& key,
                                         Random& random) {
  passport::RecordDraft draft;
  draft.record_type = record::v1::RECORD_TYPE_MEMBER;
  draft.sections.push_back({record::v1::SECTION_TYPE_MEMBER, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                            certs::SerializeForSigning(entry)});
  return Signed(ValueOf(FirstVersion(draft, random)), certs::testing::kOperator, key, random).envelope();
}

// A small record of `member`.
inline record::v1::Envelope SmallRecord(const Member& member, Random& random) {
  passport::RecordDraft draft;
  draft.record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
  draft.sections.push_back(
      {record::v1::SECTION_TYPE_OWNER_NOTE, record::AudienceSet::Of({record::v1::AUDIENCE_OWNER}), "a note"});
  return Signed(ValueOf(FirstVersion(draft, random)), member.id, *member.record_key, random).envelope();
}

// That the entry `index` of a feed of `size` entries names `header` and opens `slots`, as `feed_key` signs it.
inline record::v1::FeedProof ProofIn(const std::string& feed, const record::Header& header, uint64_t slots,
                                     const certs::SigningKey& feed_key, uint64_t index = 2, uint64_t size = 5) {
  record::v1::FeedProof proof;
  proof.set_feed(feed);
  proof.set_epoch(1);
  proof.set_index(index);
  proof.set_entry(record::FeedEntry{header.hash(), slots}.Encode());
  std::vector<record::Hash> leaves;
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
  proof.set_checkpoint(ValueOf(record::SignCheckpoint(
      {record::FeedOrigin(certs::testing::kFederation, key), size, record::RootOf(leaves)}, feed_key)));
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

}  // namespace meguri::client::testing
