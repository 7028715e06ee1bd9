// SPDX-License-Identifier: Apache-2.0
#include "storage/index.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "storage/key_layout.h"
#include "storage/usage.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr size_t kPostingValueSize = 16;

// `key` is what stands after the prefix of a posting.
absl::StatusOr<Posting> ParsePosting(absl::string_view key, absl::string_view stored) {
  auto name = ParsePostingSuffix(key);
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  if (!name.has_value() || bytes.size() != kPostingValueSize) {
    return ValueDamaged("index entry");
  }
  return Posting{name->record_id, std::move(name->publisher), ReadU64(bytes), ReadU64(bytes.substr(8))};
}

std::set<record::IndexTerm> Wanted(absl::Span<const record::IndexTerm> terms) {
  std::set<record::IndexTerm> wanted;
  for (const record::IndexTerm& term : terms) {
    wanted.insert(CutTerm(term));
  }
  return wanted;
}

std::string KeyOf(FeedId feed, const record::IndexTerm& term, const record::Header& header) {
  return PostingKey(PostingPrefix(feed, term), header.record_id(), header.publisher().text());
}

// Returns the counted bytes of what it puts.
int64_t PutTerms(Transaction& transaction, FeedId feed, const record::Header& header, Arrival arrival,
                 const std::set<record::IndexTerm>& terms) {
  v1::StoredTerms message;
  message.set_version(header.version());
  for (const record::IndexTerm& term : terms) {
    transaction.Put(Family::kLookup, KeyOf(feed, term, header), WrapPosting(header.version(), arrival));
    auto* stored = message.add_terms();
    stored->set_field(term.field);
    stored->set_value(term.value);
  }
  std::string key = TermsKey(feed, header.record_id(), header.publisher());
  const int64_t bytes = CountedIndexBytes(key, message);
  transaction.Put(Family::kLookup, std::move(key), WrapMessage(message));
  return bytes;
}

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
  return ParsePosting(cursor_->key().substr(prefix_.size()), cursor_->value());
}

absl::Status PostingCursor::status() const { return cursor_->status(); }

RangeCursor::RangeCursor(std::unique_ptr<Cursor> cursor, std::string prefix, std::string low, std::string high)
    : cursor_(std::move(cursor)), prefix_(std::move(prefix)), low_(std::move(low)), high_(std::move(high)) {
  Invariant(low_.size() == high_.size(), "the ends of a range are of one size");
  cursor_->Seek(prefix_ + low_);
}

void RangeCursor::Seek(absl::string_view value, const record::RecordId& record_id, absl::string_view publisher) {
  Invariant(value.size() == low_.size(), "a value to seek to is as long as the ends of the range");
  if (value < low_) {
    cursor_->Seek(prefix_ + low_);
  } else {
    cursor_->Seek(PostingKey(absl::StrCat(prefix_, value), record_id, publisher));
  }
}

void RangeCursor::Next() { cursor_->Next(); }

bool RangeCursor::Valid() const { return cursor_->Valid() && value() <= high_; }

absl::string_view RangeCursor::value() const { return cursor_->key().substr(prefix_.size(), low_.size()); }

absl::StatusOr<Posting> RangeCursor::Get() const {
  return ParsePosting(cursor_->key().substr(prefix_.size() + low_.size()), cursor_->value());
}

absl::Status RangeCursor::status() const { return cursor_->status(); }

PostingCursor Index::Find(FeedId feed, const record::IndexTerm& term) const {
  std::string prefix = PostingPrefix(feed, term);
  std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, prefix);
  return PostingCursor(std::move(cursor), std::move(prefix));
}

RangeCursor Index::FindBetween(FeedId feed, absl::string_view field, const std::string& low,
                               const std::string& high) const {
  std::string prefix = PostingFieldPrefix(feed, field, low.size());
  std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, prefix);
  return {std::move(cursor), std::move(prefix), low, high};
}

absl::StatusOr<absl::optional<RecordTerms>> Index::TermsOf(FeedId feed, const record::RecordId& record_id,
                                                           const record::ParticipantId& publisher) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, TermsKey(feed, record_id, publisher)));
  if (!stored.has_value()) {
    return absl::optional<RecordTerms>();
  }
  v1::StoredTerms message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "index terms of a record", message));
  RecordTerms terms{message.version(), {}};
  for (v1::StoredTerms::Term& term : *message.mutable_terms()) {
    terms.terms.push_back({std::move(*term.mutable_field()), std::move(*term.mutable_value())});
  }
  return absl::make_optional(std::move(terms));
}

int64_t Index::Add(Transaction& transaction, FeedId feed, const record::Header& header, Arrival arrival,
                   absl::Span<const record::IndexTerm> terms) {
  return PutTerms(transaction, feed, header, arrival, Wanted(terms));
}

absl::StatusOr<int64_t> Index::Remove(Transaction& transaction, FeedId feed, const record::Header& header) const {
  std::string terms_key = TermsKey(feed, header.record_id(), header.publisher());
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredTerms before, ReadTerms(transaction, terms_key));
  if (before.version() == 0 || before.version() >= header.version()) {
    return 0;
  }
  for (const v1::StoredTerms::Term& term : before.terms()) {
    transaction.Delete(Family::kLookup, KeyOf(feed, {term.field(), term.value()}, header));
  }
  const int64_t bytes = CountedIndexBytes(terms_key, before);
  transaction.Delete(Family::kLookup, std::move(terms_key));
  return -bytes;
}

absl::StatusOr<int64_t> Index::Replace(Transaction& transaction, FeedId feed, const record::Header& header,
                                       Arrival arrival, absl::Span<const record::IndexTerm> terms) const {
  const std::string terms_key = TermsKey(feed, header.record_id(), header.publisher());
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredTerms before, ReadTerms(transaction, terms_key));
  if (header.version() < before.version()) {
    return 0;
  }
  const std::set<record::IndexTerm> wanted = Wanted(terms);
  for (const v1::StoredTerms::Term& term : before.terms()) {
    const record::IndexTerm old{term.field(), term.value()};
    if (!wanted.contains(old)) {
      transaction.Delete(Family::kLookup, KeyOf(feed, old, header));
    }
  }
  const int64_t bytes = PutTerms(transaction, feed, header, arrival, wanted);
  return bytes - (before.version() == 0 ? 0 : CountedIndexBytes(terms_key, before));
}

}  // namespace meguri::storage
