// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/participant_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/records.h"
#include "storage/transaction.h"

// What replicas take up, counted as they are written, so that a publisher can be held to a quota. The count of one
// holder and one publisher is the sum of these, each of which belongs to exactly one feed:
//
// - kEntryBytes for every entry: its 41 bytes, its share of the tree, and the look-up keys of what it names, all of
//   them for the longest names;
// - key and value of every record and of each of its sections, for the feed that brought the record here first. What
//   several feeds of a publisher bring is stored once and counted once;
// - key and value of the evidence against a frozen record, for the feed that brought the second header;
// - key and value of the terms of every record in the index of a feed, and of its postings.
//
// Bytes are counted before the store compresses them, and space that it has not reclaimed yet is not counted. The
// signed heads of a feed are not counted either: they are few, and the number of feeds is the holder's own decision.
// Own feeds are not counted, and the registry is not: nobody may be kept from learning that a right was taken away, so
// it has no quota, and an operator's other feeds do not pay for it.
namespace meguri::storage {

inline constexpr int64_t kEntryBytes = 320;

struct UsageAccount {
  record::ParticipantId holder;
  record::ParticipantId publisher;

  friend auto operator<=>(const UsageAccount&, const UsageAccount&) = default;
};

struct Usage {
  uint64_t entries = 0;
  uint64_t bytes = 0;

  friend bool operator==(const Usage&, const Usage&) = default;
};

// The account of a feed, or nullopt if it is not counted.
absl::optional<UsageAccount> AccountOf(const HeldFeed& feed);
// Makes `usage` the count of an account.
void PutUsage(Transaction& transaction, const UsageAccount& account, const Usage& usage);
// What a stored key and value count.
int64_t CountedBytes(absl::string_view key, absl::string_view value);
// What the terms under `terms_key` count, with their postings.
int64_t CountedIndexBytes(absl::string_view terms_key, const v1::StoredTerms& terms);

// The counts. Stateless; thread-safe.
class Usages {
 public:
  explicit Usages(const StoreReader& store) : store_(store) {}

  // Nothing was counted: zero.
  absl::StatusOr<Usage> Read(const Transaction& transaction, const UsageAccount& account) const;
  // Every publisher of whom `holder` holds something, ascending.
  absl::StatusOr<std::vector<std::pair<UsageAccount, Usage>>> HeldBy(const record::ParticipantId& holder) const;
  // The account that a record is counted in, as `transaction` sees it, or nullopt if it is not counted.
  absl::StatusOr<absl::optional<UsageAccount>> PayerOf(const Transaction& transaction, const v1::StoredRecord& record,
                                                       Arrival arrival) const;

  // Adds to a count, and returns what it is now. DATA_LOSS if more is taken away than was counted.
  absl::StatusOr<Usage> Add(Transaction& transaction, const UsageAccount& account, uint64_t entries,
                            int64_t bytes) const;

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
