// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/audit_edge.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "certs/identity.h"
#include "node/policy/decision.h"
#include "record/audit_row.h"
#include "record/limits.h"

namespace meguri::node {
namespace {

// "allow-admin" of CLIENT_ROLE_ADMIN.
std::string RuleOfRole(api::v1::ClientRole role) {
  return absl::StrCat("allow-",
                      absl::AsciiStrToLower(absl::StripPrefix(api::v1::ClientRole_Name(role), "CLIENT_ROLE_")));
}

absl::Status NotWritten(const absl::Status& cause) {
  if (absl::IsPermissionDenied(cause)) {
    return cause;  // it must not be given
  }
  // A row that is none is our fault and not the caller's.
  const auto code = absl::IsInvalidArgument(cause) ? absl::StatusCode::kInternal : cause.code();
  return Error(code, ReasonOf(cause),
               absl::StrCat("This node gives nothing that is not public without writing down to whom, and cannot do so "
                            "now: ",
                            cause.message()));
}

// Whether `disclosed` goes into `row`, which has something already.
bool Fits(const audit::v1::Row& row, const Disclosure& disclosed) {
  return row.rule() == disclosed.rule && row.grant_id() == absl::HexStringToBytes(disclosed.grant) &&
         row.publisher() == disclosed.publisher.text() && row.feed().name() == disclosed.feed &&
         static_cast<size_t>(row.records_size()) < record::kAuditRecordsMax;
}

void AddRecord(const Disclosure& disclosed, audit::v1::Row& row) {
  audit::v1::RowRecord& record = *row.add_records();
  record.set_record_id(disclosed.record_id.ToString());
  record.set_version(disclosed.version);
  record.set_slots(disclosed.slots);
  record.mutable_section_types()->Assign(disclosed.types.begin(), disclosed.types.end());
  row.set_bytes(row.bytes() + disclosed.bytes);
}

}  // namespace

audit::v1::Row AuditEdge::RowOf(const Caller& caller, absl::string_view method, audit::v1::Decision decision) const {
  audit::v1::Row row;
  row.set_reader(caller.acting_member.text());
  row.set_identity(caller.identity.ToUri());
  row.set_method(std::string(method));
  row.set_decision(decision);
  row.set_registry_size(registry_size_());
  return row;
}

void AuditEdge::Write(std::vector<audit::v1::Row> rows, AuditLog::Done done) const {
  log_.Write(std::move(rows), [done = std::move(done)](const absl::Status& status) mutable {
    done(status.ok() ? status : NotWritten(status));
  });
}

void AuditEdge::Deliver(const Caller& caller, absl::string_view method, absl::Span<const Disclosure> disclosed,
                        AuditLog::Done done) const {
  std::vector<audit::v1::Row> rows;
  for (const Disclosure& one : disclosed) {
    auto row = std::find_if(rows.begin(), rows.end(), [&](const audit::v1::Row& known) { return Fits(known, one); });
    if (row == rows.end()) {
      rows.push_back(RowOf(caller, method, audit::v1::DECISION_DELIVERED));
      row = rows.end() - 1;
      row->set_rule(one.rule);
      row->set_publisher(one.publisher.text());
      row->set_grant_id(absl::HexStringToBytes(one.grant));
      row->set_purpose(one.purpose);
      if (!one.feed.empty()) {
        row->mutable_feed()->set_name(one.feed);
      }
    }
    AddRecord(one, *row);
  }
  if (rows.empty()) {
    done(absl::OkStatus());
    return;
  }
  Write(std::move(rows), std::move(done));
}

bool AuditEdge::IsNarrow(const Caller& caller, const record::FeedKey& feed) {
  return caller.acting_member != feed.publisher && !RuleToFollow(feed.name).empty();
}

void AuditEdge::DeliverEntries(const Caller& caller, absl::string_view method, const SentEntries& sent,
                               AuditLog::Done done) const {
  std::vector<audit::v1::Row> rows = {RowOf(caller, method, audit::v1::DECISION_DELIVERED)};
  rows[0].set_rule(sent.rule.empty() ? std::string(RuleToFollow(sent.feed.name)) : sent.rule);
  rows[0].set_publisher(sent.feed.publisher.text());
  rows[0].mutable_feed()->set_name(sent.feed.name.text());
  rows[0].mutable_feed()->set_from(sent.from);
  rows[0].mutable_feed()->set_to(sent.to);
  rows[0].set_bytes(sent.bytes);
  rows[0].set_grant_id(absl::HexStringToBytes(sent.grant));
  rows[0].set_purpose(sent.purpose);
  Write(std::move(rows), std::move(done));
}

void AuditEdge::NoteDenial(const CallLog::Denial& denial) const {
  const absl::StatusOr<certs::Identity> identity = certs::Identity::Parse(denial.peer);
  if (!identity.ok() ||
      (identity->certificate_class == certs::Identity::Class::kClient && absl::IsNotFound(denial.status))) {
    return;
  }
  log_.NoteRefusal({identity->participant, std::string(denial.peer), std::string(denial.method),
                    ReasonOf(denial.status), std::string(denial.status.message()),
                    denial.record_id.size() == record::kRecordIdSize ? std::string(denial.record_id) : ""});
}

void AuditEdge::Administer(const Caller& caller, absl::string_view method, api::v1::ClientRole role,
                           const google::protobuf::Message& request, AuditLog::Done done) const {
  std::vector<audit::v1::Row> rows = {RowOf(caller, method, audit::v1::DECISION_ADMINISTERED)};
  rows[0].set_rule(RuleOfRole(role));
  // Bytes are escaped in it, so it may be cut anywhere.
  rows[0].set_detail(request.ShortDebugString().substr(0, record::kAuditDetailMax));
  Write(std::move(rows), std::move(done));
}

}  // namespace meguri::node
