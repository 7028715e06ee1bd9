// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "record/header.h"
#include "record/index_term.h"
#include "record/record_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/records.h"
#include "storage/transaction.h"

namespace meguri::storage {

// A record in the answer to a look-up.
struct Posting {
  record::RecordId record_id;
  record::ParticipantId publisher;
  uint64_t version = 0;
  Arrival arrival = 0;
};

// The stored value of a posting.
std::string WrapPosting(uint64_t version, Arrival arrival);

// Walks the postings of one term in one feed by (record ID, publisher), ascending. Not thread-safe.
class PostingCursor {
 public:
  PostingCursor(std::unique_ptr<Cursor> cursor, std::string prefix);
  // Goes to the first posting at or after (record_id, publisher).
  void Seek(const record::RecordId& record_id, absl::string_view publisher);
  void Next();
  bool Valid() const;
  // DATA_LOSS if the entry cannot be read.
  absl::StatusOr<Posting> Get() const;
  absl::Status status() const;

 private:
  std::unique_ptr<Cursor> cursor_;
  std::string prefix_;
};

// The index: feed × term → records. An entry belongs to the feed of the section that it was taken from, so a reader's
// answer is the merge of the feeds that the reader holds and nothing is filtered afterwards. Stateless; thread-safe.
class Index {
 public:
  explicit Index(const StoreReader& store) : store_(store) {}

  PostingCursor Find(FeedId feed, const record::IndexTerm& term) const;

  // Makes `terms` the terms of this record in `feed`; those of an earlier version in this feed go away. A tombstone has
  // none. Nothing happens if a later version is there already.
  absl::Status Replace(Transaction& transaction, FeedId feed, const record::Header& header, Arrival arrival,
                       absl::Span<const record::IndexTerm> terms) const;

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
