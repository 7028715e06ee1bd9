// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/repeated_step.h"
#include "certs/erasure.h"
#include "meguri/audit/v1/onward.pb.h"
#include "meguri/erasure/v1/erasure_view.pb.h"
#include "node/erasure/deliveries.h"
#include "node/erasure/erasure_peer.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/erasure_requests.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// What an operator should hear of.
struct ErasureReport {
  enum class Kind { kDone, kOverdue, kRefused };
  Kind kind;  // all have answered; some have not in time; what came is no answer
  storage::ErasureName name;
  uint64_t open = 0;                             // kOverdue: who have not answered
  absl::optional<record::ParticipantId> holder;  // kRefused
  absl::Status status;                           // kRefused
};

// Has every holder of a member's erased records erase them too: looks in the audit feed for those who were given
// sections, and learns from what holders answer, and report, to whom they handed it on; asks each until it has
// acknowledged, and keeps the answers. What a restart interrupts goes on. Thread-safe.
class OutgoingErasures {
 public:
  using OnReport = std::function<void(const ErasureReport&)>;

  // What is borrowed outlives it, and it outlives what they still run.
  OutgoingErasures(record::ParticipantId member, ErasureRegistry registry, ErasurePeer& peers,
                   const storage::SnapshotReader& store, storage::Committer& committer, Executor& executor,
                   const Clock& clock, OnReport on_report);

  // Begins, or takes the newer request for one that was begun; waits for the disk. FAILED_PRECONDITION with reason
  // NOT_ERASED if the tombstone is not here, ERASURE_DEADLINE if it is over; PERMISSION_DENIED with reason
  // ERASURE_CALLER of another member's record; the errors of certs::OpenErasure and of the store.
  absl::Status Request(const record::v1::SignedBody& request);

  // INVALID_ARGUMENT with reason PAGE_TOKEN.
  absl::StatusOr<erasure::v1::ErasurePage> List(absl::string_view page_token) const;
  // NOT_FOUND with reason ERASURE_NOT_FOUND; as above.
  absl::StatusOr<erasure::v1::ErasureHolderPage> Get(const record::RecordId& record_id,
                                                     absl::string_view page_token) const;

  // A holder has reported to whom it handed on feeds of offers: those of them who so got what was erased are asked too.
  absl::Status TakeReport(const audit::v1::OnwardReport& report);

  // Begins what is due, and waits for none of it. Call it about once a second.
  void Tick() { looks_.Tick(); }
  // Begins nothing any more.
  void Stop() { looks_.Stop(); }

 private:
  using Asked = std::pair<storage::ErasureName, record::ParticipantId>;

  absl::StatusOr<erasure::v1::SignedErasure> Complete(const record::v1::SignedBody& request) const;
  absl::Status Step();
  absl::Status StepOne(const storage::ErasureName& name, const storage::v1::StoredErasure& stored);
  // Looks on for holders. True once there is nothing more to read.
  absl::StatusOr<bool> Search(const storage::ErasureName& name, const erasure::v1::SignedErasure& erasure,
                              const storage::v1::StoredErasure& stored);
  absl::StatusOr<std::set<record::ParticipantId>> ReadRows(const Deliveries& deliveries, uint64_t from,
                                                           uint64_t& to) const;
  absl::Status Found(const storage::ErasureName& name, const Deliveries& deliveries,
                     const std::set<record::ParticipantId>& delivered, const storage::v1::StoredErasure& progress);
  void AskIfDue(const storage::ErasureName& name, const record::ParticipantId& holder,
                const storage::v1::StoredHolder& stored, const erasure::v1::SignedErasure& erasure);
  void Take(const storage::ErasureName& name, const record::ParticipantId& holder,
            const erasure::v1::ErasureRequest& request, absl::StatusOr<absl::optional<record::v1::SignedBody>> answer);
  // Puts those to whom, as `report` says, its holder handed on what `deliveries` tells of.
  absl::Status PutReported(const storage::ErasureName& name, const Deliveries& deliveries,
                           const audit::v1::OnwardReport& report, storage::CommitScope& scope) const;
  absl::StatusOr<std::vector<audit::v1::OnwardReport>> ReadReports() const;
  absl::Status PutRecipients(const storage::ErasureName& name, const record::ParticipantId& holder,
                             const erasure::v1::ErasureAck& ack, storage::CommitScope& scope) const;
  absl::Status PutVia(const storage::ErasureName& name, const record::ParticipantId& holder,
                      const std::set<record::ParticipantId>& recipients, storage::CommitScope& scope) const;
  void NoteState(const storage::ErasureName& name, bool has_read_all, uint64_t open, uint64_t deadline_ms);
  void NoteOverdue(const storage::ErasureName& name, uint64_t deadline_ms, uint64_t open);
  erasure::v1::HolderState StateOf(const record::ParticipantId& holder, const storage::v1::StoredHolder& stored,
                                   uint64_t deadline_ms) const;
  absl::StatusOr<erasure::v1::Erasure> Describe(const storage::ErasureRequests::Own& own) const;

  const record::ParticipantId member_;
  const ErasureRegistry registry_;
  ErasurePeer& peers_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  Executor& executor_;
  const Clock& clock_;
  const OnReport on_report_;
  RepeatedStep looks_;
  Mutex mutex_;
  std::set<Asked> asked_ ABSL_GUARDED_BY(mutex_);                   // who have not answered yet
  std::set<storage::ErasureName> open_ ABSL_GUARDED_BY(mutex_);     // something was left to do
  std::set<storage::ErasureName> settled_ ABSL_GUARDED_BY(mutex_);  // nothing is
  std::set<storage::ErasureName> told_overdue_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
