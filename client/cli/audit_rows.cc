// SPDX-License-Identifier: Apache-2.0
#include "client/cli/audit_rows.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/registry.h"
#include "client/cli/command.h"
#include "client/cli/json.h"
#include "client/cli/member_record.h"
#include "client/cli/record_view.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "record/feed.h"
#include "record/record_id.h"

namespace meguri::client {
namespace {

constexpr int kAuditPageSize = 256;

const std::map<std::string, audit::v1::Decision>& Decisions() {
  static const auto& words =
      *new std::map<std::string, audit::v1::Decision>{{"delivered", audit::v1::DECISION_DELIVERED},
                                                      {"denied", audit::v1::DECISION_DENIED},
                                                      {"administered", audit::v1::DECISION_ADMINISTERED}};
  return words;
}

std::string WordFor(audit::v1::Decision decision) {
  for (const auto& [word, value] : Decisions()) {
    if (value == decision) {
      return word;
    }
  }
  return absl::StrCat(static_cast<int>(decision));
}

absl::StatusOr<uint64_t> TimeIn(const Session& session, absl::string_view flag, const std::string& text) {
  if (text.empty()) {
    return 0;
  }
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time <= absl::UnixEpoch()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 session.Say(Message::kBadMoment, {flag, certs::Quoted(text)}));
  }
  return static_cast<uint64_t>(absl::ToUnixMillis(time));
}

// What a row speaks of, in a few words.
std::string SubjectOf(const audit::v1::Row& row) {
  std::vector<std::string> parts;
  if (row.records_size() > 0) {
    const audit::v1::RowRecord& first = row.records(0);
    const auto id = record::RecordId::Parse(first.record_id());
    std::vector<std::string> types;
    for (const uint32_t type : first.section_types()) {
      types.push_back(SectionTypeName(type));
    }
    parts.push_back(absl::StrCat(id.ok() ? id->ToHex() : "",
                                 first.version() > 0 ? absl::StrCat(" v", first.version()) : "",
                                 types.empty() ? "" : absl::StrCat(" ", absl::StrJoin(types, ","))));
    if (row.records_size() > 1) {
      parts.push_back(absl::StrCat("+", row.records_size() - 1));
    }
  }
  if (row.has_feed()) {
    parts.push_back(row.feed().to() > 0
                        ? absl::StrCat(row.feed().name(), " ", row.feed().from(), "-", row.feed().to() - 1)
                        : row.feed().name());
  }
  if (row.again() > 0) {
    parts.push_back(absl::StrCat("+", row.again()));
  }
  if (!row.detail().empty()) {
    parts.push_back(row.detail());
  }
  return absl::StrJoin(parts, " ");
}

// "Get" of meguri.record.v1.RecordService.Get.
std::string ShortMethod(const std::string& method) { return method.substr(method.rfind('.') + 1); }

nlohmann::ordered_json ToJsonRow(const record::AuditRow& row) {
  nlohmann::ordered_json json = ToJson(row.message());
  json["decision"] = WordFor(row.message().decision());
  json["time"] = TimeOf(row.message().time_ms());
  return json;
}

}  // namespace

void AddAuditFlags(Command command, Session& session, AuditArguments& arguments) {
  command.Option("--peer", arguments.peer, session.Say(Message::kAboutAuditPeer)).TypeName("ID");
  command.Option("--reader", arguments.reader, session.Say(Message::kAboutAuditReader)).TypeName("ID");
  command.Option("--record", arguments.record_id, session.Say(Message::kAboutAuditRecord)).TypeName("ID");
  command.Option("--decision", arguments.decision, session.Say(Message::kAboutAuditDecision))
      .TypeName("WORD")
      .OneOf(Decisions(), session);
  command.Option("--from", arguments.from, session.Say(Message::kAboutAuditFrom)).TypeName("TIME");
  command.Option("--until", arguments.until, session.Say(Message::kAboutAuditUntil)).TypeName("TIME");
}

absl::StatusOr<audit::v1::RowQuery> QueryOf(const Session& session, const AuditArguments& arguments) {
  audit::v1::RowQuery query;
  if (!arguments.peer.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId peer, ParseParticipantArgument(arguments.peer));
    query.set_member(peer.text());
  }
  if (!arguments.reader.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId reader, ParseParticipantArgument(arguments.reader));
    query.mutable_filter()->set_reader(reader.text());
  }
  if (!arguments.record_id.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
    query.mutable_filter()->set_record_id(record_id.ToString());
  }
  query.mutable_filter()->set_decision(arguments.decision);
  MEGURI_ASSIGN_OR_RETURN(const uint64_t from, TimeIn(session, "--from", arguments.from));
  MEGURI_ASSIGN_OR_RETURN(const uint64_t until, TimeIn(session, "--until", arguments.until));
  query.mutable_filter()->set_from_ms(from);
  query.mutable_filter()->set_until_ms(until);
  return query;
}

absl::StatusOr<FetchedRows> FetchRows(Session& session, audit::v1::RowQuery query, size_t limit) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::ParticipantId member = context->settings.member;
  if (!query.member().empty()) {
    MEGURI_ASSIGN_OR_RETURN(member, record::ParticipantId::Parse(query.member()));
  }
  FetchedRows fetched{std::move(member), {}, {}, false};
  do {
    query.set_page_size(static_cast<int>(std::min<size_t>(kAuditPageSize, limit - fetched.rows.size())));
    audit::v1::ListRowsRequest request;
    *request.mutable_query() = query;
    MEGURI_ASSIGN_OR_RETURN(audit::v1::ListRowsResponse response, node->ListRows(request));
    audit::v1::RowPage& page = *response.mutable_page();
    for (audit::v1::ProvenRow& row : *page.mutable_rows()) {
      fetched.rows.push_back(std::move(row));
    }
    fetched.head = std::move(*page.mutable_head());
    query.set_page_token(page.next_page_token());
  } while (!query.page_token().empty() && fetched.rows.size() < limit);
  fetched.has_more = !query.page_token().empty();
  return fetched;
}

absl::StatusOr<CheckedRows> CheckRows(Session& session, const FetchedRows& fetched) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, fetched.member));
  MEGURI_ASSIGN_OR_RETURN(const auto registry, certs::Registry::Make(*bundle, {member.entry}));
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, registry->FeedKeyOf(fetched.member, session.clock().Now()));
  CheckedRows checked;
  MEGURI_ASSIGN_OR_RETURN(
      checked.head,
      record::OpenCheckpoint(fetched.head.checkpoint(),
                             record::FeedOrigin(registry->federation(), {fetched.member, record::FeedName::Audit(), 1}),
                             key->key));
  for (const audit::v1::ProvenRow& proven : fetched.rows) {
    MEGURI_ASSIGN_OR_RETURN(record::AuditRow row, record::AuditRow::Parse(proven.row()));
    const std::vector<std::string> path(proven.path().begin(), proven.path().end());
    MEGURI_RETURN_IF_ERROR(record::VerifyAuditRow(row, path, checked.head));
    checked.rows.push_back(std::move(row));
  }
  return checked;
}

std::string TableOf(const Session& session, const std::vector<record::AuditRow>& rows) {
  Table table({{session.Say(Message::kRowNumber), true},
               {session.Say(Message::kTime)},
               {session.Say(Message::kReader)},
               {session.Say(Message::kDecision)},
               {session.Say(Message::kRule)},
               {session.Say(Message::kMethod)},
               {session.Say(Message::kRowSubject)}});
  for (const record::AuditRow& row : rows) {
    const audit::v1::Row& message = row.message();
    table.Add({absl::StrCat(message.number()), TimeOf(message.time_ms()), message.reader(),
               DecisionName(session.language(), message.decision()), message.rule(), ShortMethod(message.method()),
               SubjectOf(message)});
  }
  return table.Layout();
}

nlohmann::ordered_json ToJson(const std::vector<record::AuditRow>& rows) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const record::AuditRow& row : rows) {
    json.push_back(ToJsonRow(row));
  }
  return json;
}

}  // namespace meguri::client
