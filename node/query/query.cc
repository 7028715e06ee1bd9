// SPDX-License-Identifier: Apache-2.0
#include "node/query/query.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/query/filter.h"
#include "node/query/list_scan.h"
#include "passport/index_terms.h"
#include "record/hash.h"

namespace meguri::node {
namespace {

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

}  // namespace

// One reader's view of one moment.
class Query::View {
 public:
  View(const Query& query, const QueryReader& reader)
      : query_(query), reader_(reader), snapshot_(query.store_.Snapshot()), records_(*snapshot_), feeds_(*snapshot_) {}

  // What the reader may see of one version. nullopt: nothing.
  absl::StatusOr<absl::optional<RecordView>> Open(const VersionRef& ref, const ReadMask& mask) {
    MEGURI_ASSIGN_OR_RETURN(storage::v1::StoredRecord stored, records_.Read(ref.arrival));
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> slots, VisibleSlots(ref, stored));
    if (!slots.has_value()) {
      return absl::optional<RecordView>();
    }
    RecordView view;
    view.header_hash = ref.header_hash;
    view.is_own = stored.own();
    MEGURI_ASSIGN_OR_RETURN(view.is_frozen, IsFrozen(ref, stored));
    if (mask.header) {
      view.envelope.set_header(std::move(*stored.mutable_header()));
    }
    if (mask.signature) {
      *view.envelope.mutable_signature() = std::move(*stored.mutable_signature());
    }
    if (mask.sections && *slots != 0) {
      MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Section> sections, records_.ReadSections(ref.arrival, *slots));
      for (record::v1::Section& section : sections) {
        if (mask.section_types.empty() || mask.section_types.contains(section.type())) {
          *view.envelope.add_sections() = std::move(section);
        }
      }
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

  // The current candidate with its sections, if it matches and nothing newer is visible: a newer version, which the
  // reader may see through another feed, need not match any more.
  absl::StatusOr<absl::optional<RecordView>> OpenMatch(const ListScan& scan, const ReadMask& mask) {
    MEGURI_ASSIGN_OR_RETURN(const uint64_t version, scan.MatchingVersion());
    if (version == 0) {
      return absl::optional<RecordView>();
    }
    const Posting& posting = scan.current();
    MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions,
                            Versions(posting.record_id, posting.publisher.text()));
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, OpenNewest(versions, mask));
    return record.has_value() && record->latest_version == version ? std::move(record) : absl::nullopt;
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
    return readable;
  }

  const storage::StoreReader& snapshot() const { return *snapshot_; }

 private:
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
};

Query::Query(const storage::SnapshotReader& store, std::vector<record::ParticipantId> hosted, Random& random)
    : store_(store), hosted_(std::move(hosted)), token_key_(random.Bytes<32>()) {}

absl::StatusOr<RecordView> Query::Get(const QueryReader& reader, const record::RecordId& record_id,
                                      absl::string_view publisher, uint64_t version, const ReadMask& mask) const {
  View view(*this, reader);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions, view.Versions(record_id, publisher));
  // Versions of one publisher stand together. Anyone can publish under a record ID that became known, so a record that
  // was published here comes first, and of several others none is preferred.
  absl::optional<RecordView> found;
  for (size_t begin = 0; begin < versions.size();) {
    size_t end = begin + 1;
    while (end < versions.size() && versions[end].publisher == versions[begin].publisher) {
      ++end;
    }
    const absl::Span<const VersionRef> group = absl::MakeConstSpan(versions).subspan(begin, end - begin);
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, view.OpenVersion(group, version, mask));
    if (record.has_value() && record->is_own) {
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

absl::StatusOr<ListPage> Query::List(const QueryReader& reader, const ListQuery& query) const {
  MEGURI_ASSIGN_OR_RETURN(Filter filter, ParseFilter(query.filter));
  if (!query.publisher.empty()) {
    filter.terms.push_back({"publisher", query.publisher});
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string after, OpenToken(reader, query));
  const int page_size = query.page_size <= 0 ? kPageSizeDefault : std::min(query.page_size, kPageSizeMax);

  View view(*this, reader);
  const bool asks_for_members = absl::c_linear_search(filter.terms, record::IndexTerm{"record_type", "member"});
  MEGURI_ASSIGN_OR_RETURN(std::vector<ReadableFeed> feeds, view.ReadableFeeds(asks_for_members));
  const storage::Index index(view.snapshot());
  ListScan scan(index, std::move(feeds), std::move(filter));
  MEGURI_RETURN_IF_ERROR(scan.Start(after));
  ListPage page;
  std::string last;
  size_t bytes = 0;
  for (int looked_at = 0; scan.Valid(); ++looked_at) {
    if (page.records.size() == static_cast<size_t>(page_size) || looked_at == kListCandidatesMax) {
      page.next_page_token = MakeToken(reader, query, last);
      break;
    }
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, view.OpenMatch(scan, query.mask));
    if (record.has_value()) {
      bytes += record->envelope.ByteSizeLong();
      if (bytes > kPageBytesMax && !page.records.empty()) {
        page.next_page_token = MakeToken(reader, query, last);
        break;
      }
      page.records.push_back(*std::move(record));
    }
    last = scan.position();
    MEGURI_RETURN_IF_ERROR(scan.Next());
  }
  return page;
}

absl::StatusOr<std::vector<RecordView>> Query::History(const QueryReader& reader, const record::RecordId& record_id,
                                                       absl::string_view publisher) const {
  View view(*this, reader);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions, view.Versions(record_id, publisher));
  ReadMask mask;
  mask.sections = false;
  std::vector<RecordView> history;
  for (const VersionRef& ref : versions) {
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, view.Open(ref, mask));
    if (record.has_value()) {
      record->latest_version = ref.version;
      history.push_back(*std::move(record));
    }
  }
  if (history.empty()) {
    return NotFound();
  }
  for (RecordView& record : history) {
    record.latest_version = history.back().latest_version;
  }
  return history;
}

absl::StatusOr<std::vector<RecordView>> Query::Resolve(const QueryReader& reader, absl::string_view text) const {
  MEGURI_ASSIGN_OR_RETURN(const Identifier identifier, ParseIdentifier(text));
  if (identifier.record_id.has_value()) {
    absl::StatusOr<RecordView> record = Get(reader, *identifier.record_id, "", 0, {});
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
    if (query.filter.empty()) {
      break;
    }
    MEGURI_ASSIGN_OR_RETURN(ListPage page, List(reader, query));
    if (!page.records.empty()) {
      return std::move(page.records);
    }
  }
  return std::vector<RecordView>();
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
        return OwnRecord{ScopeOf(stored, ref.publisher), std::move(facts)};
      }
    }
  }
  return NotFound();
}

namespace {

constexpr size_t kTokenMacSize = 16;

// Nested, so that knowing one token does not let a reader extend it.
std::string TokenMac(absl::Span<const uint8_t> key, const QueryReader& reader, const ListQuery& query,
                     absl::string_view last) {
  const absl::string_view key_view(reinterpret_cast<const char*>(key.data()), key.size());
  const std::string who = absl::StrCat(reader.is_client ? "c" : "n",
                                       reader.reader.participant.has_value() ? reader.reader.participant->text() : "");
  const std::string body = absl::StrCat(who.size(), ":", who, query.filter.size(), ":", query.filter,
                                        query.publisher.size(), ":", query.publisher, last);
  const record::Hash inner = record::Sha256({key_view, body});
  return record::Sha256({key_view, inner.view()}).ToString().substr(0, kTokenMacSize);
}

}  // namespace

std::string Query::MakeToken(const QueryReader& reader, const ListQuery& query, absl::string_view last) const {
  return absl::WebSafeBase64Escape(absl::StrCat(TokenMac(token_key_, reader, query, last), last));
}

absl::StatusOr<std::string> Query::OpenToken(const QueryReader& reader, const ListQuery& query) const {
  if (query.page_token.empty()) {
    return std::string();
  }
  std::string token;
  if (absl::WebSafeBase64Unescape(query.page_token, &token) && token.size() > kTokenMacSize + record::kRecordIdSize) {
    const std::string last = token.substr(kTokenMacSize);
    if (token.substr(0, kTokenMacSize) == TokenMac(token_key_, reader, query, last)) {
      return last;
    }
  }
  return InvalidInput({{"page_token", "PAGE_TOKEN", "a token that this node did not give to you for this filter",
                        "the next_page_token of the page before", "start again without a token",
                        "page_token が無効です。最初のページからやり直してください。"}});
}

}  // namespace meguri::node
