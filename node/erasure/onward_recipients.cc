// SPDX-License-Identifier: Apache-2.0
#include "node/erasure/onward_recipients.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "node/erasure/deliveries.h"
#include "node/erasure/limits.h"
#include "record/audit_row.h"
#include "record/feed.h"
#include "storage/audit_rows.h"
#include "storage/feeds.h"

namespace meguri::node {
namespace {

bool IsOfOffer(const audit::v1::Row& row) {
  const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(row.feed().name());
  return name.ok() && name->kind() == "offer";
}

}  // namespace

absl::StatusOr<std::set<record::ParticipantId>> OnwardRecipients(const storage::StoreReader& store,
                                                                 const record::ParticipantId& holder,
                                                                 const record::Header& tombstone) {
  std::set<record::ParticipantId> recipients;
  const record::ParticipantId& publisher = tombstone.publisher();
  MEGURI_ASSIGN_OR_RETURN(const Deliveries deliveries, Deliveries::Of(store, holder, tombstone));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> feed,
                          storage::Feeds(store).Find(storage::AuditFeedOf(holder)));
  if (!feed.has_value()) {
    return recipients;
  }
  const storage::AuditRows rows(store);
  uint64_t start = 0;
  while (true) {
    // Rows of what the publisher was given itself are among them.
    MEGURI_ASSIGN_OR_RETURN(const std::vector<uint64_t> indices,
                            rows.Concerning(*feed, publisher, start, kOnwardRowsAtOnce));
    for (const uint64_t index : indices) {
      MEGURI_ASSIGN_OR_RETURN(const record::AuditRow row, rows.Read(*feed, index));
      if (deliveries.Tells(row.message()) && IsOfOffer(row.message())) {
        MEGURI_ASSIGN_OR_RETURN(record::ParticipantId reader, record::ParticipantId::Parse(row.message().reader()));
        recipients.insert(std::move(reader));
      }
    }
    if (indices.size() < kOnwardRowsAtOnce) {
      break;
    }
    start = indices.back() + 1;
  }
  recipients.erase(holder);
  return recipients;
}

}  // namespace meguri::node
