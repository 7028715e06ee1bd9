// SPDX-License-Identifier: Apache-2.0
#include "storage/cosigned.h"

#include "absl/strings/match.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
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

std::string CosignedPrefix() { return KindPrefix(KeyKind::kSetting) + "cosigned/"; }

}  // namespace

std::string CosignedKey(FeedId feed) {
  std::string key = CosignedPrefix();
  AppendU32(feed, key);
  return key;
}

bool IsCosignedKey(absl::string_view key) {
  const std::string prefix = CosignedPrefix();
  return absl::StartsWith(key, prefix) && key.size() == prefix.size() + sizeof(FeedId);
}

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

}  // namespace meguri::storage
