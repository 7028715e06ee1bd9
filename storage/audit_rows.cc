// SPDX-License-Identifier: Apache-2.0
#include "storage/audit_rows.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr uint64_t kPieceGrowthMax = 64;  // of what is looked at at once

}  // namespace

HeldFeed AuditFeedOf(const record::ParticipantId& member) { return {member, {member, record::FeedName::Audit(), 1}}; }

std::vector<record::ParticipantId> PartiesOf(const audit::v1::Row& row, const record::ParticipantId& member) {
  std::vector<record::ParticipantId> parties;
  auto reader = record::ParticipantId::Parse(row.reader());
  if (!reader.ok() || *reader == member) {
    return parties;
  }
  auto publisher = record::ParticipantId::Parse(row.publisher());
  if (publisher.ok() && *publisher != member && *publisher != *reader) {
    parties.push_back(*std::move(publisher));
  }
  parties.push_back(*std::move(reader));
  return parties;
}

absl::Status AuditRows::Append(CommitScope& scope, const record::ParticipantId& member,
                               absl::Span<audit::v1::Row> rows) {
  MEGURI_ASSIGN_OR_RETURN(const FeedId feed, scope.feeds.FindOrCreate(scope.transaction, AuditFeedOf(member)));
  MEGURI_ASSIGN_OR_RETURN(const FeedHead head, scope.feeds.ReadHead(scope.transaction, feed));
  std::vector<std::string> entries;
  entries.reserve(rows.size());
  for (audit::v1::Row& message : rows) {
    const uint64_t index = head.size() + entries.size();
    message.set_number(index + 1);
    MEGURI_ASSIGN_OR_RETURN(const record::AuditRow row, record::AuditRow::Make(message));
    scope.transaction.Put(Family::kLookup, AuditRowKey(feed, index), WrapValue(row.bytes()));
    for (const record::ParticipantId& party : PartiesOf(message, member)) {
      scope.transaction.Put(Family::kLookup, AuditPartyKey(feed, party, index), WrapValue(""));
    }
    entries.push_back(row.entry().Encode());
  }
  return scope.feeds.AppendMany(scope.transaction, feed, entries).status();
}

absl::StatusOr<record::AuditRow> AuditRows::Read(FeedId feed, uint64_t index) const {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> stored,
                          store_.Get(Family::kLookup, AuditRowKey(feed, index)));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> stored_entry,
                          store_.Get(Family::kLookup, EntryKey(feed, index)));
  if (!stored.has_value() || !stored_entry.has_value()) {
    return ValueMissing(stored.has_value() ? "the feed entry of an audit row" : "an audit row");
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(*stored));
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view entry, UnwrapValue(*stored_entry));
  absl::StatusOr<record::AuditRow> row = record::AuditRow::Parse(bytes);
  if (!row.ok() || row->index() != index || row->entry().Encode() != entry) {
    return ValueDamaged("audit row");
  }
  return row;
}

absl::StatusOr<std::vector<uint64_t>> AuditRows::Concerning(FeedId feed, const record::ParticipantId& party,
                                                            uint64_t start, size_t count) const {
  std::vector<uint64_t> indices;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, AuditPartyPrefix(feed, party));
  for (cursor->Seek(AuditPartyKey(feed, party, start)); cursor->Valid() && indices.size() < count; cursor->Next()) {
    const absl::optional<AuditPartyKeyParts> parts = ParseAuditPartyKey(cursor->key());
    if (!parts.has_value()) {
      return ValueDamaged("key of an audit row");
    }
    indices.push_back(parts->index);
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return indices;
}

// Cursors go forward only, so what lies before `end` is looked at in pieces, which grow as long as they hold little.
absl::StatusOr<std::vector<uint64_t>> AuditRows::ConcerningBefore(FeedId feed, const record::ParticipantId& party,
                                                                  uint64_t end, size_t count) const {
  std::vector<uint64_t> indices;
  uint64_t piece = count;
  while (end > 0 && indices.size() < count) {
    const uint64_t begin = end - std::min(end, piece);
    MEGURI_ASSIGN_OR_RETURN(std::vector<uint64_t> found, Concerning(feed, party, begin, end - begin));
    while (!found.empty() && found.back() >= end) {
      found.pop_back();
    }
    const size_t taken = std::min(found.size(), count - indices.size());
    indices.insert(indices.end(), found.rbegin(), found.rbegin() + static_cast<std::ptrdiff_t>(taken));
    end = begin;
    piece = found.size() < count / 2 ? std::min(piece * 2, count * kPieceGrowthMax) : piece;
  }
  return indices;
}

}  // namespace meguri::storage
