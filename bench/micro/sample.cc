// SPDX-License-Identifier: Apache-2.0
#include "bench/micro/sample.h"

#include "record/feed.h"
#include "record/header.h"
#include "storage/committer.h"

namespace meguri::bench {

Sample::Sample()
    : key_(Must(certs::SigningKey::Generate(record::KeyAlgorithm::kEd25519))),
      feed_{Must(record::ParticipantId::Parse("9999:reader")),
            {Must(record::ParticipantId::Parse("9999:maker")), record::FeedName::Public(), 1}} {
  const record::ParticipantId& maker = feed_.key.publisher;
  const record::Hash key_id = record::KeyId("bench.example", maker, key_->public_key().spki());
  records_ =
      std::make_unique<RecordSet>(RecordSet::Publisher{maker, *key_, key_id}, kPayloadBytesDefault, clock_, random_);
}

node::VerifiedBatch Sample::NextVerified(size_t count, uint64_t start) {
  node::VerifiedBatch batch;
  batch.start = start;
  for (const record::v1::Publication& publication : Must(records_->NextBatch(count))) {
    const record::v1::Envelope& envelope = publication.envelope();
    record::Header header = Must(record::Header::Parse(envelope.header()));
    const uint64_t slots = uint64_t{1} << envelope.sections(0).slot();
    const std::string entry = record::FeedEntry{header.hash(), slots}.Encode();
    const std::vector<record::v1::Section> sections = {envelope.sections(0)};
    std::vector<record::IndexTerm> terms = node::TermsOf(header, sections);
    batch.items.push_back({entry, slots, std::move(header), envelope.signature(), sections, std::move(terms), "", {}});
  }
  batch.size_after = start + count;
  return batch;
}

void Sample::Write(node::VerifiedBatch batch, storage::OrderedStore& store) {
  storage::Transaction transaction(store);
  storage::Feeds feeds(store);
  storage::CommitScope scope(transaction, feeds);
  node::FrozenRecords frozen;
  const absl::Status written =
      node::WriteBatchOf(feed_, batch, "note", {UINT64_MAX, UINT64_MAX}, clock_.Now(), store, scope, frozen);
  Invariant(written.ok(), written.ToString());
  storage::WriteBatch writes;
  transaction.MoveTo(writes);
  const absl::Status applied = store.Apply(writes);
  Invariant(applied.ok(), applied.ToString());
}

}  // namespace meguri::bench
