// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/record/v1/receipt.pb.h"
#include "record/participant_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

inline constexpr int kReceiptGiversMax = 8;                // whose receipts are kept of one feed
inline constexpr uint64_t kReceiptsPerGiverMax = 100'000;  // two years of a feed that grows in every ten minutes
inline constexpr int kReceiptsTried = 16;                  // of one member, if its key was revoked since

// A receipt that was verified when it came, and whose it is.
struct GivenReceipt {
  record::ParticipantId giver;
  record::v1::Receipt receipt;
};

// What other members said of when they had seen heads of feeds, own or replicas, that are here. Stateless; thread-safe.
class Receipts {
 public:
  explicit Receipts(const StoreReader& store) : store_(store) {}

  // Whose receipts are kept, in the order in which they came first.
  static absl::StatusOr<std::vector<record::ParticipantId>> Givers(const Transaction& transaction, FeedId feed);
  // Keeps a receipt of a head that is here, unless there is one of that size, of too many members, or of this one too
  // many.
  static absl::Status Put(Transaction& transaction, FeedId feed, const GivenReceipt& given);
  // Whether one of that size is kept.
  absl::StatusOr<bool> Has(FeedId feed, const record::ParticipantId& giver, uint64_t size) const;

  // Of each member the one that counts for the smallest head that includes the entry `index`, of the first
  // kReceiptsTried.
  using Counts = absl::FunctionRef<bool(const GivenReceipt&)>;
  absl::StatusOr<std::vector<GivenReceipt>> Covering(FeedId feed, uint64_t index, Counts counts) const;

 private:
  const StoreReader& store_;
};

// For fsck, as of first_seen.h.
bool IsReceiptKey(absl::string_view key);
absl::Status CheckReceipts(const StoreReader& store, absl::string_view key, absl::string_view stored);

}  // namespace meguri::storage
