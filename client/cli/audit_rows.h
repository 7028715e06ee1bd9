// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/command.h"
#include "client/cli/session.h"
#include "meguri/audit/v1/row.pb.h"
#include "nlohmann/json_fwd.hpp"
#include "record/audit_row.h"
#include "record/checkpoint.h"
#include "record/participant_id.h"

namespace meguri::client {

// Which rows the flags of `audit list` and `audit export` ask for.
struct AuditArguments {
  std::string peer;
  std::string reader;
  std::string record_id;
  audit::v1::Decision decision = audit::v1::DECISION_UNSPECIFIED;
  std::string from;
  std::string until;
};
void AddAuditFlags(Command command, Session& session, AuditArguments& arguments);

// INVALID_ARGUMENT with reason USAGE if a flag is not what it should be.
absl::StatusOr<audit::v1::RowQuery> QueryOf(const Session& session, const AuditArguments& arguments);

// Rows of one audit feed, all proven to one head, as the node gave them.
struct FetchedRows {
  record::ParticipantId member;  // whose feed it is
  std::vector<audit::v1::ProvenRow> rows;
  audit::v1::ProvenHead head;
  bool has_more = false;
};
// Asks page after page, for at most `limit` rows.
absl::StatusOr<FetchedRows> FetchRows(Session& session, audit::v1::RowQuery query, size_t limit);

// The rows, each checked against the head, and the head against the feed key that the operator has registered.
struct CheckedRows {
  record::Checkpoint head;
  std::vector<record::AuditRow> rows;
};
absl::StatusOr<CheckedRows> CheckRows(Session& session, const FetchedRows& fetched);

// How `list` and `verify` show rows: a table, and an object each.
std::string TableOf(const Session& session, const std::vector<record::AuditRow>& rows);
nlohmann::ordered_json ToJson(const std::vector<record::AuditRow>& rows);

}  // namespace meguri::client
