// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/repeated_step.h"
#include "certs/registry.h"
#include "meguri/audit/v1/onward.pb.h"
#include "meguri/audit/v1/row.pb.h"
#include "node/onward/onward_peer.h"
#include "record/participant_id.h"
#include "record/public_key.h"
#include "storage/committer.h"
#include "storage/onward_reports.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Tells owners of offers once a month to whom a member handed on the feeds of these, and keeps what others tell the
// member. What was handed on is counted from the audit feed, in the commit that notes how far that was read; a month
// that is over is signed in the commit that takes its counts away. So a restart neither loses nor repeats anything.
// Thread-safe.
class OnwardReporting {
 public:
  struct Hooks {
    std::function<std::shared_ptr<const certs::Registry>()> registry;
    // The feed key of the member now, or null.
    std::function<std::shared_ptr<const record::Signer>()> signer;
    // A report has come, and is kept.
    std::function<void(const audit::v1::OnwardReport& report)> on_received;
    // Something could not be done, and will be tried again.
    std::function<void(const absl::Status& status)> on_problem;
  };

  // What is borrowed outlives it, and it outlives what they still run.
  OnwardReporting(record::ParticipantId member, Hooks hooks, OnwardPeer& peers, const storage::SnapshotReader& store,
                  storage::Committer& committer, Executor& executor, const Clock& clock);

  // Begins what is due, and waits for none of it. Call it about once a second.
  void Tick() { looks_.Tick(); }
  // Begins nothing any more.
  void Stop() { looks_.Stop(); }

  // `holder` reports to `owner`; waits for the disk. The same report again is as the first. NOT_FOUND with reason
  // NOT_HOSTED; INVALID_ARGUMENT with reason ONWARD_OFFER if a row is of no offer of the owner's, ONWARD_MONTH if the
  // month is too long ago; ALREADY_EXISTS with reason ONWARD_REPORTED if there is another one of that month; the errors
  // of certs::OpenOnwardReport and of the store.
  absl::Status Take(const record::ParticipantId& holder, const record::ParticipantId& owner,
                    const record::v1::SignedBody& report);

  // A page of what others reported, or of own reports, before which stands what is counted of months that are not
  // reported yet. INVALID_ARGUMENT with reason PAGE_TOKEN.
  absl::StatusOr<audit::v1::OnwardReportPage> List(bool own, absl::string_view page_token);

 private:
  using Sums = std::map<storage::OnwardSumName, storage::v1::StoredOnwardSum>;
  // What one report takes.
  struct Draft {
    audit::v1::OnwardReport report;
    std::vector<storage::OnwardSumName> taken;
  };

  absl::Status Step();
  absl::Status CountRows();
  absl::StatusOr<Sums> ReadRows(uint64_t from, uint64_t& to) const;
  absl::Status AddSums(uint64_t from, uint64_t to, const Sums& sums);
  absl::StatusOr<std::vector<Draft>> DraftsUntil(absl::Time now) const;
  absl::Status MakeReports();
  absl::Status Keep(const Draft& draft, const record::Signer& signer);
  absl::Status SendReports();
  void Send(const storage::OnwardName& name, const storage::v1::StoredOnwardReport& stored);
  void TakeAnswer(const storage::OnwardName& name, const absl::Status& status);
  absl::Status CheckOffers(const audit::v1::OnwardReport& report) const;

  const record::ParticipantId member_;
  const Hooks hooks_;
  OnwardPeer& peers_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  Executor& executor_;
  const Clock& clock_;
  RepeatedStep looks_;
  Mutex mutex_;
  std::set<storage::OnwardName> sent_ ABSL_GUARDED_BY(mutex_);  // that have not been answered yet
};

}  // namespace meguri::node
