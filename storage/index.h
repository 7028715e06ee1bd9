// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
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

// Walks the postings of one field in one feed whose values are of one size and lie between two of them, both included:
// by (value, record ID, publisher), ascending. Not thread-safe.
class RangeCursor {
 public:
  RangeCursor(std::unique_ptr<Cursor> cursor, std::string prefix, std::string low, std::string high);
  // Goes to the first posting at or after (value, record_id, publisher); never before `low`.
  void Seek(absl::string_view value, const record::RecordId& record_id, absl::string_view publisher);
  void Next();
  bool Valid() const;
  // Of a cursor that is Valid.
  absl::string_view value() const;
  // DATA_LOSS if the entry cannot be read.
  absl::StatusOr<Posting> Get() const;
  absl::Status status() const;

 private:
  std::unique_ptr<Cursor> cursor_;
  std::string prefix_;
  std::string low_;
  std::string high_;
};

// All terms of a record in one feed, and the version that they were taken from.
struct RecordTerms {
  uint64_t version = 0;
  std::vector<record::IndexTerm> terms;
};

// The index: feed × term → records. An entry belongs to the feed of the section that it was taken from, so a reader's
// answer is the merge of the feeds that the reader holds and nothing is filtered afterwards. Stateless; thread-safe.
class Index {
 public:
  explicit Index(const StoreReader& store) : store_(store) {}

  PostingCursor Find(FeedId feed, const record::IndexTerm& term) const;
  // `low` and `high` have the same size.
  RangeCursor FindBetween(FeedId feed, absl::string_view field, const std::string& low, const std::string& high) const;
  // nullopt if the record is not in `feed`.
  absl::StatusOr<absl::optional<RecordTerms>> TermsOf(FeedId feed, const record::RecordId& record_id,
                                                      const record::ParticipantId& publisher) const;

  // Makes `terms` the terms of this record in `feed`; those of an earlier version in this feed go away. A tombstone has
  // none. Nothing happens if a later version is there already. Returns the bytes by which the store grew, as
  // storage/usage.h counts them; they may be less than none.
  absl::StatusOr<int64_t> Replace(Transaction& transaction, FeedId feed, const record::Header& header, Arrival arrival,
                                  absl::Span<const record::IndexTerm> terms) const;
  // Takes away what versions before the tombstone `header` have in `feed`. Returns as Replace does.
  absl::StatusOr<int64_t> Remove(Transaction& transaction, FeedId feed, const record::Header& header) const;
  // The same as Replace for the first version of a record here (PutVersion::is_first), of which no feed has terms yet.
  static int64_t Add(Transaction& transaction, FeedId feed, const record::Header& header, Arrival arrival,
                     absl::Span<const record::IndexTerm> terms);

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
