// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/open.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "storage/commit_keys.h"
#include "storage/format.h"
#include "storage/key_layout.h"
#include "storage/records.h"
#include "storage/sealed/sealed_store.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

// The ID of the keys that a store is sealed with, or nullopt if it never was.
absl::StatusOr<absl::optional<std::string>> IdOfKeys(const StoreReader& store) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> stored, store.Get(Family::kLookup, kDataKeysKey));
  if (stored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view id, UnwrapValue(*stored));
    return absl::make_optional(std::string(id));
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> format, ReadNumber(store, kFormatKey));
  if (format.value_or(0) >= kFormatSealed) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 "the store does not tell which data keys seal its sections; restore a backup of store and ANCHOR");
  }
  return absl::optional<std::string>();
}

absl::Status CheckId(const SectionKeys& keys, const std::string& id, const SectionKeyFiles& files) {
  return keys.id() == id ? absl::OkStatus()
                         : Error(absl::StatusCode::kDataLoss, "DATA_KEYS_FOREIGN",
                                 absl::StrCat(files.tree,
                                              " holds the data keys of another store. Put back the newest DATA_KEYS, "
                                              "and the epoch key in keys/, of this one"));
}

// The keys of a store that has none so far. Files that are there already were made by a start that was cut short, or
// the store is a copy from before it had keys.
absl::StatusOr<std::unique_ptr<SectionKeys>> FirstKeys(OrderedStore& store, const SectionKeyFiles& files,
                                                       Random& random) {
  absl::StatusOr<std::unique_ptr<SectionKeys>> keys = SectionKeys::Exist(files)
                                                          ? SectionKeys::Open(files, SectionKeys::Use::kOwn, random)
                                                          : SectionKeys::Create(files, random);
  MEGURI_RETURN_IF_ERROR(keys.status());
  WriteBatch batch;
  batch.preconditions.push_back(Precondition{Family::kLookup, kDataKeysKey, absl::nullopt});
  batch.writes.push_back(Write{Family::kLookup, kDataKeysKey, WrapValue((*keys)->id())});
  MEGURI_RETURN_IF_ERROR(store.Apply(batch));
  return keys;
}

absl::StatusOr<std::unique_ptr<SectionKeys>> KeysOf(OrderedStore& store, const SectionKeyFiles& files, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> id, IdOfKeys(store));
  if (!id.has_value()) {
    return FirstKeys(store, files, random);
  }
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SectionKeys> keys, SectionKeys::Open(files, SectionKeys::Use::kOwn, random));
  MEGURI_RETURN_IF_ERROR(CheckId(*keys, *id, files));
  return keys;
}

// Whether this program makes of the store what it should, before anything is written.
absl::Status CheckFormat(OrderedStore& store) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> format, ReadNumber(store, kFormatKey));
  MEGURI_ASSIGN_OR_RETURN(const bool is_empty, IsEmpty(store));
  const bool is_refused = format.has_value() ? *format == 0 || *format > kStoreFormat : !is_empty;
  return is_refused ? PrepareFormat(store) : absl::OkStatus();
}

// In a store that is older than its keys the next record would get a number that is erased.
absl::Status SkipErasedNumbers(OrderedStore& store, const SectionKeys& keys) {
  MEGURI_ASSIGN_OR_RETURN(const uint64_t count, Records(store).Count());
  if (keys.last_erased() <= count) {
    return absl::OkStatus();
  }
  return store.Apply(WriteBatch{{}, {Write{Family::kLookup, NextArrivalKey(), WrapU64(keys.last_erased() + 1)}}});
}

}  // namespace

absl::StatusOr<SealedParts> OpenSealed(std::unique_ptr<OrderedStore> store, const SectionKeyFiles& files,
                                       Random& random) {
  MEGURI_RETURN_IF_ERROR(CheckFormat(*store));
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SectionKeys> keys, KeysOf(*store, files, random));
  OrderedStore& inner = *store;
  std::unique_ptr<OrderedStore> sealed = MakeSealedStore(std::move(store), *keys, random);
  const MigrationStep seal = [&](OrderedStore&) { return SealSections(inner, *keys, random); };
  MEGURI_RETURN_IF_ERROR(PrepareFormat(*sealed, seal));
  MEGURI_RETURN_IF_ERROR(SkipErasedNumbers(*sealed, *keys));
  return SealedParts{std::move(keys), std::move(sealed)};
}

absl::StatusOr<SealedReaderParts> OpenSealedToRead(std::unique_ptr<StoreReader> store, const SectionKeyFiles& files,
                                                   Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> id, IdOfKeys(*store));
  if (!id.has_value()) {
    return SealedReaderParts{nullptr, std::move(store)};
  }
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SectionKeys> keys,
                          SectionKeys::Open(files, SectionKeys::Use::kLookAt, random));
  MEGURI_RETURN_IF_ERROR(CheckId(*keys, *id, files));
  std::unique_ptr<StoreReader> opened = MakeSealedReader(std::move(store), *keys);
  return SealedReaderParts{std::move(keys), std::move(opened)};
}

}  // namespace meguri::storage
