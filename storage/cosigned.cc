// SPDX-License-Identifier: Apache-2.0
#include "storage/cosigned.h"

#include <memory>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

absl::StatusOr<std::string> NoteIn(const absl::optional<std::string>& stored) {
  if (!stored.has_value()) {
    return std::string();
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view note, UnwrapValue(*stored));
  return std::string(note);
}

}  // namespace

absl::StatusOr<std::string> CosignedNotes::Find(FeedId feed) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, CosignedKey(feed)));
  return NoteIn(stored);
}

absl::StatusOr<std::string> CosignedNotes::Find(const Transaction& transaction, FeedId feed) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, CosignedKey(feed)));
  return NoteIn(stored);
}

void CosignedNotes::Put(Transaction& transaction, FeedId feed, absl::string_view note) {
  transaction.Put(Family::kLookup, CosignedKey(feed), WrapValue(note));
}

absl::StatusOr<std::vector<std::string>> CosignedNotes::KeptCovering(FeedId feed, uint64_t index, size_t count) const {
  std::vector<std::string> notes;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, CosignedKey(feed));
  for (cursor->Seek(CosignedKey(feed, index + 1)); cursor->Valid() && notes.size() < count; cursor->Next()) {
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view note, UnwrapValue(cursor->value()));
    notes.emplace_back(note);
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return notes;
}

absl::Status CosignedNotes::Keep(Transaction& transaction, FeedId feed, uint64_t size, absl::string_view note) {
  const std::string key = CosignedKey(feed, size);
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, key));
  if (!stored.has_value()) {
    transaction.Put(Family::kLookup, key, WrapValue(note));
  }
  return absl::OkStatus();
}

}  // namespace meguri::storage
