// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_count.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "storage/feeds.h"
#include "storage/key_layout.h"
#include "storage/records.h"
#include "storage/transaction.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

absl::Status ForEach(const StoreReader& store, Family family, const std::string& prefix,
                     absl::FunctionRef<absl::Status(absl::string_view key, absl::string_view stored)> visit) {
  const std::unique_ptr<Cursor> cursor = store.NewCursor(family, prefix);
  for (; cursor->Valid(); cursor->Next()) {
    MEGURI_RETURN_IF_ERROR(visit(cursor->key(), cursor->value()));
  }
  return cursor->status();
}

class UsageCounter {
 public:
  explicit UsageCounter(const StoreReader& store) : store_(store), feeds_(store), usages_(store), view_(store) {}

  absl::Status CountEntries() {
    return ForEach(store_, Family::kLookup, KindPrefix(KeyKind::kHead),
                   [this](absl::string_view key, absl::string_view) -> absl::Status {
                     const absl::optional<FeedId> id = ParseFeedIdKey(key);
                     if (!id.has_value()) {
                       return ValueDamaged("key of a feed head");
                     }
                     MEGURI_ASSIGN_OR_RETURN(const FeedHead head, feeds_.ReadHead(*id));
                     MEGURI_ASSIGN_OR_RETURN(Usage * usage, UsageOf(*id));
                     if (usage != nullptr && head.size() > 0) {
                       usage->entries += head.size();
                       usage->bytes += head.size() * static_cast<uint64_t>(kEntryBytes);
                     }
                     return absl::OkStatus();
                   });
  }

  // A record stands before its sections.
  absl::Status CountRecords() {
    Usage* payer = nullptr;
    return ForEach(store_, Family::kArrival, "", [&](absl::string_view key, absl::string_view stored) -> absl::Status {
      const absl::optional<ArrivalKey> place = ParseArrivalKey(key);
      if (!place.has_value()) {
        return ValueDamaged("key of a record");
      }
      if (!place->slot.has_value()) {
        MEGURI_ASSIGN_OR_RETURN(payer, UsageOfRecord(place->arrival, stored));
      }
      Charge(payer, CountedBytes(key, stored));
      return absl::OkStatus();
    });
  }

  absl::Status CountEvidence() {
    return ForEach(store_, Family::kLookup, KindPrefix(KeyKind::kFrozen),
                   [this](absl::string_view key, absl::string_view stored) -> absl::Status {
                     v1::StoredEvidence evidence;
                     MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "evidence", evidence));
                     if (evidence.brought_by() == 0) {
                       return absl::OkStatus();
                     }
                     MEGURI_ASSIGN_OR_RETURN(Usage * usage, UsageOf(evidence.brought_by()));
                     Charge(usage, CountedBytes(key, stored));
                     return absl::OkStatus();
                   });
  }

  absl::Status CountIndex() {
    return ForEach(store_, Family::kLookup, KindPrefix(KeyKind::kTerms),
                   [this](absl::string_view key, absl::string_view stored) -> absl::Status {
                     const absl::optional<TermsKeyParts> parts = ParseTermsKey(key);
                     if (!parts.has_value()) {
                       return ValueDamaged("key of index terms");
                     }
                     MEGURI_ASSIGN_OR_RETURN(Usage * usage, UsageOf(parts->feed));
                     if (usage != nullptr) {
                       v1::StoredTerms terms;
                       MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "index terms", terms));
                       Charge(usage, CountedIndexBytes(key, terms));
                     }
                     return absl::OkStatus();
                   });
  }

  std::map<UsageAccount, Usage> Take() {
    std::erase_if(counted_, [](const auto& account) { return account.second == Usage{}; });
    return std::move(counted_);
  }

 private:
  static void Charge(Usage* usage, int64_t bytes) {
    if (usage != nullptr) {
      usage->bytes += static_cast<uint64_t>(bytes);
    }
  }

  // Null if it is not counted.
  absl::StatusOr<Usage*> UsageOf(FeedId id) {
    const auto [found, is_new] = by_feed_.try_emplace(id, nullptr);
    if (is_new) {
      MEGURI_ASSIGN_OR_RETURN(const HeldFeed feed, feeds_.Describe(id));
      found->second = UsageOf(AccountOf(feed));
    }
    return found->second;
  }
  Usage* UsageOf(const absl::optional<UsageAccount>& account) {
    return account.has_value() ? &counted_[*account] : nullptr;
  }

  absl::StatusOr<Usage*> UsageOfRecord(Arrival arrival, absl::string_view stored) {
    v1::StoredRecord record;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "record", record));
    if (record.brought_by() != 0) {
      return UsageOf(record.brought_by());
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<UsageAccount> payer, usages_.PayerOf(view_, record, arrival));
    return UsageOf(payer);
  }

  const StoreReader& store_;
  const Feeds feeds_;
  const Usages usages_;
  const Transaction view_;
  std::map<UsageAccount, Usage> counted_;
  absl::flat_hash_map<FeedId, Usage*> by_feed_;  // into counted_
};

}  // namespace

absl::StatusOr<std::map<UsageAccount, Usage>> CountUsage(const StoreReader& store) {
  UsageCounter counter(store);
  MEGURI_RETURN_IF_ERROR(counter.CountEntries());
  MEGURI_RETURN_IF_ERROR(counter.CountRecords());
  MEGURI_RETURN_IF_ERROR(counter.CountEvidence());
  MEGURI_RETURN_IF_ERROR(counter.CountIndex());
  return counter.Take();
}

absl::Status AddUsage(OrderedStore& store) {
  MEGURI_ASSIGN_OR_RETURN(const auto counted, CountUsage(store));
  Transaction transaction(store);
  for (const auto& [account, usage] : counted) {
    PutUsage(transaction, account, usage);
  }
  WriteBatch batch;
  transaction.MoveTo(batch);
  return store.Apply(batch);
}

}  // namespace meguri::storage
