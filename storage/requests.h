// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "storage/transaction.h"

namespace meguri::storage {

inline constexpr absl::Duration kRequestRetention = absl::Hours(24);

// A request that a member made, by (acting member, method, request ID).
struct RequestKey {
  record::ParticipantId member;
  std::string method;
  std::string request_id;
};

// Remembered answers, so that a request that is sent again is done once. Stateless; thread-safe.
class Requests {
 public:
  // The answer given before, or nullopt. ALREADY_EXISTS with reason REQUEST_ID_REUSED if the ID came with another body.
  // An answer older than the retention counts as absent.
  absl::StatusOr<absl::optional<std::string>> Find(const Transaction& transaction, const RequestKey& key,
                                                   const record::Hash& body_hash, absl::Time now) const;
  absl::Status Put(Transaction& transaction, const RequestKey& key, const record::Hash& body_hash,
                   absl::string_view answer, absl::Time now) const;
  // Deletes up to `limit` answers whose time is over. Returns how many.
  absl::StatusOr<size_t> Expire(const StoreReader& store, Transaction& transaction, absl::Time now, size_t limit) const;
};

}  // namespace meguri::storage
