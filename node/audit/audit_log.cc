// SPDX-License-Identifier: Apache-2.0
#include "node/audit/audit_log.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/cut_text.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/audit_row.h"
#include "record/wire.h"
#include "storage/audit_rows.h"

namespace meguri::node {
namespace {

constexpr char kSeparator = '\n';
constexpr char kSeveral[] = "several";  // more callers and rules than are told apart

// What peers say may be long, and is no text for sure.
std::string Cut(absl::string_view text, size_t size_max) {
  if (!record::IsUtf8(text)) {
    return "";
  }
  return std::string(CutText(text, size_max));
}

std::string KindOf(const Refusal& refusal) {
  return absl::StrCat(refusal.caller.text(), std::string(1, kSeparator), refusal.identity, std::string(1, kSeparator),
                      refusal.rule);
}

audit::v1::Row DenialOf(absl::string_view reader, absl::string_view identity, absl::string_view rule) {
  audit::v1::Row row;
  row.set_reader(std::string(reader));
  row.set_identity(Cut(identity, record::kAuditTextMax));
  row.set_decision(audit::v1::DECISION_DENIED);
  row.set_rule(Cut(rule, record::kAuditTextMax));
  return row;
}

// Only who holds the grant gets to know.
absl::Status Spent(uint64_t asked, uint64_t left) {
  return Error(
      absl::StatusCode::kPermissionDenied, "DELIVERIES_SPENT",
      absl::StrCat("The answer has ", asked, " records that a grant opens, and the grant allows ", left,
                   " more deliveries. ", left > 0 ? "Ask for fewer at once." : "Ask its owner for another grant."));
}

}  // namespace

AuditLog::AuditLog(storage::Committer& committer, record::ParticipantId member, GrantHooks hooks, const Clock& clock,
                   Random& random)
    : committer_(committer),
      member_(std::move(member)),
      hooks_(std::move(hooks)),
      clock_(clock),
      random_(random),
      refused_(kDenialWindow, kDenialKindsMax, clock) {}

void AuditLog::Write(std::vector<audit::v1::Row> rows, Done done) {
  for (audit::v1::Row& row : rows) {
    const auto nonce = random_.Bytes<record::kAuditNonceSize>();
    row.set_format_version(record::kAuditRowFormatVersion);
    row.set_nonce(std::string(nonce.begin(), nonce.end()));
    row.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
  }
  const auto made = std::make_shared<std::vector<storage::GrantUse>>();
  committer_.Submit(
      [this, made, rows = std::move(rows)](storage::CommitScope& scope) mutable -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(*made, CountDeliveries(rows, scope.transaction));
        return storage::AuditRows::Append(scope, member_, absl::MakeSpan(rows));
      },
      [this, made, done = std::move(done)](const absl::Status& status) mutable {
        done(status);
        for (const storage::GrantUse& use : *made) {
          if (status.ok()) {
            hooks_.on_delivered(use.grant, use.deliveries);
          }
        }
      });
}

absl::StatusOr<std::vector<storage::GrantUse>> AuditLog::CountDeliveries(const std::vector<audit::v1::Row>& rows,
                                                                         storage::Transaction& transaction) const {
  std::vector<storage::GrantUse> uses;
  for (const audit::v1::Row& row : rows) {
    const uint64_t deliveries = storage::DeliveriesByGrant(row);
    if (deliveries == 0) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId grant, record::RecordId::Parse(row.grant_id()));
    MEGURI_ASSIGN_OR_RETURN(const uint64_t in_all, storage::GrantUses::Add(transaction, grant, deliveries));
    const uint64_t max = hooks_.deliveries_max(grant);
    if (max != 0 && in_all > max) {
      return Spent(deliveries, max - std::min(max, in_all - deliveries));
    }
    uses.push_back({grant, in_all});
  }
  return uses;
}

void AuditLog::NoteRefusal(const Refusal& refusal) {
  if (!refused_.IsFirst(KindOf(refusal))) {
    return;
  }
  audit::v1::Row row = DenialOf(refusal.caller.text(), refusal.identity, refusal.rule);
  row.set_method(Cut(refusal.method, record::kAuditTextMax));
  row.set_detail(Cut(refusal.told, record::kAuditDetailMax));
  if (!refusal.record_id.empty()) {
    row.add_records()->set_record_id(refusal.record_id);
  }
  Write({std::move(row)}, [](const absl::Status&) {});
}

void AuditLog::WriteCounts(const std::vector<std::pair<std::string, uint64_t>>& counts) {
  std::vector<audit::v1::Row> rows;
  for (const auto& [kind, again] : counts) {
    const std::vector<absl::string_view> parts = absl::StrSplit(kind, absl::MaxSplits(kSeparator, 2));
    rows.push_back(parts.size() == 3 ? DenialOf(parts[0], parts[1], parts[2])
                                     : DenialOf(member_.text(), kSeveral, kSeveral));
    rows.back().set_again(again);
  }
  if (!rows.empty()) {
    Write(std::move(rows), [](const absl::Status&) {});
  }
}

}  // namespace meguri::node
