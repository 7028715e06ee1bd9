// SPDX-License-Identifier: Apache-2.0
#include "node/query/query.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/arena.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/query/filter.h"
#include "node/query/list_scan.h"
#include "passport/index_terms.h"
#include "passport/inheritance.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

constexpr size_t kArenaBytes = 4096;  // on the stack; holds what is stored of most records

using storage::Posting;
using storage::VersionRef;

absl::Status NotFound() {
  return Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND", "There is no such record that you may read.");
}

RecordScope ScopeOf(const storage::v1::StoredRecord& stored, const record::ParticipantId& publisher) {
  return {publisher,
          stored.product_group(),
          {stored.jurisdictions().begin(), stored.jurisdictions().end()},
          {stored.addressees().begin(), stored.addressees().end()},
          {stored.subjects().begin(), stored.subjects().end()}};
}

absl::StatusOr<std::vector<SectionFacts>> FactsOf(const storage::v1::StoredRecord& stored) {
  std::vector<SectionFacts> facts;
  for (const storage::v1::StoredSlot& slot : stored.slots()) {
    MEGURI_ASSIGN_OR_RETURN(const record::AudienceSet audiences, record::AudienceSet::Parse(slot.audiences()));
    facts.push_back({slot.slot(), slot.type(), audiences});
  }
  return facts;
}

size_t PageSizeOf(int asked) {
  return static_cast<size_t>(asked <= 0 ? kPageSizeDefault : std::min(asked, kPageSizeMax));
}

// What a page token is bound to.
std::string QuestionOf(const QueryReader& reader, std::initializer_list<absl::string_view> parts) {
  std::string question =
      absl::StrCat(reader.is_client ? "client " : "node ",
                   reader.reader.participant.has_value() ? reader.reader.participant->text() : "", "\n");
  for (const absl::string_view part : parts) {
    absl::StrAppend(&question, part.size(), ":", part);
  }
  return question;
}

// Where a version stands in the order of a history: that of the stored keys.
std::string PlaceOf(const VersionRef& ref) {
  std::string place = absl::StrCat(ref.publisher.text(), std::string(1, '\0'));
  AppendU64(ref.version, place);
  return place;
}

// The versions of one publisher, which stand together, around `index`.
absl::Span<const VersionRef> GroupAt(const std::vector<VersionRef>& versions, size_t index) {
  size_t begin = index;
  size_t end = index + 1;
  while (begin > 0 && versions[begin - 1].publisher == versions[index].publisher) {
    --begin;
  }
  while (end < versions.size() && versions[end].publisher == versions[index].publisher) {
    ++end;
  }
  return absl::MakeConstSpan(versions).subspan(begin, end - begin);
}

}  // namespace

// One reader's view of one moment.
class Query::View {
 public:
  View(const Query& query, const QueryReader& reader)
      : query_(query), reader_(reader), snapshot_(query.store_.Snapshot()), records_(*snapshot_), feeds_(*snapshot_) {}

  // What the reader may see of one version. nullopt: nothing.
  absl::StatusOr<absl::optional<RecordView>> Open(const VersionRef& ref, const ReadMask& mask) {
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
    if (mask.header) {
      view.envelope.set_header(std::move(*stored.mutable_header()));
    }
    if (mask.signature) {
      view.envelope.set_signature(std::move(*stored.mutable_signature()));
    }
    if (mask.sections && *slots != 0) {
      MEGURI_RETURN_IF_ERROR(AddSections(ref.arrival, *slots, mask, view.envelope));
    }
    return absl::optional<RecordView>(std::move(view));
  }

  // The newest visible version of `versions` (of one publisher, ascending), with its sections.
  absl::StatusOr<absl::optional<RecordView>> OpenNewest(absl::Span<const VersionRef> versions, const ReadMask& mask) {
    for (size_t i = versions.size(); i > 0; --i) {
      MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> view, Open(versions[i - 1], mask));
      if (view.has_value()) {
        view->latest_version = versions[i - 1].version;
        return view;
      }
    }
    return absl::optional<RecordView>();
  }

  // The newest visible version of a record that one member alone has published, if that is its newest version of all.
  // nullopt: look at every version.
  absl::StatusOr<absl::optional<RecordView>> OpenOnlyNewest(const record::RecordId& record_id,
                                                            absl::string_view publisher, const ReadMask& mask) {
    MEGURI_ASSIGN_OR_RETURN(const storage::Newest known, records_.FindNewest(record_id));
    if (!known.only.has_value() || (!publisher.empty() && known.only->publisher.text() != publisher)) {
      return absl::optional<RecordView>();
    }
    return OpenNewest(absl::MakeConstSpan(&*known.only, 1), mask);
  }

  // As Query::Get.
  absl::StatusOr<RecordView> Get(const record::RecordId& record_id, absl::string_view publisher, uint64_t version,
                                 const ReadMask& mask) {
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
    return found.has_value() ? absl::StatusOr<RecordView>(*std::move(found)) : NotFound();
  }

  // The current candidate with its sections, if it matches and nothing newer is visible: a newer version, which the
  // reader may see through another feed, need not match any more.
  absl::StatusOr<absl::optional<RecordView>> OpenMatch(const ListScan& scan, const ReadMask& mask) {
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

  // The number of the newest visible version of `versions` (as above), 0 if there is none.
  absl::StatusOr<uint64_t> LatestVisible(absl::Span<const VersionRef> versions) {
    const ReadMask nothing{false, false, false, {}};
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<RecordView> newest, OpenNewest(versions, nothing));
    return newest.has_value() ? newest->latest_version : 0;
  }

  // The version that is asked for, 0: the newest, if it is visible.
  absl::StatusOr<absl::optional<RecordView>> OpenVersion(absl::Span<const VersionRef> versions, uint64_t version,
                                                         const ReadMask& mask) {
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

  absl::StatusOr<std::vector<VersionRef>> Versions(const record::RecordId& record_id, absl::string_view publisher) {
    MEGURI_ASSIGN_OR_RETURN(std::vector<VersionRef> versions, records_.FindVersions(record_id));
    if (!publisher.empty()) {
      versions.erase(std::remove_if(versions.begin(), versions.end(),
                                    [&](const VersionRef& ref) { return ref.publisher.text() != publisher; }),
                     versions.end());
    }
    return versions;
  }

  // The feeds that the reader holds here: its own and its replicas if it is a client, and what it may follow of the
  // members that this node hosts. The registry has questions of its own, so its records are listed only when asked for.
  absl::StatusOr<std::vector<ReadableFeed>> ReadableFeeds(bool with_registry) {
    absl::optional<std::vector<ReadableFeed>>& known = readable_[with_registry ? 1 : 0];
    if (known.has_value()) {
      return *known;
    }
    std::vector<ReadableFeed> readable;
    for (const record::ParticipantId& hosted : query_.hosted_) {
      MEGURI_ASSIGN_OR_RETURN(const auto held, feeds_.HeldBy(hosted));
      for (const auto& [feed, id] : held) {
        const bool is_readers_replica =
            reader_.is_client && !feed.is_own() && reader_.reader.participant == feed.holder;
        if (feed.key.name == record::FeedName::Registry() && !with_registry) {
          continue;
        }
        if (is_readers_replica || (feed.is_own() && MayFollow(reader_.reader, feed.key.publisher, feed.key.name))) {
          readable.push_back({id, feed.key.publisher});
        }
      }
    }
    known = readable;
    return readable;
  }

  const QueryReader& reader() const { return reader_; }
  const storage::StoreReader& snapshot() const { return *snapshot_; }

 private:
  absl::Status AddSections(storage::Arrival arrival, uint64_t slots, const ReadMask& mask,
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

  absl::StatusOr<absl::optional<uint64_t>> VisibleSlots(const VersionRef& ref,
                                                        const storage::v1::StoredRecord& stored) {
    uint64_t slots = 0;
    bool visible = false;
    if (stored.own() && stored.slots_size() > 0) {
      MEGURI_ASSIGN_OR_RETURN(const std::vector<SectionFacts> facts, FactsOf(stored));
      slots = AllowedSlots(reader_.reader, ScopeOf(stored, ref.publisher), facts);
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

  absl::StatusOr<bool> Holds(storage::FeedId id) {
    const auto known = holds_.find(id);
    if (known != holds_.end()) {
      return known->second;
    }
    MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, feeds_.Describe(id));
    const bool holds = feed.is_own() ? MayFollow(reader_.reader, feed.key.publisher, feed.key.name)
                                     : reader_.is_client && reader_.reader.participant == feed.holder;
    holds_.emplace(id, holds);
    return holds;
  }

  absl::StatusOr<bool> IsFrozen(const VersionRef& ref, const storage::v1::StoredRecord& stored) {
    if (stored.own()) {
      return false;
    }
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
    return records_.IsFrozen(ref.publisher, header.record_id());
  }

  const Query& query_;
  const QueryReader& reader_;
  std::unique_ptr<storage::StoreReader> snapshot_;
  storage::Records records_;
  storage::Feeds feeds_;
  absl::flat_hash_map<storage::FeedId, bool> holds_;
  absl::optional<std::vector<ReadableFeed>> readable_[2];  // without and with the registry
};

Query::Query(const storage::SnapshotReader& store, std::vector<record::ParticipantId> hosted, PageTokens tokens)
    : store_(store), hosted_(std::move(hosted)), tokens_(std::move(tokens)) {}

absl::StatusOr<RecordView> Query::Get(const QueryReader& reader, const record::RecordId& record_id,
                                      absl::string_view publisher, uint64_t version, const ReadMask& mask) const {
  return View(*this, reader).Get(record_id, publisher, version, mask);
}

absl::StatusOr<ListPage> Query::List(const QueryReader& reader, const ListQuery& query) const {
  View view(*this, reader);
  return ListIn(view, query);
}

absl::StatusOr<ListPage> Query::ListIn(View& view, const ListQuery& query) const {
  MEGURI_ASSIGN_OR_RETURN(Filter filter, ParseFilter(query.filter));
  if (!query.publisher.empty()) {
    filter.terms.push_back({{"publisher", query.publisher}});
  }
  const std::string question = QuestionOf(view.reader(), {"list", query.filter, query.publisher});
  MEGURI_ASSIGN_OR_RETURN(const std::string after, tokens_.Open(question, query.page_token));

  const record::IndexTerm members{"record_type", "member"};
  const bool asks_for_members =
      absl::c_any_of(filter.terms, [&](const AnyOf& words) { return absl::c_linear_search(words, members); });
  MEGURI_ASSIGN_OR_RETURN(std::vector<ReadableFeed> feeds, view.ReadableFeeds(asks_for_members));
  const storage::Index index(view.snapshot());
  ListScan scan(index, std::move(feeds), std::move(filter));
  MEGURI_RETURN_IF_ERROR(scan.Start(after));
  ListPage page;
  std::string last;
  size_t bytes = 0;
  for (int looked_at = 0; scan.Valid(); ++looked_at) {
    if (page.records.size() == PageSizeOf(query.page_size) || looked_at == kListCandidatesMax) {
      page.next_page_token = tokens_.Make(question, last);
      break;
    }
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, view.OpenMatch(scan, query.mask));
    if (record.has_value()) {
      bytes += record->envelope.ByteSizeLong();
      if (bytes > kPageBytesMax && !page.records.empty()) {
        page.next_page_token = tokens_.Make(question, last);
        break;
      }
      page.records.push_back(*std::move(record));
    }
    last = scan.position();
    MEGURI_RETURN_IF_ERROR(scan.Next());
  }
  return page;
}

absl::StatusOr<HistoryPage> Query::History(const QueryReader& reader, const HistoryQuery& query) const {
  const std::string question = QuestionOf(reader, {"history", query.record_id.view(), query.publisher});
  MEGURI_ASSIGN_OR_RETURN(const std::string after, tokens_.Open(question, query.page_token));
  View view(*this, reader);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions, view.Versions(query.record_id, query.publisher));
  ReadMask mask;
  mask.sections = false;
  HistoryPage page;
  const VersionRef* last = nullptr;  // on the page
  uint64_t latest = 0;               // of its publisher
  for (size_t i = 0; i < versions.size(); ++i) {
    if (PlaceOf(versions[i]) <= after) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, view.Open(versions[i], mask));
    if (!record.has_value()) {
      continue;
    }
    if (page.versions.size() == PageSizeOf(query.page_size)) {
      page.next_page_token = tokens_.Make(question, PlaceOf(*last));
      break;
    }
    if (last == nullptr || last->publisher != versions[i].publisher) {
      MEGURI_ASSIGN_OR_RETURN(latest, view.LatestVisible(GroupAt(versions, i)));
    }
    record->latest_version = latest;
    page.versions.push_back(*std::move(record));
    last = &versions[i];
  }
  if (page.versions.empty()) {
    return NotFound();
  }
  return page;
}

absl::StatusOr<std::vector<RecordView>> Query::Resolve(const QueryReader& reader, absl::string_view text) const {
  View view(*this, reader);
  return ResolveIn(view, text, {});
}

absl::StatusOr<std::vector<RecordView>> Query::ResolveIn(View& view, absl::string_view text,
                                                         const ReadMask& mask) const {
  MEGURI_ASSIGN_OR_RETURN(const Identifier identifier, ParseIdentifier(text));
  if (identifier.record_id.has_value()) {
    absl::StatusOr<RecordView> record = view.Get(*identifier.record_id, "", 0, mask);
    if (record.ok()) {
      return std::vector<RecordView>{*std::move(record)};
    }
    return absl::IsNotFound(record.status()) ? absl::StatusOr<std::vector<RecordView>>(std::vector<RecordView>())
                                             : record.status();
  }
  // From the narrowest to the widest: an item is also one of its batch and of its model.
  std::vector<std::string> filters;
  const std::string gtin = absl::StrCat("gtin = \"", identifier.gtin, "\"");
  const auto quoted = [](absl::string_view field, absl::string_view value) {
    return absl::StrCat(" AND ", field, " = \"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
  };
  if (!identifier.serial.empty()) {
    filters.push_back(gtin + quoted("serial", identifier.serial));
  }
  if (!identifier.lot.empty()) {
    filters.push_back(gtin + quoted("lot", identifier.lot) + " AND granularity = \"batch\"");
  }
  filters.push_back(gtin + " AND granularity = \"model\"");
  for (const std::string& filter : filters) {
    ListQuery query;
    query.filter = identifier.gtin.empty() ? "" : filter;
    query.mask = mask;
    if (query.filter.empty()) {
      break;
    }
    MEGURI_ASSIGN_OR_RETURN(ListPage page, ListIn(view, query));
    if (!page.records.empty()) {
      return std::move(page.records);
    }
  }
  return std::vector<RecordView>();
}

// Gathers what a list of identifiers names.
class Query::Batch {
 public:
  Batch(const Query& query, View& view, ReadMask mask) : query_(query), view_(view), mask_(std::move(mask)) {
    mask_.header = true;
    if (!mask_.sections) {
      mask_.section_types.clear();
    }
    if (!mask_.sections || !mask_.section_types.empty()) {
      mask_.section_types.insert(record::v1::SECTION_TYPE_IDENTITY);
    }
    mask_.sections = true;
  }

  // False: there is no more room, and this one has no answer.
  bool Add(absl::string_view identifier) {
    Addition addition;
    absl::Status status = Find(identifier, addition);
    if (status.ok() && bytes_ + addition.bytes > kPageBytesMax) {
      if (!batch_.answers.empty()) {
        return false;
      }
      status = Error(absl::StatusCode::kResourceExhausted, "MESSAGE_SIZE",
                     "What it names is too large for a list: ask for some of the sections, or for this one alone.");
    }
    if (!status.ok()) {
      batch_.answers.push_back({std::move(status), {}});
      return true;
    }
    bytes_ += addition.bytes;
    absl::c_move(addition.records, std::back_inserter(batch_.records));
    places_.merge(addition.places);
    batch_.answers.push_back({absl::OkStatus(), std::move(addition.named)});
    return true;
  }

  ResolvedBatch Take() && { return std::move(batch_); }

 private:
  using Key = std::pair<record::ParticipantId, record::RecordId>;
  struct Place {
    size_t position = 0;  // in batch_.records
    absl::optional<record::RecordId> parent;
  };
  // What one identifier adds to the batch.
  struct Addition {
    std::vector<size_t> named;
    std::vector<RecordView> records;
    std::map<Key, Place> places;
    size_t bytes = 0;
  };

  static absl::StatusOr<absl::optional<record::RecordId>> ParentOf(const RecordView& record) {
    for (const std::string& bytes : record.envelope.sections()) {
      record::v1::Section section;
      passport::v1::Identity identity;
      if (!section.ParseFromString(bytes)) {
        return storage::ValueDamaged("record");
      }
      if (section.type() == record::v1::SECTION_TYPE_IDENTITY && identity.ParseFromString(section.payload())) {
        const absl::StatusOr<record::RecordId> parent = record::RecordId::ParseHex(identity.parent_record_id());
        return parent.ok() ? absl::make_optional(*parent) : absl::nullopt;
      }
    }
    return absl::optional<record::RecordId>();
  }

  absl::optional<Place> PlaceOf(const Key& key, const Addition& addition) const {
    for (const std::map<Key, Place>* places : {&places_, &addition.places}) {
      const auto place = places->find(key);
      if (place != places->end()) {
        return place->second;
      }
    }
    return absl::nullopt;
  }

  absl::StatusOr<Place> Put(const Key& key, RecordView record, Addition& addition) const {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<record::RecordId> parent, ParentOf(record));
    const Place place{batch_.records.size() + addition.records.size(), parent};
    addition.places.emplace(key, place);
    addition.bytes += record.envelope.ByteSizeLong();
    addition.records.push_back(std::move(record));
    return place;
  }

  absl::Status Find(absl::string_view identifier, Addition& addition) {
    MEGURI_ASSIGN_OR_RETURN(std::vector<RecordView> named, query_.ResolveIn(view_, identifier, mask_));
    if (named.empty()) {
      return NotFound();
    }
    for (RecordView& record : named) {
      MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(record.envelope.header()));
      const Key key(header.publisher(), header.record_id());
      absl::optional<Place> place = PlaceOf(key, addition);
      if (!place.has_value()) {
        MEGURI_ASSIGN_OR_RETURN(place, Put(key, std::move(record), addition));
      }
      addition.named.push_back(place->position);
      MEGURI_RETURN_IF_ERROR(PutAncestors(header.publisher(), place->parent, addition));
    }
    return absl::OkStatus();
  }

  // What is not here, or not for the reader, is left out.
  absl::Status PutAncestors(const record::ParticipantId& publisher, absl::optional<record::RecordId> parent,
                            Addition& addition) {
    for (size_t level = 0; level < passport::kParentsMax && parent.has_value(); ++level) {
      const Key key(publisher, *parent);
      absl::optional<Place> place = PlaceOf(key, addition);
      if (!place.has_value()) {
        absl::StatusOr<RecordView> record = view_.Get(key.second, publisher.text(), 0, mask_);
        if (absl::IsNotFound(record.status())) {
          return absl::OkStatus();
        }
        MEGURI_RETURN_IF_ERROR(record.status());
        MEGURI_ASSIGN_OR_RETURN(place, Put(key, *std::move(record), addition));
      }
      parent = place->parent;
    }
    return absl::OkStatus();
  }

  const Query& query_;
  View& view_;
  ReadMask mask_;
  ResolvedBatch batch_;
  std::map<Key, Place> places_;
  size_t bytes_ = 0;  // of batch_.records
};

absl::StatusOr<ResolvedBatch> Query::BatchResolve(const QueryReader& reader, absl::Span<const std::string> identifiers,
                                                  ReadMask mask) const {
  if (identifiers.empty() || identifiers.size() > kBatchIdentifiersMax) {
    return InvalidInput({{"identifiers", "BATCH_COUNT", absl::StrCat(identifiers.size(), " identifiers"),
                          absl::StrCat("1 to ", kBatchIdentifiersMax), "split the list",
                          absl::StrCat("一度に指定できる識別子は1〜", kBatchIdentifiersMax, "件です。")}});
  }
  View view(*this, reader);
  Batch batch(*this, view, std::move(mask));
  for (const std::string& identifier : identifiers) {
    if (!batch.Add(identifier)) {
      break;
    }
  }
  return std::move(batch).Take();
}

absl::StatusOr<Query::OwnRecord> Query::FindOwn(const record::ParticipantId& owner, const record::RecordId& record_id,
                                                uint64_t version) const {
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Records records(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions, records.FindVersions(record_id));
  for (size_t i = versions.size(); i > 0; --i) {
    const VersionRef& ref = versions[i - 1];
    if (ref.publisher == owner && (version == 0 || ref.version == version)) {
      MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(ref.arrival));
      if (stored.own()) {
        MEGURI_ASSIGN_OR_RETURN(std::vector<SectionFacts> facts, FactsOf(stored));
        MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
        OwnRecord own{ScopeOf(stored, ref.publisher), std::move(facts), header.is_tombstone(), {}};
        // What was entered, as the end of a record enters what the versions before it did.
        MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(ref.arrival));
        for (const storage::FeedMembership& membership : memberships) {
          MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, storage::Feeds(*snapshot).Describe(membership.feed));
          if (feed.is_own()) {
            own.feeds.push_back(feed.key.name);
          }
        }
        absl::c_sort(own.feeds);
        return own;
      }
    }
  }
  return NotFound();
}

}  // namespace meguri::node
