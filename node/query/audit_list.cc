// SPDX-License-Identifier: Apache-2.0
#include "node/query/audit_list.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/audit_row.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "storage/feeds.h"
#include "storage/membership.h"
#include "storage/records.h"
#include "storage/versions.h"

namespace meguri::node {
namespace {

constexpr absl::string_view kOfferFeeds = "offer/";
constexpr size_t kPlaceSize = 16;  // u64 size of the tree | u64 index of the next row

absl::Status BadFilter(absl::string_view field, absl::string_view found, absl::string_view expected,
                       absl::string_view ja) {
  return InvalidInput({{absl::StrCat("query.", field), "AUDIT_FILTER", std::string(found), std::string(expected),
                        "correct it, or leave it out", std::string(ja)}});
}

absl::Status CheckQuery(const audit::v1::RowQuery& query) {
  const audit::v1::RowFilter& filter = query.filter();
  if (!filter.reader().empty() && !record::ParticipantId::Parse(filter.reader()).ok()) {
    return BadFilter("filter.reader", filter.reader(), "a participant ID", "参加者IDではありません。");
  }
  if (!filter.record_id().empty() && filter.record_id().size() != record::kRecordIdSize) {
    return BadFilter("filter.record_id", absl::StrCat(filter.record_id().size(), " bytes"), "16 bytes",
                     "記録IDは16バイトでなければなりません。");
  }
  if (!audit::v1::Decision_IsValid(filter.decision())) {
    return BadFilter("filter.decision", absl::StrCat(static_cast<int>(filter.decision())),
                     "the number of a decision of docs/format/audit.md", "判定の番号が正しくありません。");
  }
  if (filter.until_ms() != 0 && filter.until_ms() <= filter.from_ms()) {
    return BadFilter("filter.until_ms", absl::StrCat(filter.until_ms()), absl::StrCat("more than ", filter.from_ms()),
                     "終わりは始まりより後でなければなりません。");
  }
  return absl::OkStatus();
}

// Where the entries of a record stand, so that a row that names a part of a feed tells whether it brought that record.
class EntriesOf {
 public:
  // `record_id` has the length of one.
  static absl::StatusOr<EntriesOf> Record(const storage::StoreReader& store, absl::string_view record_id) {
    EntriesOf entries;
    const storage::Records records(store);
    const storage::Feeds feeds(store);
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, record::RecordId::Parse(record_id));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::VersionRef> versions, records.FindVersions(id));
    for (const storage::VersionRef& version : versions) {
      MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(version.arrival));
      for (const storage::FeedMembership& membership : memberships) {
        MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, feeds.Describe(membership.feed));
        entries.places_[{feed.key.publisher.text(), feed.key.name.text()}].push_back(membership.index);
      }
    }
    return entries;
  }

  bool AreIn(const audit::v1::Row& row) const {
    const auto found = places_.find({row.publisher(), row.feed().name()});
    return found != places_.end() && row.feed().to() > 0 &&
           std::any_of(found->second.begin(), found->second.end(), [&](const absl::optional<uint64_t>& index) {
             return !index.has_value() ||  // of a store that did not keep it: rather a row too many
                    (row.feed().from() <= *index &&
                     (*index < row.feed().to() || absl::StartsWith(row.feed().name(), kOfferFeeds)));
           });
  }

 private:
  std::map<std::pair<std::string, std::string>, std::vector<absl::optional<uint64_t>>> places_;  // publisher, feed
};

bool Names(const audit::v1::Row& row, absl::string_view record_id) {
  return std::any_of(row.records().begin(), row.records().end(),
                     [&](const audit::v1::RowRecord& record) { return record.record_id() == record_id; });
}

bool Matches(const audit::v1::Row& row, const audit::v1::RowFilter& filter, const EntriesOf& entries) {
  return (filter.reader().empty() || row.reader() == filter.reader()) &&
         (filter.decision() == audit::v1::DECISION_UNSPECIFIED || row.decision() == filter.decision()) &&
         row.time_ms() >= filter.from_ms() && (filter.until_ms() == 0 || row.time_ms() < filter.until_ms()) &&
         (filter.record_id().empty() || Names(row, filter.record_id()) || entries.AreIn(row));
}

}  // namespace

// One page: goes through the rows that concern the asker, or all, and takes those that match.
class AuditList::Scan {
 public:
  Scan(const storage::StoreReader& store, storage::FeedId feed, uint64_t size, const audit::v1::RowQuery& query,
       EntriesOf entries)
      : rows_(store), feeds_(store), feed_(feed), size_(size), query_(query), entries_(std::move(entries)) {}

  // From `start` on, or before it if the newest are asked for first; `party` as List. Fills `page`, and returns the
  // start of the next page, or nullopt.
  absl::StatusOr<absl::optional<uint64_t>> Run(const absl::optional<record::ParticipantId>& party, uint64_t start,
                                               audit::v1::RowPage& page) {
    const int asked = query_.page_size();
    const int page_size = asked <= 0 ? kAuditPageSizeDefault : std::min(asked, kAuditPageSizeMax);
    MEGURI_ASSIGN_OR_RETURN(const std::vector<uint64_t> indices,
                            party.has_value() ? Concerning(*party, start) : All(start));
    for (size_t i = 0; i < indices.size() && indices[i] < size_; ++i) {
      if (i == kAuditRowsLookedAtMax || IsFull(page, page_size)) {
        return absl::make_optional(query_.newest_first() ? indices[i] + 1 : indices[i]);
      }
      MEGURI_RETURN_IF_ERROR(Look(indices[i], page));
    }
    return absl::optional<uint64_t>();
  }

 private:
  // What is looked at for one page; one more than that says whether there are more.
  static constexpr size_t kCandidates = kAuditRowsLookedAtMax + 1;

  absl::StatusOr<std::vector<uint64_t>> Concerning(const record::ParticipantId& party, uint64_t start) const {
    return query_.newest_first() ? rows_.ConcerningBefore(feed_, party, start, kCandidates)
                                 : rows_.Concerning(feed_, party, start, kCandidates);
  }

  std::vector<uint64_t> All(uint64_t start) const {
    std::vector<uint64_t> indices(std::min<uint64_t>(kCandidates, query_.newest_first() ? start : size_ - start));
    std::iota(indices.begin(), indices.end(), query_.newest_first() ? start - indices.size() : start);
    if (query_.newest_first()) {
      std::reverse(indices.begin(), indices.end());
    }
    return indices;
  }

  bool IsFull(const audit::v1::RowPage& page, int page_size) const {
    return page.rows_size() == page_size || bytes_ >= kAuditPageBytesMax;
  }

  absl::Status Look(uint64_t index, audit::v1::RowPage& page) {
    MEGURI_ASSIGN_OR_RETURN(const record::AuditRow row, rows_.Read(feed_, index));
    if (!Matches(row.message(), query_.filter(), entries_)) {
      return absl::OkStatus();
    }
    audit::v1::ProvenRow& proven = *page.add_rows();
    proven.set_row(row.bytes());
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                            record::InclusionProof(index, size_, [this](uint32_t level, uint64_t at) {
                              return feeds_.ReadNode(feed_, level, at);
                            }));
    for (const record::Hash& hash : path) {
      proven.add_path(hash.ToString());
    }
    bytes_ += proven.ByteSizeLong();
    return absl::OkStatus();
  }

  const storage::AuditRows rows_;
  const storage::Feeds feeds_;
  const storage::FeedId feed_;
  const uint64_t size_;
  const audit::v1::RowQuery& query_;
  const EntriesOf entries_;
  size_t bytes_ = 0;
};

AuditList::AuditList(const storage::SnapshotReader& store, record::ParticipantId member, std::string federation,
                     SignCheckpointOf sign, PageTokens tokens)
    : store_(store),
      member_(std::move(member)),
      federation_(std::move(federation)),
      sign_(std::move(sign)),
      tokens_(std::move(tokens)) {}

absl::StatusOr<audit::v1::RowPage> AuditList::List(const absl::optional<record::ParticipantId>& party,
                                                   const audit::v1::RowQuery& query) const {
  MEGURI_RETURN_IF_ERROR(CheckQuery(query));
  const std::string question =
      absl::StrCat("audit ", query.newest_first() ? "newest " : "", party.has_value() ? party->text() : "", "\n",
                   query.filter().SerializeAsString());
  MEGURI_ASSIGN_OR_RETURN(const std::string place, tokens_.Open(question, query.page_token()));
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds feeds(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> feed, feeds.Find(storage::AuditFeedOf(member_)));
  uint64_t size = 0;
  if (feed.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*feed));
    size = head.size();
  }
  uint64_t start = query.newest_first() ? size : 0;
  if (place.size() == kPlaceSize) {
    // Further pages are of the same tree.
    size = std::min(size, ReadU64(place));
    start = std::min(size, ReadU64(absl::string_view(place).substr(8)));
  }
  audit::v1::RowPage page;
  MEGURI_RETURN_IF_ERROR(AddHead(feeds, feed, size, query.known_size(), *page.mutable_head()));
  if (feed.has_value()) {
    EntriesOf entries;
    if (!query.filter().record_id().empty()) {
      MEGURI_ASSIGN_OR_RETURN(entries, EntriesOf::Record(*snapshot, query.filter().record_id()));
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> next,
                            Scan(*snapshot, *feed, size, query, std::move(entries)).Run(party, start, page));
    if (next.has_value()) {
      std::string next_place;
      AppendU64(size, next_place);
      AppendU64(*next, next_place);
      page.set_next_page_token(tokens_.Make(question, next_place));
    }
  }
  return page;
}

absl::Status AuditList::AddHead(const storage::Feeds& feeds, absl::optional<storage::FeedId> feed, uint64_t size,
                                uint64_t known_size, audit::v1::ProvenHead& head) const {
  const record::FeedKey key{member_, record::FeedName::Audit(), 1};
  if (known_size > size) {
    return Error(
        absl::StatusCode::kOutOfRange, "AUDIT_SHORTER",
        absl::StrCat("The audit feed of ", member_.text(), " has ", size, " rows here, and you hold a signed head of ",
                     known_size, ". If the signature is genuine, rows were removed: keep that head, it is the proof."));
  }
  const auto read = [&](uint32_t level, uint64_t index) -> absl::StatusOr<record::Hash> {
    return feeds.ReadNode(*feed, level, index);
  };
  record::Frontier frontier;
  if (size > 0) {
    MEGURI_ASSIGN_OR_RETURN(frontier, record::ReadFrontier(size, read));
  }
  MEGURI_ASSIGN_OR_RETURN(*head.mutable_checkpoint(),
                          sign_(key, {record::FeedOrigin(federation_, key), size, frontier.Root()}));
  head.set_earlier_size(known_size);
  if (known_size > 0) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path, record::ConsistencyProof(known_size, size, read));
    for (const record::Hash& hash : path) {
      head.add_consistency_path(hash.ToString());
    }
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
