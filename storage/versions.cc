// SPDX-License-Identifier: Apache-2.0
#include "storage/versions.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr size_t kVersionValueSize = 8 + record::kHashSize;
constexpr size_t kNewestHashAt = 8 + 8;
constexpr size_t kNewestPublisherAt = kNewestHashAt + record::kHashSize;
constexpr size_t kKeysAtOnce = 4096;  // of a migration

}  // namespace

Newest WithVersion(Newest known, VersionRef added) {
  if (known.several || (known.only.has_value() && known.only->publisher != added.publisher)) {
    return Newest{true, absl::nullopt};
  }
  if (known.only.has_value() && known.only->version > added.version) {
    return known;
  }
  return Newest{false, std::move(added)};
}

std::string WrapVersion(Arrival arrival, const record::Hash& header_hash) {
  std::string bytes;
  AppendU64(arrival, bytes);
  bytes.append(header_hash.view().data(), header_hash.view().size());
  return WrapValue(bytes);
}

absl::StatusOr<VersionRef> ParseVersion(const record::ParticipantId& publisher, uint64_t version,
                                        absl::string_view stored) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  if (bytes.size() != kVersionValueSize) {
    return ValueDamaged("version of a record");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash header_hash, record::Hash::Parse(bytes.substr(8)));
  return VersionRef{publisher, version, ReadU64(bytes), header_hash};
}

std::string WrapNewest(const Newest& newest) {
  std::string bytes;
  if (newest.only.has_value()) {
    AppendU64(newest.only->version, bytes);
    AppendU64(newest.only->arrival, bytes);
    absl::StrAppend(&bytes, newest.only->header_hash.view(), newest.only->publisher.text());
  }
  return WrapValue(bytes);
}

absl::StatusOr<Newest> ParseNewest(absl::string_view stored) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  if (bytes.empty()) {
    return Newest{true, absl::nullopt};
  }
  if (bytes.size() <= kNewestPublisherAt) {
    return ValueDamaged("newest version of a record");
  }
  auto publisher = record::ParticipantId::Parse(bytes.substr(kNewestPublisherAt));
  if (!publisher.ok()) {
    return ValueDamaged("newest version of a record");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash header_hash,
                          record::Hash::Parse(bytes.substr(kNewestHashAt, record::kHashSize)));
  return Newest{false, VersionRef{*std::move(publisher), ReadU64(bytes), ReadU64(bytes.substr(8)), header_hash}};
}

absl::Status ForEachNewest(const StoreReader& store,
                           const std::function<absl::Status(const record::RecordId&, const Newest&)>& take) {
  absl::optional<record::RecordId> record_id;
  Newest newest;
  // The versions of one record stand together.
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, KindPrefix(KeyKind::kVersion));
  for (; cursor->Valid(); cursor->Next()) {
    const auto key = ParseVersionKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("key of a version");
    }
    MEGURI_ASSIGN_OR_RETURN(VersionRef version, ParseVersion(key->publisher, key->version, cursor->value()));
    if (record_id != key->record_id) {
      if (record_id.has_value()) {
        MEGURI_RETURN_IF_ERROR(take(*record_id, newest));
      }
      record_id = key->record_id;
      newest = Newest();
    }
    newest = WithVersion(std::move(newest), std::move(version));
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return record_id.has_value() ? take(*record_id, newest) : absl::OkStatus();
}

absl::Status AddNewestKeys(OrderedStore& store) {
  WriteBatch batch;
  const auto add = [&](const record::RecordId& record_id, const Newest& newest) {
    absl::Status applied;
    if (batch.writes.size() == kKeysAtOnce) {
      applied = store.Apply(batch);
      batch.writes.clear();
    }
    batch.writes.push_back(Write{Family::kLookup, NewestKey(record_id), WrapNewest(newest)});
    return applied;
  };
  MEGURI_RETURN_IF_ERROR(ForEachNewest(store, add));
  return batch.writes.empty() ? absl::OkStatus() : store.Apply(batch);
}

}  // namespace meguri::storage
