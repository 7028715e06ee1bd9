// SPDX-License-Identifier: Apache-2.0
#include "node/access/offer_feeds.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/status_macros.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/index_terms.h"
#include "passport/inheritance.h"
#include "passport/record_terms.h"
#include "record/feed.h"
#include "storage/index.h"

namespace meguri::node {
namespace {

using record::v1::Section;

uint64_t SlotsOf(const storage::v1::StoredRecord& stored, uint32_t type) {
  uint64_t slots = 0;
  for (const storage::v1::StoredSlot& slot : stored.slots()) {
    slots |= slot.type() == type ? uint64_t{1} << slot.slot() : 0;
  }
  return slots;
}

}  // namespace

bool HasPartnerSections(absl::Span<const SectionFacts> facts) {
  return std::any_of(facts.begin(), facts.end(),
                     [](const SectionFacts& section) { return section.audiences.Has(record::v1::AUDIENCE_PARTNERS); });
}

OfferFeeds::OfferFeeds(const storage::StoreReader& store, storage::CommitScope& scope,
                       const record::ParticipantId& member)
    : records_(store), scope_(scope), member_(member), store_(store) {}

absl::StatusOr<std::string> OfferFeeds::ParentOf(storage::Arrival arrival) const {
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records_.Read(scope_.transaction, arrival));
  MEGURI_ASSIGN_OR_RETURN(
      const std::vector<Section> sections,
      records_.ReadSections(scope_.transaction, arrival, SlotsOf(stored, record::v1::SECTION_TYPE_IDENTITY)));
  passport::v1::Identity identity;
  return !sections.empty() && identity.ParseFromString(sections.front().payload()) ? identity.parent_record_id() : "";
}

absl::StatusOr<std::vector<std::string>> OfferFeeds::AncestorsOf(storage::Arrival arrival) const {
  std::vector<std::string> ancestors;
  MEGURI_ASSIGN_OR_RETURN(std::string parent, ParentOf(arrival));
  while (!parent.empty() && ancestors.size() < passport::kParentsMax) {
    ancestors.push_back(parent);
    const absl::StatusOr<record::RecordId> id = record::RecordId::ParseHex(parent);
    if (!id.ok()) {
      break;
    }
    // A parent is the publisher's own. Where others use its ID too, what is above it is not looked for.
    MEGURI_ASSIGN_OR_RETURN(const storage::Newest newest, records_.FindNewest(scope_.transaction, *id));
    if (!newest.only.has_value() || newest.only->publisher != member_) {
      break;
    }
    MEGURI_ASSIGN_OR_RETURN(parent, ParentOf(newest.only->arrival));
  }
  return ancestors;
}

absl::StatusOr<RecordKeys> OfferFeeds::KeysOf(const OwnVersion& version, bool with_ancestors) const {
  RecordKeys keys{version.header.record_id().ToHex(),
                  static_cast<uint32_t>(version.header.message().record_type()),
                  version.product_group,
                  {}};
  if (with_ancestors) {
    MEGURI_ASSIGN_OR_RETURN(keys.ancestors, AncestorsOf(version.arrival));
  }
  return keys;
}

absl::StatusOr<std::vector<record::IndexTerm>> OfferFeeds::TermsOf(const OwnVersion& version,
                                                                   const OfferTerms& offer) const {
  uint64_t slots = 0;
  for (const SectionFacts& section : version.facts) {
    slots |= IsIndexedIn(offer, section) ? uint64_t{1} << section.slot : 0;
  }
  std::vector<record::IndexTerm> terms = passport::RecordTerms(version.header);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Section> sections,
                          records_.ReadSections(scope_.transaction, version.arrival, slots));
  for (const Section& section : sections) {
    std::vector<record::IndexTerm> found = passport::TermsOf(section.type(), section.payload());
    std::move(found.begin(), found.end(), std::back_inserter(terms));
  }
  return terms;
}

absl::Status OfferFeeds::Enter(const OwnVersion& version, const OfferTerms& offer) {
  const FeedSlots feed = OfferFeedFor(version.facts, offer);
  if (feed.slots == 0) {
    return absl::OkStatus();
  }
  storage::Transaction& transaction = scope_.transaction;
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id,
                          scope_.feeds.FindOrCreate(transaction, {member_, {member_, feed.feed, 1}}));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedMembership> known,
                          storage::Records::FindMembership(transaction, version.arrival, id));
  if (known.has_value()) {
    return absl::OkStatus();
  }
  const record::FeedEntry entry{version.header.hash(), feed.slots};
  MEGURI_ASSIGN_OR_RETURN(const uint64_t index, scope_.feeds.Append(transaction, id, entry.Encode()));
  storage::PutVersion place;
  place.arrival = version.arrival;
  MEGURI_RETURN_IF_ERROR(records_.PutMembership(transaction, place, {id, feed.slots, index}));
  MEGURI_RETURN_IF_ERROR(records_.AddFeed(transaction, version.arrival, id));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::IndexTerm> terms, TermsOf(version, offer));
  return storage::Index(store_).Replace(transaction, id, version.header, version.arrival, terms).status();
}

}  // namespace meguri::node
