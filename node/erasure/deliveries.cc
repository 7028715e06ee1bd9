// SPDX-License-Identifier: Apache-2.0
#include "node/erasure/deliveries.h"

#include <algorithm>
#include <vector>

#include "base/status_macros.h"
#include "record/feed.h"
#include "storage/feeds.h"
#include "storage/membership.h"
#include "storage/records.h"

namespace meguri::node {
namespace {

constexpr absl::string_view kOfferFeeds = "offer";

}  // namespace

absl::StatusOr<Deliveries> Deliveries::Of(const storage::StoreReader& store, const record::ParticipantId& holder,
                                          const record::Header& tombstone) {
  Deliveries deliveries(tombstone);
  const storage::Records records(store);
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::VersionRef> versions, records.FindVersions(tombstone.record_id()));
  for (const storage::VersionRef& version : versions) {
    if (version.publisher != tombstone.publisher() || version.version >= tombstone.version()) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(version.arrival));
    for (const storage::FeedMembership& membership : memberships) {
      MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, feeds.Describe(membership.feed));
      const bool is_holders = feed.holder == holder && feed.key.publisher == tombstone.publisher();
      if (membership.slots == 0 || !is_holders) {
        continue;
      }
      const record::FeedName& name = feed.key.name;
      deliveries.opened_to_everyone_ =
          deliveries.opened_to_everyone_ || name == record::FeedName::Public() || name == record::FeedName::Members();
      // An entry of an offer's feed may have opened less before, and only the later one is known.
      const uint64_t index = name.kind() == kOfferFeeds ? 0 : membership.index.value_or(0);
      const auto known = deliveries.first_entries_.emplace(name.text(), index).first;
      known->second = std::min(known->second, index);
    }
  }
  return deliveries;
}

bool Deliveries::TellsOfFeed(absl::string_view name, uint64_t to) const {
  const auto first = first_entries_.find(std::string(name));
  return first != first_entries_.end() && to > first->second;
}

bool Deliveries::Tells(const audit::v1::Row& row) const {
  if (row.decision() != audit::v1::DECISION_DELIVERED || row.publisher() != tombstone_.publisher().text() ||
      row.reader() == row.publisher()) {
    return false;
  }
  if (row.has_feed() && TellsOfFeed(row.feed().name(), row.feed().to())) {
    return true;
  }
  return std::any_of(row.records().begin(), row.records().end(), [this](const audit::v1::RowRecord& record) {
    return record.record_id() == tombstone_.record_id().view() && record.version() < tombstone_.version() &&
           record.section_types_size() > 0;
  });
}

}  // namespace meguri::node
