// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/storage/v1/onward.pb.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// A report of a month (202611), between a member that this store is home to and another.
struct OnwardName {
  uint32_t month = 0;
  record::ParticipantId other;  // the owner of an own report; the holder of one that came

  friend auto operator<=>(const OnwardName&, const OnwardName&) = default;
};

// What one reader was handed on of the feed of one offer in one month.
struct OnwardSumName {
  record::ParticipantId owner;
  uint32_t month = 0;
  record::RecordId offer;
  record::ParticipantId reader;
  uint32_t purpose = 0;

  friend auto operator<=>(const OnwardSumName&, const OnwardSumName&) = default;
};

// What members here handed on of feeds of others' offers, and what they and others report of it. All lie among the
// settings:
//   "onward/read/" member                                                        -> StoredOnwardProgress
//   "onward/sum/"  member 0 owner 0 u32be month | offer[16] | reader 0 | u32be purpose -> StoredOnwardSum
//   "onward/out/"  member 0 u32be ~month | owner                                 -> StoredOnwardReport
//   "onward/in/"   member 0 u32be ~month | holder                                -> StoredOnwardReport
// Stateless; thread-safe. Reports are listed by month, descending, and go on behind `after`, the key of the last one
// (KeyOf); "": from the start.
class OnwardReports {
 public:
  enum class Side { kOwn, kReceived };

  explicit OnwardReports(const StoreReader& store) : store_(store) {}

  // How many rows of the audit feed of `member` have been looked at.
  absl::StatusOr<uint64_t> RowsRead(const record::ParticipantId& member) const;
  static absl::StatusOr<uint64_t> RowsRead(const Transaction& transaction, const record::ParticipantId& member);
  static void PutRowsRead(Transaction& transaction, const record::ParticipantId& member, uint64_t rows);

  // Those that no report has taken yet, by name.
  using Sum = std::pair<OnwardSumName, v1::StoredOnwardSum>;
  absl::StatusOr<std::vector<Sum>> Sums(const record::ParticipantId& member) const;
  static absl::StatusOr<absl::optional<v1::StoredOnwardSum>> FindSum(const Transaction& transaction,
                                                                     const record::ParticipantId& member,
                                                                     const OnwardSumName& name);
  static void PutSum(Transaction& transaction, const record::ParticipantId& member, const OnwardSumName& name,
                     const v1::StoredOnwardSum& sum);
  static void DeleteSum(Transaction& transaction, const record::ParticipantId& member, const OnwardSumName& name);

  using Report = std::pair<OnwardName, v1::StoredOnwardReport>;
  absl::StatusOr<std::vector<Report>> List(Side side, const record::ParticipantId& member, absl::string_view after,
                                           size_t count) const;
  static std::string KeyOf(const OnwardName& name);
  static absl::StatusOr<absl::optional<v1::StoredOnwardReport>> Find(const Transaction& transaction, Side side,
                                                                     const record::ParticipantId& member,
                                                                     const OnwardName& name);
  static void Put(Transaction& transaction, Side side, const record::ParticipantId& member, const OnwardName& name,
                  const v1::StoredOnwardReport& report);

 private:
  const StoreReader& store_;
};

// Whether a key among the settings is one of these.
bool IsOnwardKey(absl::string_view key);
// That what lies there is what may lie there. DATA_LOSS with reason VALUE_DAMAGED.
absl::Status CheckOnward(absl::string_view key, absl::string_view stored);

}  // namespace meguri::storage
