// SPDX-License-Identifier: Apache-2.0
#include "node/follow/unread.h"

#include <vector>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "passport/record_terms.h"
#include "record/header.h"
#include "storage/index.h"
#include "storage/records.h"

namespace meguri::node {
namespace {

// The header, if it can be read and is one of the publisher of all feeds that brought it.
absl::StatusOr<absl::optional<record::Header>> ReadHeader(const storage::StoreReader& store, storage::Arrival arrival) {
  const storage::Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(arrival));
  absl::StatusOr<record::Header> header = record::Header::Parse(stored.header());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(arrival));
  for (const storage::FeedMembership& membership : memberships) {
    MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, storage::Feeds(store).Describe(membership.feed));
    if (!header.ok() || header->publisher() != feed.key.publisher) {
      return absl::optional<record::Header>();
    }
  }
  return header.ok() ? absl::make_optional(*std::move(header)) : absl::optional<record::Header>();
}

absl::Status Interpret(const storage::StoreReader& store, storage::Arrival arrival, const record::Header& header,
                       storage::CommitScope& scope) {
  const storage::Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(arrival));
  MEGURI_ASSIGN_OR_RETURN(const bool has_place, records.Interpret(scope.transaction, arrival, header));
  for (const storage::FeedMembership& membership : memberships) {
    if (has_place) {
      MEGURI_RETURN_IF_ERROR(storage::Index(store).Replace(scope.transaction, membership.feed, header, arrival,
                                                           passport::RecordTerms(header)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> CountUnread(const storage::StoreReader& store, const storage::HeldFeed& feed) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, storage::Feeds(store).Find(feed));
  return id.has_value() ? storage::Records(store).CountUnread(*id) : 0;
}

absl::Status InterpretUnread(const storage::StoreReader& store, storage::Committer& committer) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::Arrival> unread, storage::Records(store).ListUnread());
  for (const storage::Arrival arrival : unread) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<record::Header> header, ReadHeader(store, arrival));
    if (header.has_value()) {
      MEGURI_RETURN_IF_ERROR(committer.SubmitAndWait(
          [&](storage::CommitScope& scope) { return Interpret(store, arrival, *header, scope); }));
    }
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
