// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "record/hash.h"
#include "record/header.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"
#include "storage/usage.h"
#include "storage/versions.h"

namespace meguri::storage {

// Whether `header` is the tombstone by which a publisher erases its record: every version before it.
bool IsErasure(const record::Header& header);

// What is erased. The commit that brings the tombstone deletes sections and index terms and marks each version; its
// data key is destroyed afterwards, outside any commit, and until then the version is listed as pending. Header,
// signature, entries and trees stay. Stateless; thread-safe.
class Erasures {
 public:
  explicit Erasures(const StoreReader& store) : store_(store) {}

  // The hash of the tombstone that erased the version at `arrival`, or nullopt.
  absl::StatusOr<absl::optional<record::Hash>> Find(Arrival arrival) const;
  // The same as `transaction` sees it, if the version is not marked yet and the tombstone is here too.
  absl::StatusOr<absl::optional<record::Hash>> FindTombstone(const Transaction& transaction, Arrival arrival,
                                                             const record::Header& header) const;
  // Erases every version here that `tombstone` covers, in all feeds. Returns the bytes by which `account` grew, as
  // storage/usage.h counts them; what others paid for is taken off their counts.
  absl::StatusOr<int64_t> EraseRecord(Transaction& transaction, const record::Header& tombstone,
                                      const absl::optional<UsageAccount>& account) const;
  // The same for one version, of which index terms are left alone.
  absl::StatusOr<int64_t> EraseVersion(Transaction& transaction, Arrival arrival, const record::Hash& tombstone,
                                       const absl::optional<UsageAccount>& account) const;

  // Whether the data key of an erased version is not destroyed yet.
  absl::StatusOr<bool> IsPending(Arrival arrival) const;
  // Up to `count` versions whose data keys are not destroyed yet.
  absl::StatusOr<std::vector<Arrival>> Pending(size_t count) const;
  // They are.
  static void Finish(Transaction& transaction, absl::Span<const Arrival> arrivals);

 private:
  // Adds to the count of `payer`, or returns what belongs to `account`.
  absl::StatusOr<int64_t> Charge(Transaction& transaction, const absl::optional<UsageAccount>& payer,
                                 const absl::optional<UsageAccount>& account, int64_t bytes) const;

  const StoreReader& store_;
};

}  // namespace meguri::storage
