// SPDX-License-Identifier: Apache-2.0
#include "storage/index.h"

#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr size_t kPostingValueSize = 16;

absl::StatusOr<v1::StoredTerms> ReadTerms(const Transaction& transaction, const std::string& key) {
  v1::StoredTerms terms;
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, key));
  if (stored.has_value()) {
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "index terms of a record", terms));
  }
  return terms;
}

}  // namespace

std::string WrapPosting(uint64_t version, Arrival arrival) {
  std::string bytes;
  AppendU64(version, bytes);
  AppendU64(arrival, bytes);
  return WrapValue(bytes);
}

PostingCursor::PostingCursor(std::unique_ptr<Cursor> cursor, std::string prefix)
    : cursor_(std::move(cursor)), prefix_(std::move(prefix)) {}

void PostingCursor::Seek(const record::RecordId& record_id, absl::string_view publisher) {
  cursor_->Seek(PostingKey(prefix_, record_id, publisher));
}

void PostingCursor::Next() { cursor_->Next(); }

bool PostingCursor::Valid() const { return cursor_->Valid(); }

absl::StatusOr<Posting> PostingCursor::Get() const {
  auto name = ParsePostingSuffix(cursor_->key().substr(prefix_.size()));
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(cursor_->value()));
  if (!name.has_value() || bytes.size() != kPostingValueSize) {
    return ValueDamaged("index entry");
  }
  return Posting{name->record_id, std::move(name->publisher), ReadU64(bytes), ReadU64(bytes.substr(8))};
}

absl::Status PostingCursor::status() const { return cursor_->status(); }

PostingCursor Index::Find(FeedId feed, const record::IndexTerm& term) const {
  std::string prefix = PostingPrefix(feed, term);
  std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, prefix);
  return PostingCursor(std::move(cursor), std::move(prefix));
}

absl::Status Index::Replace(Transaction& transaction, FeedId feed, const record::Header& header, Arrival arrival,
                            absl::Span<const record::IndexTerm> terms) const {
  const std::string terms_key = TermsKey(feed, header.record_id(), header.publisher());
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredTerms before, ReadTerms(transaction, terms_key));
  if (header.version() < before.version()) {
    return absl::OkStatus();
  }
  const auto posting_key = [&](const record::IndexTerm& term) {
    return PostingKey(PostingPrefix(feed, term), header.record_id(), header.publisher().text());
  };
  std::set<record::IndexTerm> wanted;
  for (const record::IndexTerm& term : terms) {
    wanted.insert(CutTerm(term));
  }
  for (const v1::StoredTerms::Term& term : before.terms()) {
    const record::IndexTerm old{term.field(), term.value()};
    if (!wanted.contains(old)) {
      transaction.Delete(Family::kLookup, posting_key(old));
    }
  }
  v1::StoredTerms after;
  after.set_version(header.version());
  for (const record::IndexTerm& term : wanted) {
    transaction.Put(Family::kLookup, posting_key(term), WrapPosting(header.version(), arrival));
    auto* stored = after.add_terms();
    stored->set_field(term.field);
    stored->set_value(term.value);
  }
  transaction.Put(Family::kLookup, terms_key, WrapMessage(after));
  return absl::OkStatus();
}

}  // namespace meguri::storage
