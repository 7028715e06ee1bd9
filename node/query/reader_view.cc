// SPDX-License-Identifier: Apache-2.0
#include "node/query/reader_view.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/arena.h"
#include "meguri/record/v1/record.pb.h"
#include "record/audience.h"
#include "record/header.h"
#include "record/heads_feed.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

using storage::Posting;
using storage::VersionRef;

// Whether a record published here has sections, and none that is public: then its header is not public either.
bool HidesEvenItsHeader(const storage::v1::StoredRecord& stored) {
  return stored.own() && stored.slots_size() > 0 &&
         std::none_of(stored.slots().begin(), stored.slots().end(), [](const storage::v1::StoredSlot& slot) {
           return SectionTraits{slot.slot(), slot.type(), slot.audiences()}.is_public();
         });
}

constexpr size_t kArenaBytes = 4096;  // on the stack; holds what is stored of most records

}  // namespace

absl::Status RecordNotFound() {
  return Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND", "There is no such record that you may read.");
}

RecordScope ScopeOf(const storage::v1::StoredRecord& stored, const record::ParticipantId& publisher) {
  return {publisher,
          stored.product_group(),
          {stored.jurisdictions().begin(), stored.jurisdictions().end()},
          {stored.addressees().begin(), stored.addressees().end()},
          {stored.subjects().begin(), stored.subjects().end()},
          {}};
}

absl::StatusOr<std::vector<OfferedSlots>> ReadOffers(const storage::Records& records, const storage::Feeds& feeds,
                                                     storage::Arrival arrival, absl::Span<const SectionFacts> facts) {
  std::vector<OfferedSlots> offers;
  if (std::none_of(facts.begin(), facts.end(),
                   [](const SectionFacts& section) { return section.audiences.Has(record::v1::AUDIENCE_PARTNERS); })) {
    return offers;
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(arrival));
  for (const storage::FeedMembership& membership : memberships) {
    MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, feeds.Describe(membership.feed));
    if (feed.is_own() && feed.key.name.kind() == "offer") {
      offers.push_back({std::string(feed.key.name.scope()), membership.slots});
    }
  }
  return offers;
}

ReaderView::ReaderView(const storage::SnapshotReader& store, const std::vector<record::ParticipantId>& hosted,
                       const QueryReader& reader)
    : hosted_(hosted), reader_(reader), snapshot_(store.Snapshot()), records_(*snapshot_), feeds_(*snapshot_) {}

absl::StatusOr<absl::optional<RecordView>> ReaderView::Open(const VersionRef& ref, const ReadMask& mask) {
  char first_block[kArenaBytes];
  google::protobuf::Arena arena(first_block, sizeof(first_block));
  auto& stored = *google::protobuf::Arena::CreateMessage<storage::v1::StoredRecord>(&arena);
  MEGURI_RETURN_IF_ERROR(records_.Read(ref.arrival, stored));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> slots, VisibleSlots(ref, stored));
  if (!slots.has_value()) {
    return absl::optional<RecordView>();
  }
  RecordView view;
  view.header_hash = ref.header_hash;
  view.source = stored.own() ? RecordSource::kOwn : RecordSource::kReplica;
  MEGURI_ASSIGN_OR_RETURN(view.key_id, storage::ParseKeyId(stored));
  MEGURI_ASSIGN_OR_RETURN(view.is_frozen, IsFrozen(ref, stored));
  if (mask.sections && *slots != 0) {
    MEGURI_RETURN_IF_ERROR(AddSections(ref.arrival, *slots, mask, view.envelope));
  }
  if (reader_.reader.participant != ref.publisher) {
    MEGURI_ASSIGN_OR_RETURN(view.disclosed, DisclosedBy(ref, stored, view.envelope));
  }
  if (mask.header) {
    view.envelope.set_header(std::move(*stored.mutable_header()));
  }
  if (mask.signature) {
    view.envelope.set_signature(std::move(*stored.mutable_signature()));
  }
  return absl::optional<RecordView>(std::move(view));
}

absl::StatusOr<absl::optional<RecordView>> ReaderView::OpenNewest(absl::Span<const VersionRef> versions,
                                                                  const ReadMask& mask) {
  for (size_t i = versions.size(); i > 0; --i) {
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> view, Open(versions[i - 1], mask));
    if (view.has_value()) {
      view->latest_version = versions[i - 1].version;
      return view;
    }
  }
  return absl::optional<RecordView>();
}

absl::StatusOr<absl::optional<RecordView>> ReaderView::OpenOnlyNewest(const record::RecordId& record_id,
                                                                      absl::string_view publisher,
                                                                      const ReadMask& mask) {
  MEGURI_ASSIGN_OR_RETURN(const storage::Newest known, records_.FindNewest(record_id));
  if (!known.only.has_value() || (!publisher.empty() && known.only->publisher.text() != publisher)) {
    return absl::optional<RecordView>();
  }
  return OpenNewest(absl::MakeConstSpan(&*known.only, 1), mask);
}

absl::StatusOr<RecordView> ReaderView::Get(const record::RecordId& record_id, absl::string_view publisher,
                                           uint64_t version, const ReadMask& mask) {
  MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> newest, OpenOnlyNewest(record_id, publisher, mask));
  if (newest.has_value() && (version == 0 || version == newest->latest_version)) {
    return *std::move(newest);
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions, Versions(record_id, publisher));
  // Versions of one publisher stand together. Anyone can publish under a record ID that became known, so a record
  // that was published here comes first, and of several others none is preferred.
  absl::optional<RecordView> found;
  for (size_t begin = 0; begin < versions.size();) {
    size_t end = begin + 1;
    while (end < versions.size() && versions[end].publisher == versions[begin].publisher) {
      ++end;
    }
    const absl::Span<const VersionRef> group = absl::MakeConstSpan(versions).subspan(begin, end - begin);
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, OpenVersion(group, version, mask));
    if (record.has_value() && record->source == RecordSource::kOwn) {
      return *std::move(record);
    }
    if (record.has_value() && found.has_value()) {
      return Error(absl::StatusCode::kFailedPrecondition, "RECORD_ID_AMBIGUOUS",
                   "Several members have published a record under this ID; say whose you mean.");
    }
    if (record.has_value()) {
      found = std::move(record);
    }
    begin = end;
  }
  return found.has_value() ? absl::StatusOr<RecordView>(*std::move(found)) : RecordNotFound();
}

absl::StatusOr<absl::optional<RecordView>> ReaderView::OpenMatch(const ListScan& scan, const ReadMask& mask) {
  MEGURI_ASSIGN_OR_RETURN(const uint64_t version, scan.MatchingVersion());
  if (version == 0) {
    return absl::optional<RecordView>();
  }
  const Posting& posting = scan.current();
  MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record,
                          OpenOnlyNewest(posting.record_id, posting.publisher.text(), mask));
  if (!record.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions,
                            Versions(posting.record_id, posting.publisher.text()));
    MEGURI_ASSIGN_OR_RETURN(record, OpenNewest(versions, mask));
  }
  return record.has_value() && record->latest_version == version ? std::move(record) : absl::nullopt;
}

absl::StatusOr<uint64_t> ReaderView::LatestVisible(absl::Span<const VersionRef> versions) {
  const ReadMask nothing{false, false, false, {}};
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<RecordView> newest, OpenNewest(versions, nothing));
  return newest.has_value() ? newest->latest_version : 0;
}

absl::StatusOr<absl::optional<RecordView>> ReaderView::OpenVersion(absl::Span<const VersionRef> versions,
                                                                   uint64_t version, const ReadMask& mask) {
  MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> newest, OpenNewest(versions, mask));
  if (!newest.has_value() || version == 0 || version == newest->latest_version) {
    return newest;
  }
  const auto asked =
      std::find_if(versions.begin(), versions.end(), [&](const VersionRef& ref) { return ref.version == version; });
  if (asked == versions.end()) {
    return absl::optional<RecordView>();
  }
  MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, Open(*asked, mask));
  if (record.has_value()) {
    record->latest_version = newest->latest_version;
  }
  return record;
}

absl::StatusOr<std::vector<VersionRef>> ReaderView::Versions(const record::RecordId& record_id,
                                                             absl::string_view publisher) {
  MEGURI_ASSIGN_OR_RETURN(std::vector<VersionRef> versions, records_.FindVersions(record_id));
  if (!publisher.empty()) {
    versions.erase(std::remove_if(versions.begin(), versions.end(),
                                  [&](const VersionRef& ref) { return ref.publisher.text() != publisher; }),
                   versions.end());
  }
  return versions;
}

absl::StatusOr<std::vector<ReadableFeed>> ReaderView::ReadableFeeds(bool with_registry) {
  absl::optional<std::vector<ReadableFeed>>& known = readable_[with_registry ? 1 : 0];
  if (known.has_value()) {
    return *known;
  }
  std::vector<ReadableFeed> readable;
  for (const record::ParticipantId& hosted : hosted_) {
    MEGURI_ASSIGN_OR_RETURN(const auto held, feeds_.HeldBy(hosted));
    for (const auto& [feed, id] : held) {
      const bool is_left_out = feed.key.name == record::HeadsFeed() ||  // it names no records
                               (feed.key.name == record::FeedName::Registry() && !with_registry);
      if (is_left_out) {
        continue;
      }
      if (HoldsReplica(feed) || (feed.is_own() && MayFollow(reader_.reader, feed.key.publisher, feed.key.name))) {
        readable.push_back({id, feed.key.publisher});
      }
    }
  }
  known = readable;
  return readable;
}

absl::Status ReaderView::AddSections(storage::Arrival arrival, uint64_t slots, const ReadMask& mask,
                                     record::v1::CarriedEnvelope& envelope) {
  MEGURI_ASSIGN_OR_RETURN(std::vector<std::string> sections, records_.ReadSectionBytes(arrival, slots));
  for (std::string& bytes : sections) {
    if (!mask.section_types.empty()) {
      record::v1::Section section;
      if (!section.ParseFromString(bytes)) {
        return storage::ValueDamaged("section");
      }
      if (!mask.section_types.contains(section.type())) {
        continue;
      }
    }
    envelope.add_sections(std::move(bytes));
  }
  return absl::OkStatus();
}

namespace {

// By what a slot, or if none is named any of them, is open: what no decision opens is a copy.
void TakeDecision(const std::vector<Decision>& decisions, absl::optional<uint32_t> slot, Disclosure& of) {
  const auto decision = std::find_if(decisions.begin(), decisions.end(), [&slot](const Decision& candidate) {
    return candidate.allowed && (!slot.has_value() || candidate.slot == *slot);
  });
  const bool is_decided = decision != decisions.end();
  of.rule = is_decided ? std::string(decision->rule) : kRuleOfCopies;
  of.grant = is_decided ? decision->grant : "";
  of.purpose = is_decided ? decision->purpose : 0;
}

}  // namespace

absl::StatusOr<std::vector<Disclosure>> ReaderView::DisclosedBy(const VersionRef& ref,
                                                                const storage::v1::StoredRecord& stored,
                                                                const record::v1::CarriedEnvelope& envelope) {
  std::vector<SectionTraits> narrow;
  std::vector<uint64_t> sizes;
  for (const std::string& section : envelope.sections()) {
    const absl::optional<SectionTraits> traits = PeekSection(section);
    if (!traits.has_value()) {
      return storage::ValueDamaged("section");
    }
    if (!traits->is_public()) {
      narrow.push_back(*traits);
      sizes.push_back(section.size());
    }
  }
  // Whatever the mask leaves out, an answer says that there is such a record.
  const bool is_hidden = HidesEvenItsHeader(stored);
  if (narrow.empty() && !is_hidden) {
    return std::vector<Disclosure>();
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Decision> decisions, DecisionsFor(ref, stored));
  Disclosure of{ref.publisher, header.record_id(), ref.version, 0, {}, 0, kRuleOfCopies, "", "", 0};
  std::vector<Disclosure> disclosed;
  for (size_t i = 0; i < narrow.size(); ++i) {
    TakeDecision(decisions, narrow[i].slot, of);
    AddDisclosed(of, narrow[i], of.rule, sizes[i], disclosed);
  }
  if (disclosed.empty()) {
    TakeDecision(decisions, absl::nullopt, of);
    disclosed.push_back(of);
  }
  return disclosed;
}

absl::StatusOr<std::vector<Decision>> ReaderView::DecisionsFor(const VersionRef& ref,
                                                               const storage::v1::StoredRecord& stored) const {
  if (!stored.own()) {
    return std::vector<Decision>();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SectionFacts> facts, FactsOf(stored));
  MEGURI_ASSIGN_OR_RETURN(const RecordScope scope, ScopeWithOffers(ref, stored, facts));
  return Decide(reader_.reader, scope, facts);
}

absl::StatusOr<RecordScope> ReaderView::ScopeWithOffers(const VersionRef& ref, const storage::v1::StoredRecord& stored,
                                                        absl::Span<const SectionFacts> facts) const {
  RecordScope scope = ScopeOf(stored, ref.publisher);
  if (reader_.reader.grants != nullptr && reader_.reader.participant != ref.publisher) {
    MEGURI_ASSIGN_OR_RETURN(scope.offers, ReadOffers(records_, feeds_, ref.arrival, facts));
  }
  return scope;
}

absl::StatusOr<absl::optional<uint64_t>> ReaderView::VisibleSlots(const VersionRef& ref,
                                                                  const storage::v1::StoredRecord& stored) {
  uint64_t slots = 0;
  bool visible = false;
  if (stored.own() && stored.slots_size() > 0) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<SectionFacts> facts, FactsOf(stored));
    MEGURI_ASSIGN_OR_RETURN(const RecordScope scope, ScopeWithOffers(ref, stored, facts));
    slots = AllowedSlots(reader_.reader, scope, facts);
    visible = slots != 0;
  }
  if (!visible) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records_.FeedsOf(ref.arrival));
    for (const storage::FeedMembership& membership : memberships) {
      MEGURI_ASSIGN_OR_RETURN(const bool holds, Holds(membership.feed));
      if (holds) {
        visible = true;
        slots |= membership.slots;
      }
    }
  }
  return visible ? absl::make_optional(slots) : absl::nullopt;
}

bool ReaderView::HoldsReplica(const storage::HeldFeed& feed) const {
  const bool is_readers = reader_.is_client && reader_.reader.participant == feed.holder;
  const bool is_open = reader_.sees_public_copies && feed.key.name == record::FeedName::Public();
  return !feed.is_own() && (is_readers || is_open);
}

absl::StatusOr<bool> ReaderView::Holds(storage::FeedId id) {
  const auto known = holds_.find(id);
  if (known != holds_.end()) {
    return known->second;
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, feeds_.Describe(id));
  const bool holds = feed.is_own() ? MayFollow(reader_.reader, feed.key.publisher, feed.key.name) : HoldsReplica(feed);
  holds_.emplace(id, holds);
  return holds;
}

absl::StatusOr<bool> ReaderView::IsFrozen(const VersionRef& ref, const storage::v1::StoredRecord& stored) {
  if (stored.own()) {
    return false;
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
  return records_.IsFrozen(ref.publisher, header.record_id());
}

}  // namespace meguri::node
