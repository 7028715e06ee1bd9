// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/audit_rows.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr size_t kRowsShown = 1000;

struct Arguments {
  AuditArguments which;
  size_t limit = kRowsShown;
  bool newest_first = false;
};

absl::Status List(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(audit::v1::RowQuery query, QueryOf(session, arguments.which));
  query.set_newest_first(arguments.newest_first);
  MEGURI_ASSIGN_OR_RETURN(const FetchedRows fetched, FetchRows(session, std::move(query), arguments.limit));
  MEGURI_ASSIGN_OR_RETURN(const CheckedRows checked, CheckRows(session, fetched));
  const nlohmann::ordered_json json = {{"member", fetched.member.text()},
                                       {"size", checked.head.size},
                                       {"root", checked.head.root.ToHex()},
                                       {"checkpoint", fetched.head.checkpoint()},
                                       {"rows", ToJson(checked.rows)}};
  MEGURI_RETURN_IF_ERROR(session.Answer(TableOf(session, checked.rows), json, "rows"));
  if (session.options().output == OutputForm::kTable) {
    session.Note(checked.rows.empty() ? session.Say(Message::kNothingFound)
                                      : session.Say(Message::kRowsVerified, {absl::StrCat(checked.rows.size()),
                                                                             absl::StrCat(checked.head.size)}));
  }
  if (fetched.has_more) {
    session.Note(session.Say(Message::kMoreRows, {absl::StrCat(arguments.limit)}));
  }
  return absl::OkStatus();
}

}  // namespace

void AddAuditList(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "list", Message::kAboutAuditList, session);
  AddAuditFlags(command, session, arguments->which);
  command.Option("--limit", arguments->limit, session.Say(Message::kAboutAuditLimit))
      .TypeName("N")
      .Between(1, 1'000'000);
  command.Flag("--newest-first", arguments->newest_first, session.Say(Message::kAboutNewestFirst));
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
