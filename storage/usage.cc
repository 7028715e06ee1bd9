// SPDX-License-Identifier: Apache-2.0
#include "storage/usage.h"

#include <memory>
#include <string>

#include "base/status_macros.h"
#include "storage/index.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

absl::StatusOr<Usage> ParseUsage(absl::string_view stored) {
  v1::StoredUsage message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "count of a replica", message));
  return Usage{message.entries(), message.bytes()};
}

}  // namespace

absl::optional<UsageAccount> AccountOf(const HeldFeed& feed) {
  if (feed.is_own() || feed.key.name == record::FeedName::Registry()) {
    return absl::nullopt;
  }
  return UsageAccount{feed.holder, feed.key.publisher};
}

void PutUsage(Transaction& transaction, const UsageAccount& account, const Usage& usage) {
  v1::StoredUsage message;
  message.set_entries(usage.entries);
  message.set_bytes(usage.bytes);
  transaction.Put(Family::kLookup, UsageKey(account.holder, account.publisher), WrapMessage(message));
}

int64_t CountedBytes(absl::string_view key, absl::string_view value) {
  return static_cast<int64_t>(key.size() + value.size());
}

int64_t CountedIndexBytes(absl::string_view terms_key, const v1::StoredTerms& terms) {
  const size_t posting_value_size = WrapPosting(0, 0).size();
  size_t bytes = terms_key.size() + WrapMessage(terms).size();
  for (const v1::StoredTerms::Term& term : terms.terms()) {
    bytes += PostingKeySize(terms_key, term.field(), term.value()) + posting_value_size;
  }
  return static_cast<int64_t>(bytes);
}

absl::StatusOr<Usage> Usages::Read(const Transaction& transaction, const UsageAccount& account) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored,
                          transaction.Get(Family::kLookup, UsageKey(account.holder, account.publisher)));
  return stored.has_value() ? ParseUsage(*stored) : Usage{};
}

absl::StatusOr<std::vector<std::pair<UsageAccount, Usage>>> Usages::HeldBy(const record::ParticipantId& holder) const {
  std::vector<std::pair<UsageAccount, Usage>> usages;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, UsagePrefix(holder));
  for (; cursor->Valid(); cursor->Next()) {
    auto key = ParseUsageKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("key of a replica's count");
    }
    MEGURI_ASSIGN_OR_RETURN(const Usage usage, ParseUsage(cursor->value()));
    usages.emplace_back(UsageAccount{std::move(key->holder), std::move(key->publisher)}, usage);
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return usages;
}

absl::StatusOr<absl::optional<UsageAccount>> Usages::PayerOf(const Transaction& transaction,
                                                             const v1::StoredRecord& record, Arrival arrival) const {
  const Feeds feeds(store_);
  if (record.brought_by() != 0) {
    MEGURI_ASSIGN_OR_RETURN(const HeldFeed feed, feeds.Describe(transaction, record.brought_by()));
    return AccountOf(feed);
  }
  if (record.own()) {
    return absl::optional<UsageAccount>();
  }
  // Stored in format 1, which did not say it.
  MEGURI_ASSIGN_OR_RETURN(const std::vector<FeedMembership> memberships, Records(store_).FeedsOf(arrival));
  for (const FeedMembership& membership : memberships) {
    MEGURI_ASSIGN_OR_RETURN(const HeldFeed feed, feeds.Describe(membership.feed));
    if (absl::optional<UsageAccount> account = AccountOf(feed); account.has_value()) {
      return account;
    }
  }
  return absl::optional<UsageAccount>();
}

absl::StatusOr<Usage> Usages::Add(Transaction& transaction, const UsageAccount& account, uint64_t entries,
                                  int64_t bytes) const {
  MEGURI_ASSIGN_OR_RETURN(Usage usage, Read(transaction, account));
  if (bytes < 0 && usage.bytes < static_cast<uint64_t>(-bytes)) {
    return ValueDamaged("count of a replica");
  }
  usage.entries += entries;
  usage.bytes += static_cast<uint64_t>(bytes);  // modulo 2^64, so that a negative number takes away
  PutUsage(transaction, account, usage);
  return usage;
}

}  // namespace meguri::storage
