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
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/arena.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/query/list_scan.h"
#include "node/query/product_search.h"
#include "passport/filter.h"
#include "passport/index_terms.h"
#include "passport/inheritance.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

using storage::VersionRef;

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

// A piece of a list.
struct Gathered {
  std::vector<RecordView> records;
  bool has_more = false;
  std::string last;  // position of the last candidate that was looked at
};

// At most `size` of the records that match, from the one after position `after`.
absl::StatusOr<Gathered> Gather(ReaderView& view, passport::Filter filter, absl::string_view after, size_t size,
                                const ReadMask& mask) {
  const record::IndexTerm members{"record_type", "member"};
  const bool asks_for_members =
      absl::c_any_of(filter.terms, [&](const passport::AnyOf& words) { return absl::c_linear_search(words, members); });
  MEGURI_ASSIGN_OR_RETURN(std::vector<ReadableFeed> feeds, view.ReadableFeeds(asks_for_members));
  const storage::Index index(view.snapshot());
  ListScan scan(index, std::move(feeds), std::move(filter));
  MEGURI_RETURN_IF_ERROR(scan.Start(after));
  Gathered found;
  size_t bytes = 0;
  for (int looked_at = 0; scan.Valid(); ++looked_at) {
    found.has_more = found.records.size() == size || looked_at == kListCandidatesMax;
    if (found.has_more) {
      break;
    }
    MEGURI_ASSIGN_OR_RETURN(absl::optional<RecordView> record, view.OpenMatch(scan, mask));
    if (record.has_value()) {
      bytes += record->envelope.ByteSizeLong();
      found.has_more = bytes > kPageBytesMax && !found.records.empty();
      if (found.has_more) {
        break;
      }
      found.records.push_back(*std::move(record));
    }
    found.last = scan.position();
    MEGURI_RETURN_IF_ERROR(scan.Next());
  }
  return found;
}

}  // namespace

Query::Query(const storage::SnapshotReader& store, std::vector<record::ParticipantId> hosted, PageTokens tokens)
    : store_(store), hosted_(std::move(hosted)), tokens_(std::move(tokens)) {}

absl::StatusOr<RecordView> Query::Get(const QueryReader& reader, const record::RecordId& record_id,
                                      absl::string_view publisher, uint64_t version, const ReadMask& mask) const {
  return ReaderView(store_, hosted_, reader).Get(record_id, publisher, version, mask);
}

absl::StatusOr<ListPage> Query::List(const QueryReader& reader, const ListQuery& query) const {
  ReaderView view(store_, hosted_, reader);
  return ListIn(view, query);
}

absl::StatusOr<ListPage> Query::ListIn(ReaderView& view, const ListQuery& query) const {
  MEGURI_ASSIGN_OR_RETURN(passport::Filter filter, passport::ParseFilter(query.filter));
  if (!query.publisher.empty()) {
    filter.terms.push_back({{"publisher", query.publisher}});
  }
  const std::string question = QuestionOf(view.reader(), {"list", query.filter, query.publisher});
  MEGURI_ASSIGN_OR_RETURN(const std::string after, tokens_.Open(question, query.page_token));
  MEGURI_ASSIGN_OR_RETURN(Gathered found,
                          Gather(view, std::move(filter), after, PageSizeOf(query.page_size), query.mask));
  return ListPage{std::move(found.records), found.has_more ? tokens_.Make(question, found.last) : ""};
}

absl::StatusOr<HistoryPage> Query::History(const QueryReader& reader, const HistoryQuery& query) const {
  const std::string question = QuestionOf(reader, {"history", query.record_id.view(), query.publisher});
  MEGURI_ASSIGN_OR_RETURN(const std::string after, tokens_.Open(question, query.page_token));
  ReaderView view(store_, hosted_, reader);
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
    return RecordNotFound();
  }
  return page;
}

absl::StatusOr<std::vector<RecordView>> Query::Resolve(const QueryReader& reader, absl::string_view text) const {
  MEGURI_ASSIGN_OR_RETURN(const Identifier identifier, ParseIdentifier(text));
  ReaderView view(store_, hosted_, reader);
  MEGURI_ASSIGN_OR_RETURN(FoundRecords found, ResolveIn(view, identifier, {}));
  return std::move(found.records);
}

absl::StatusOr<FoundRecords> Query::ResolveIn(ReaderView& view, const Identifier& identifier, const ReadMask& mask) {
  if (identifier.record_id.has_value()) {
    absl::StatusOr<RecordView> record = view.Get(*identifier.record_id, "", 0, mask);
    if (record.ok()) {
      FoundRecords found;
      found.records.push_back(*std::move(record));
      return found;
    }
    return absl::IsNotFound(record.status()) ? absl::StatusOr<FoundRecords>(FoundRecords()) : record.status();
  }
  const auto find = [&](std::vector<passport::AnyOf> terms) -> absl::StatusOr<std::vector<RecordView>> {
    MEGURI_ASSIGN_OR_RETURN(Gathered found, Gather(view, {std::move(terms), {}}, "", kPageSizeDefault, mask));
    return std::move(found.records);
  };
  if (!identifier.model.empty()) {
    return FindByModel(identifier, find);
  }
  return identifier.gtin.empty() ? FoundRecords() : FindByGtin(identifier, find);
}

// Gathers what a list of identifiers names.
class Query::Batch {
 public:
  Batch(ReaderView& view, ReadMask mask) : view_(view), mask_(std::move(mask)) {
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
  bool Add(const ProductQuestion& question) {
    Addition addition;
    absl::Status status = Find(question, addition);
    if (status.ok() && bytes_ + addition.bytes > kPageBytesMax) {
      if (!batch_.answers.empty()) {
        return false;
      }
      status = Error(absl::StatusCode::kResourceExhausted, "MESSAGE_SIZE",
                     "What it names is too large for a list: ask for some of the sections, or for this one alone.");
    }
    if (!status.ok()) {
      batch_.answers.push_back({std::move(status), {}, "", ""});
      return true;
    }
    bytes_ += addition.bytes;
    absl::c_move(addition.records, std::back_inserter(batch_.records));
    places_.merge(addition.places);
    batch_.answers.push_back(std::move(addition.answer));
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
    IdentifierAnswer answer;
    std::vector<RecordView> records;
    std::map<Key, Place> places;
    size_t bytes = 0;
  };

  static absl::StatusOr<absl::optional<record::RecordId>> ParentOf(const RecordView& record) {
    MEGURI_ASSIGN_OR_RETURN(const passport::v1::Identity identity, IdentityOf(record));
    const absl::StatusOr<record::RecordId> parent = record::RecordId::ParseHex(identity.parent_record_id());
    return parent.ok() ? absl::make_optional(*parent) : absl::nullopt;
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

  absl::Status Find(const ProductQuestion& question, Addition& addition) {
    MEGURI_ASSIGN_OR_RETURN(const Identifier identifier, ParseQuestion(question));
    MEGURI_ASSIGN_OR_RETURN(FoundRecords found, ResolveIn(view_, identifier, mask_));
    if (found.records.empty()) {
      return RecordNotFound();
    }
    addition.answer = {std::move(found.doubt), {}, std::move(found.missing_serial), std::move(found.missing_lot)};
    for (RecordView& record : found.records) {
      MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(record.envelope.header()));
      const Key key(header.publisher(), header.record_id());
      absl::optional<Place> place = PlaceOf(key, addition);
      if (!place.has_value()) {
        MEGURI_ASSIGN_OR_RETURN(place, Put(key, std::move(record), addition));
      }
      addition.answer.records.push_back(place->position);
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

  ReaderView& view_;
  ReadMask mask_;
  ResolvedBatch batch_;
  std::map<Key, Place> places_;
  size_t bytes_ = 0;  // of batch_.records
};

absl::StatusOr<ResolvedBatch> Query::BatchResolve(const QueryReader& reader,
                                                  absl::Span<const ProductQuestion> questions, ReadMask mask) const {
  if (questions.empty() || questions.size() > kBatchIdentifiersMax) {
    return InvalidInput({{"identifiers", "BATCH_COUNT", absl::StrCat(questions.size(), " identifiers"),
                          absl::StrCat("1 to ", kBatchIdentifiersMax), "split the list",
                          absl::StrCat("一度に指定できる識別子は1〜", kBatchIdentifiersMax, "件です。")}});
  }
  ReaderView view(store_, hosted_, reader);
  Batch batch(view, std::move(mask));
  for (const ProductQuestion& question : questions) {
    if (!batch.Add(question)) {
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
        MEGURI_ASSIGN_OR_RETURN(own.scope.offers,
                                ReadOffers(records, storage::Feeds(*snapshot), ref.arrival, own.facts));
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
  return RecordNotFound();
}

}  // namespace meguri::node
