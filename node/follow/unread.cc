// SPDX-License-Identifier: Apache-2.0
#include "node/follow/unread.h"

#include <vector>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "passport/record_terms.h"
#include "record/header.h"
#include "storage/index.h"
#include "storage/records.h"
#include "storage/usage.h"

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

// What is here already is counted whatever the quota.
absl::Status Charge(const storage::Usages& usages, const absl::optional<storage::UsageAccount>& account, int64_t grown,
                    storage::CommitScope& scope) {
  return account.has_value() ? usages.Add(scope.transaction, *account, 0, grown).status() : absl::OkStatus();
}

absl::Status Interpret(const storage::StoreReader& store, storage::Arrival arrival, const record::Header& header,
                       storage::CommitScope& scope) {
  const storage::Records records(store);
  const storage::Usages usages(store);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(arrival));
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(scope.transaction, arrival));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::UsageAccount> payer,
                          usages.PayerOf(scope.transaction, stored, arrival));
  MEGURI_ASSIGN_OR_RETURN(const storage::InterpretedRecord interpreted,
                          records.Interpret(scope.transaction, arrival, header));
  MEGURI_RETURN_IF_ERROR(Charge(usages, payer, interpreted.grown, scope));
  for (const storage::FeedMembership& membership : memberships) {
    if (interpreted.has_place) {
      MEGURI_ASSIGN_OR_RETURN(const int64_t grown,
                              storage::Index(store).Replace(scope.transaction, membership.feed, header, arrival,
                                                            passport::RecordTerms(header)));
      MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, storage::Feeds(store).Describe(membership.feed));
      MEGURI_RETURN_IF_ERROR(Charge(usages, storage::AccountOf(feed), grown, scope));
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
