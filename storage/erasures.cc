// SPDX-License-Identifier: Apache-2.0
#include "storage/erasures.h"

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "meguri/record/v1/record.pb.h"
#include "storage/feeds.h"
#include "storage/index.h"
#include "storage/key_layout.h"
#include "storage/records.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

// The keys under `prefix`, those that only `transaction` has so far included. Some may be deleted in it.
absl::StatusOr<std::set<std::string>> KeysUnder(const StoreReader& store, const Transaction& transaction,
                                                const std::string& prefix) {
  const std::vector<std::string> written = transaction.KeysWritten(Family::kLookup, prefix);
  std::set<std::string> keys(written.begin(), written.end());
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, prefix);
  for (; cursor->Valid(); cursor->Next()) {
    keys.emplace(cursor->key());
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return keys;
}

absl::StatusOr<std::vector<VersionRef>> VersionsOf(const StoreReader& store, const Transaction& transaction,
                                                   const record::Header& header) {
  MEGURI_ASSIGN_OR_RETURN(const auto keys, KeysUnder(store, transaction, VersionPrefix(header.record_id())));
  std::vector<VersionRef> versions;
  for (const std::string& key : keys) {
    const auto parts = ParseVersionKey(key);
    if (!parts.has_value()) {
      return ValueDamaged("key of a version");
    }
    MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, key));
    if (stored.has_value() && parts->publisher == header.publisher()) {
      MEGURI_ASSIGN_OR_RETURN(VersionRef version, ParseVersion(parts->publisher, parts->version, *stored));
      versions.push_back(std::move(version));
    }
  }
  return versions;
}

absl::StatusOr<absl::optional<record::Hash>> ParseMark(const absl::optional<std::string>& stored) {
  if (!stored.has_value()) {
    return absl::optional<record::Hash>();
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(*stored));
  const absl::StatusOr<record::Hash> hash = record::Hash::Parse(bytes);
  if (!hash.ok()) {
    return ValueDamaged("mark of an erased version");
  }
  return absl::make_optional(*hash);
}

}  // namespace

bool IsErasure(const record::Header& header) {
  return header.is_tombstone() && header.message().tombstone().reason() == record::v1::TOMBSTONE_REASON_ERASED;
}

absl::StatusOr<absl::optional<record::Hash>> Erasures::Find(Arrival arrival) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, ErasedKey(arrival)));
  return ParseMark(stored);
}

absl::StatusOr<absl::optional<record::Hash>> Erasures::FindTombstone(const Transaction& transaction, Arrival arrival,
                                                                     const record::Header& header) const {
  MEGURI_ASSIGN_OR_RETURN(const auto marked, transaction.Get(Family::kLookup, ErasedKey(arrival)));
  if (marked.has_value()) {
    return ParseMark(marked);
  }
  MEGURI_ASSIGN_OR_RETURN(const Newest newest_of_any, Records(store_).FindNewest(transaction, header.record_id()));
  if (newest_of_any.only.has_value() && newest_of_any.only->version <= header.version()) {
    return absl::optional<record::Hash>();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions, VersionsOf(store_, transaction, header));
  if (versions.empty() || versions.back().version <= header.version()) {
    return absl::optional<record::Hash>();
  }
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredRecord stored, Records(store_).Read(transaction, versions.back().arrival));
  MEGURI_ASSIGN_OR_RETURN(const record::Header newest, record::Header::Parse(stored.header()));
  return IsErasure(newest) ? absl::make_optional(newest.hash()) : absl::nullopt;
}

absl::StatusOr<int64_t> Erasures::EraseRecord(Transaction& transaction, const record::Header& tombstone,
                                              const absl::optional<UsageAccount>& account) const {
  int64_t grown = 0;
  std::set<FeedId> feeds;
  MEGURI_ASSIGN_OR_RETURN(const std::vector<VersionRef> versions, VersionsOf(store_, transaction, tombstone));
  for (const VersionRef& version : versions) {
    if (version.version >= tombstone.version()) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const int64_t bytes, EraseVersion(transaction, version.arrival, tombstone.hash(), account));
    grown += bytes;
    MEGURI_ASSIGN_OR_RETURN(const auto memberships, KeysUnder(store_, transaction, MembershipPrefix(version.arrival)));
    for (const std::string& key : memberships) {
      const auto membership = ParseMembershipKey(key);
      if (!membership.has_value()) {
        return ValueDamaged("key of a membership");
      }
      feeds.insert(membership->feed);
    }
  }
  for (const FeedId feed : feeds) {
    MEGURI_ASSIGN_OR_RETURN(const HeldFeed held, Feeds(store_).Describe(transaction, feed));
    MEGURI_ASSIGN_OR_RETURN(const int64_t bytes, Index(store_).Remove(transaction, feed, tombstone));
    MEGURI_ASSIGN_OR_RETURN(const int64_t charged, Charge(transaction, AccountOf(held), account, bytes));
    grown += charged;
  }
  return grown;
}

absl::StatusOr<int64_t> Erasures::EraseVersion(Transaction& transaction, Arrival arrival, const record::Hash& tombstone,
                                               const absl::optional<UsageAccount>& account) const {
  std::string mark = ErasedKey(arrival);
  MEGURI_ASSIGN_OR_RETURN(const auto marked, transaction.Get(Family::kLookup, mark));
  if (marked.has_value()) {
    return 0;
  }
  transaction.Put(Family::kLookup, std::move(mark), WrapValue(tombstone.view()));
  transaction.Put(Family::kLookup, ErasingKey(arrival), WrapValue(""));
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredRecord stored, Records(store_).Read(transaction, arrival));
  int64_t bytes = 0;
  for (uint32_t slot = 0; slot < record::kSlotsMax; ++slot) {
    std::string key = SectionKey(arrival, slot);
    MEGURI_ASSIGN_OR_RETURN(const auto section, transaction.Get(Family::kArrival, key));
    if (section.has_value()) {
      bytes += CountedBytes(key, *section);
      transaction.Delete(Family::kArrival, std::move(key));
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const auto payer, Usages(store_).PayerOf(transaction, stored, arrival));
  return Charge(transaction, payer, account, -bytes);
}

absl::StatusOr<int64_t> Erasures::Charge(Transaction& transaction, const absl::optional<UsageAccount>& payer,
                                         const absl::optional<UsageAccount>& account, int64_t bytes) const {
  if (payer == account) {
    return bytes;
  }
  if (payer.has_value() && bytes != 0) {
    MEGURI_RETURN_IF_ERROR(Usages(store_).Add(transaction, *payer, 0, bytes).status());
  }
  return 0;
}

absl::StatusOr<bool> Erasures::IsPending(Arrival arrival) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, ErasingKey(arrival)));
  return stored.has_value();
}

absl::StatusOr<std::vector<Arrival>> Erasures::Pending(size_t count) const {
  std::vector<Arrival> pending;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, KindPrefix(KeyKind::kErasing));
  for (; cursor->Valid() && pending.size() < count; cursor->Next()) {
    const absl::optional<uint64_t> arrival = ParseErasureKey(cursor->key());
    if (!arrival.has_value()) {
      return ValueDamaged("key of an erased version");
    }
    pending.push_back(*arrival);
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return pending;
}

void Erasures::Finish(Transaction& transaction, absl::Span<const Arrival> arrivals) {
  for (const Arrival arrival : arrivals) {
    transaction.Delete(Family::kLookup, ErasingKey(arrival));
  }
}

}  // namespace meguri::storage
