// SPDX-License-Identifier: Apache-2.0
#include "node/access/backfill.h"

#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "node/access/offer_feeds.h"
#include "node/policy/own_version.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/record_id.h"
#include "storage/feeds.h"
#include "storage/records.h"
#include "storage/settings.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

// The version that an entry of the owner's feed names, if an offer may open something of it and none is newer.
absl::StatusOr<absl::optional<OwnVersion>> ReadCandidate(const storage::Records& records, const std::string& entry,
                                                         const storage::CommitScope& scope) {
  MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry parsed, record::FeedEntry::Parse(entry));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records.FindByHash(parsed.header_hash));
  if (!arrival.has_value()) {
    return storage::ValueMissing("the record that an own feed names");
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(scope.transaction, *arrival));
  MEGURI_ASSIGN_OR_RETURN(std::vector<SectionFacts> facts, FactsOf(stored));
  if (!HasPartnerSections(facts)) {
    return absl::optional<OwnVersion>();
  }
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(stored.header()));
  MEGURI_ASSIGN_OR_RETURN(
      const absl::optional<storage::VersionRef> next,
      records.FindVersion(scope.transaction, header.publisher(), header.record_id(), header.version() + 1));
  if (next.has_value()) {
    return absl::optional<OwnVersion>();
  }
  return absl::make_optional(OwnVersion{std::move(header), *arrival, std::move(facts), stored.product_group()});
}

}  // namespace

// Whatever an offer may open of a record is in the owner's feed: it is not open to all members.
absl::StatusOr<bool> FillPiece(const storage::StoreReader& store, const record::ParticipantId& member,
                               const OfferTerms& offer, storage::CommitScope& scope) {
  const storage::Feeds feeds(store);
  const storage::Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId offer_id, record::RecordId::ParseHex(offer.id));
  MEGURI_ASSIGN_OR_RETURN(storage::v1::StoredBackfill progress,
                          storage::Settings(store).Backfill(scope.transaction, offer_id));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> owner_feed,
                          feeds.Find({member, {member, record::FeedName::Owner(), 1}}));
  std::vector<std::string> entries;
  if (owner_feed.has_value() && !progress.done()) {
    MEGURI_ASSIGN_OR_RETURN(entries, feeds.ReadEntries(*owner_feed, progress.position(), kBackfillAtOnce));
  }
  OfferFeeds offer_feeds(store, scope, member);
  for (const std::string& entry : entries) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<OwnVersion> version, ReadCandidate(records, entry, scope));
    if (!version.has_value()) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const RecordKeys keys,
                            offer_feeds.KeysOf(*version, !offer.selector.product_lines().empty()));
    if (Selects(offer.selector, keys)) {
      MEGURI_RETURN_IF_ERROR(offer_feeds.Enter(*version, offer));
    }
  }
  progress.set_position(progress.position() + entries.size());
  progress.set_done(entries.size() < kBackfillAtOnce);
  storage::Settings::PutBackfill(scope.transaction, offer_id, progress);
  return progress.done();
}

}  // namespace meguri::node
