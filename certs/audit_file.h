// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/publisher_proof.h"
#include "certs/trust_bundle.h"
#include "meguri/audit/v1/row.pb.h"
#include "record/audit_row.h"
#include "record/checkpoint.h"
#include "record/participant_id.h"

namespace meguri::certs {

inline constexpr size_t kAuditFileBytesMax = size_t{64} << 20;

// What a file of audit rows proves: that the member whose feed it is put its name to these rows.
struct AuditReport {
  Judgement judgement;  // of the head, and of the operator's entry
  VerifiedMember member;
  record::ParticipantId id;
  record::Checkpoint head;
  std::vector<record::AuditRow> rows;  // by number, ascending
  uint64_t earlier_size = 0;           // of the head from which `path` leads to this one
  std::vector<record::Hash> path;
  std::vector<registry::v1::KeyNotice> key_notices;  // of the member

  // Whether every row up to the head is there.
  bool is_complete() const { return rows.size() == head.size; }
};

// Checks a file from end to end with nothing but the bundle: the operator's entry of the member, the head that a feed
// key of it signed, and for each row its form and its way to that head. INVALID_ARGUMENT with reason AUDIT_FILE, or the
// reasons of record and certs.
absl::StatusOr<AuditReport> VerifyAuditFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now);

// That `later` continues the feed of which `earlier` is a head: nothing was removed or changed since.
// FAILED_PRECONDITION with reason AUDIT_CHANGED (it does not), AUDIT_SHORTER (it ends before), AUDIT_OTHER_FEED, or
// AUDIT_NOT_CONNECTED: the file neither holds the proof from there nor every row.
absl::Status CheckContinues(const AuditReport& later, const record::Checkpoint& earlier);
// Numbers of rows that `earlier` shows and `later` does not.
std::vector<uint64_t> RowsLeftOut(const AuditReport& later, const AuditReport& earlier);

// The file of `file`, whose fields about the bundle and the digest are filled in here. It is the caller's business to
// check it with VerifyAuditFile.
std::string MakeAuditFile(audit::v1::AuditFile file, const TrustBundle& bundle);

}  // namespace meguri::certs
