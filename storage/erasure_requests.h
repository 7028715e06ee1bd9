// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/storage/v1/erasure.pb.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// A record of one member.
struct ErasureName {
  record::ParticipantId publisher;
  record::RecordId record_id;

  friend auto operator<=>(const ErasureName&, const ErasureName&) = default;
};

// What members here ask others to erase, with who is asked, and what others ask of them. All lie among the settings:
//   "erasure/own/"    publisher 0 record ID[16]            -> StoredErasure
//   "erasure/holder/" publisher 0 record ID[16] holder     -> StoredHolder
//   "erasure/in/"     holder 0 record ID[16] publisher     -> StoredIncomingErasure
// Stateless; thread-safe. Lists are ascending and go on behind `after`, the name of the last one; "": from the start.
class ErasureRequests {
 public:
  explicit ErasureRequests(const StoreReader& store) : store_(store) {}

  using Own = std::pair<ErasureName, v1::StoredErasure>;
  absl::StatusOr<std::vector<Own>> List(const record::ParticipantId& publisher, absl::string_view after,
                                        size_t count) const;
  absl::StatusOr<absl::optional<v1::StoredErasure>> Find(const ErasureName& name) const;
  static absl::StatusOr<absl::optional<v1::StoredErasure>> Find(const Transaction& transaction,
                                                                const ErasureName& name);
  static void Put(Transaction& transaction, const ErasureName& name, const v1::StoredErasure& erasure);

  using Holder = std::pair<record::ParticipantId, v1::StoredHolder>;
  absl::StatusOr<std::vector<Holder>> Holders(const ErasureName& name, absl::string_view after, size_t count) const;
  static absl::StatusOr<absl::optional<v1::StoredHolder>> FindHolder(const Transaction& transaction,
                                                                     const ErasureName& name,
                                                                     const record::ParticipantId& holder);
  static void PutHolder(Transaction& transaction, const ErasureName& name, const record::ParticipantId& holder,
                        const v1::StoredHolder& stored);

  using Incoming = std::pair<ErasureName, v1::StoredIncomingErasure>;
  // `after` is the record ID and the publisher of the last one.
  absl::StatusOr<std::vector<Incoming>> ListIncoming(const record::ParticipantId& holder, absl::string_view after,
                                                     size_t count) const;
  absl::StatusOr<absl::optional<v1::StoredIncomingErasure>> FindIncoming(const record::ParticipantId& holder,
                                                                         const ErasureName& name) const;
  static absl::StatusOr<absl::optional<v1::StoredIncomingErasure>> FindIncoming(const Transaction& transaction,
                                                                                const record::ParticipantId& holder,
                                                                                const ErasureName& name);
  static void PutIncoming(Transaction& transaction, const record::ParticipantId& holder, const ErasureName& name,
                          const v1::StoredIncomingErasure& incoming);

 private:
  const StoreReader& store_;
};

// Whether a key among the settings is one of these.
bool IsErasureRequestKey(absl::string_view key);
// That what lies there is what may lie there. DATA_LOSS with reason VALUE_DAMAGED.
absl::Status CheckErasureRequest(absl::string_view key, absl::string_view stored);

}  // namespace meguri::storage
