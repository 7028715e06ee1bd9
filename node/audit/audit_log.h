// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/first_then_counted.h"
#include "base/random.h"
#include "meguri/audit/v1/row.pb.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/committer.h"
#include "storage/grant_use.h"
#include "storage/transaction.h"

namespace meguri::node {

inline constexpr absl::Duration kDenialWindow = absl::Minutes(1);  // in which one of a kind has a row of its own
inline constexpr size_t kDenialKindsMax = 1024;                    // callers and rules that are told apart

// A call that was refused.
struct Refusal {
  record::ParticipantId caller;  // the member in the certificate
  std::string identity;          // in the certificate
  std::string method;            // in full
  std::string rule;              // the reason of the refusal
  std::string told;              // the sentence that the caller got
  std::string record_id;         // that was asked for; empty: none
};

// What the log asks and tells about deliveries by grants. Both may come from any thread.
struct GrantHooks {
  // How many deliveries a grant allows; 0: no limit.
  std::function<uint64_t(const record::RecordId& grant)> deliveries_max;
  // So many were made by it in all. What was written down to be the last has left by then.
  std::function<void(const record::RecordId& grant, uint64_t deliveries)> on_delivered;
};

// Writes the audit feed of one member. Thread-safe.
class AuditLog {
 public:
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  // Borrowed arguments outlive the log.
  AuditLog(storage::Committer& committer, record::ParticipantId member, GrantHooks hooks, const Clock& clock,
           Random& random);

  const record::ParticipantId& member() const { return member_; }

  // Gives `rows` nonce, time and number, and appends them with the next commit. Never blocks. Once `done` gets OK they
  // are durable; what they speak of may leave then and not before. Any other status: it must not leave. `done` is
  // called once, on the committer's thread or by Write itself. PERMISSION_DENIED with reason DELIVERIES_SPENT, and
  // nothing written, if that is more than a grant allows.
  void Write(std::vector<audit::v1::Row> rows, Done done);

  // Writes that a call was refused: the first of its caller and rule in a minute as a row, further ones are counted.
  // Nobody waits for it, so that a refusal takes no longer than an answer.
  void NoteRefusal(const Refusal& refusal);
  // Writes rows for what was counted. Call it about once a second.
  void Tick() { WriteCounts(refused_.TakeCounts()); }
  // The same for what was counted in the minute that is not over. Once no call comes any more.
  void Flush() { WriteCounts(refused_.TakeAll()); }

 private:
  void WriteCounts(const std::vector<std::pair<std::string, uint64_t>>& counts);
  // Counts what `rows` tell of, and returns what was delivered by each of their grants in all.
  absl::StatusOr<std::vector<storage::GrantUse>> CountDeliveries(const std::vector<audit::v1::Row>& rows,
                                                                 storage::Transaction& transaction) const;

  storage::Committer& committer_;
  const record::ParticipantId member_;
  const GrantHooks hooks_;
  const Clock& clock_;
  Random& random_;
  FirstThenCounted refused_;
};

}  // namespace meguri::node
