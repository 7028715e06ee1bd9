// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "meguri/audit/v1/row.pb.h"
#include "record/audit_row.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// The audit feed of a member that this store is home to.
HeldFeed AuditFeedOf(const record::ParticipantId& member);

// The other members that a row of the audit feed of `member` concerns, and that may see it: the reader, and the
// publisher of what was given to somebody else. What a member's own clients read concerns nobody else.
std::vector<record::ParticipantId> PartiesOf(const audit::v1::Row& row, const record::ParticipantId& member);

// Rows of audit feeds, which lie beside the entries that name their hashes. Reading is stateless and thread-safe.
class AuditRows {
 public:
  explicit AuditRows(const StoreReader& store) : store_(store) {}

  // Appends `rows` to the audit feed of `member`; their numbers are given here. INVALID_ARGUMENT with the reasons of
  // record::AuditRow.
  static absl::Status Append(CommitScope& scope, const record::ParticipantId& member, absl::Span<audit::v1::Row> rows);
  // The row at `index`. DATA_LOSS with reason VALUE_MISSING or VALUE_DAMAGED if it is not the one that the feed's entry
  // names.
  absl::StatusOr<record::AuditRow> Read(FeedId feed, uint64_t index) const;
  // Up to `count` indices, from `start` on, of rows that concern `party` (PartiesOf).
  absl::StatusOr<std::vector<uint64_t>> Concerning(FeedId feed, const record::ParticipantId& party, uint64_t start,
                                                   size_t count) const;
  // Up to `count` indices before `end`, the greatest first.
  absl::StatusOr<std::vector<uint64_t>> ConcerningBefore(FeedId feed, const record::ParticipantId& party, uint64_t end,
                                                         size_t count) const;

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
