// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "node/policy/decision.h"
#include "node/query/identifier.h"
#include "node/query/page_token.h"
#include "node/query/reader_view.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"

namespace meguri::node {

inline constexpr int kPageSizeDefault = 50;
inline constexpr int kPageSizeMax = 1000;
inline constexpr size_t kPageBytesMax = size_t{24} << 20;  // a page ends early rather than exceed a message

inline constexpr size_t kBatchIdentifiersMax = 256;  // in one BatchResolve

// After so many candidates a page ends, full or not: no question keeps a thread for long.
inline constexpr int kListCandidatesMax = 4096;

struct ListQuery {
  std::string filter;
  std::string publisher;  // empty: all
  int page_size = 0;      // 0: default; more than the maximum means the maximum
  std::string page_token;
  ReadMask mask;
};

struct ListPage {
  std::vector<RecordView> records;
  std::string next_page_token;
};

struct HistoryQuery {
  record::RecordId record_id;
  std::string publisher;  // empty: all
  int page_size = 0;      // as ListQuery
  std::string page_token;
};

struct HistoryPage {
  std::vector<RecordView> versions;
  std::string next_page_token;
};

// What one line of a list names.
struct IdentifierAnswer {
  absl::Status status;          // if not OK: why nothing
  std::vector<size_t> records;  // positions in ResolvedBatch::records; with reason AMBIGUOUS_MODEL: the candidates
  // Asked for, and no record here is of it: `records` are of its batch or of its model.
  std::string missing_serial;
  std::string missing_lot;
};

struct ResolvedBatch {
  std::vector<IdentifierAnswer> answers;  // in the order of the identifiers; perhaps only of the first ones
  std::vector<RecordView> records;        // each once: what is named, and the ancestors of that
};

struct FoundRecords;

// Answers questions about records. What a reader may see is decided before sections are read; what it may not see is
// as if it were not there. Thread-safe.
class Query {
 public:
  // `hosted` are the members whose records this node publishes.
  Query(const storage::SnapshotReader& store, std::vector<record::ParticipantId> hosted, PageTokens tokens);

  // One version, 0: the newest that is visible. FAILED_PRECONDITION with reason RECORD_ID_AMBIGUOUS if several members
  // but none of this node published under that ID and `publisher` names none. NOT_FOUND with reason RECORD_NOT_FOUND if
  // there is none, or it is hidden.
  absl::StatusOr<RecordView> Get(const QueryReader& reader, const record::RecordId& record_id,
                                 absl::string_view publisher, uint64_t version, const ReadMask& mask) const;
  // By record ID, ascending: an order that says nothing; or by a number that the filter asks for. A page may hold fewer
  // records than asked for, or none, and still have a next one. INVALID_ARGUMENT with reason FILTER or PAGE_TOKEN.
  absl::StatusOr<ListPage> List(const QueryReader& reader, const ListQuery& query) const;
  // The visible versions by publisher, oldest first, without sections. NOT_FOUND as Get; INVALID_ARGUMENT with reason
  // PAGE_TOKEN.
  absl::StatusOr<HistoryPage> History(const QueryReader& reader, const HistoryQuery& query) const;
  // The records that a scanned identifier names: the item's passports, else the batch's, else the model's.
  // INVALID_ARGUMENT with reason IDENTIFIER.
  absl::StatusOr<std::vector<RecordView>> Resolve(const QueryReader& reader, absl::string_view identifier) const;
  // The same for each line of a list, which may also name a model by its number, and the visible ancestors of what is
  // found: the batch and the model of an item. The header and the identity come whatever the mask says. Once the
  // records would exceed kPageBytesMax, the answers end; a line whose records exceed it alone has RESOURCE_EXHAUSTED
  // with reason MESSAGE_SIZE. One that names nothing has NOT_FOUND with reason RECORD_NOT_FOUND; a model number that
  // leads to several records FAILED_PRECONDITION with reason AMBIGUOUS_MODEL. INVALID_ARGUMENT with reason BATCH_COUNT
  // unless there are 1 to kBatchIdentifiersMax.
  absl::StatusOr<ResolvedBatch> BatchResolve(const QueryReader& reader, absl::Span<const ProductQuestion> questions,
                                             ReadMask mask) const;

  // What the owner asks: the scope and the sections of an own record, and the feeds that it enters. NOT_FOUND as Get.
  struct OwnRecord {
    RecordScope scope;
    std::vector<SectionFacts> facts;
    bool has_ended = false;
    std::vector<record::FeedName> feeds;  // ascending
  };
  absl::StatusOr<OwnRecord> FindOwn(const record::ParticipantId& owner, const record::RecordId& record_id,
                                    uint64_t version) const;

 private:
  class Batch;  // a ResolvedBatch that is being made

  absl::StatusOr<ListPage> ListIn(ReaderView& view, const ListQuery& query) const;
  static absl::StatusOr<FoundRecords> ResolveIn(ReaderView& view, const Identifier& identifier, const ReadMask& mask);

  const storage::SnapshotReader& store_;
  const std::vector<record::ParticipantId> hosted_;
  const PageTokens tokens_;
};

}  // namespace meguri::node
