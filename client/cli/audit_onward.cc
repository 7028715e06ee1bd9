// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  bool own = false;
};

// "2026-11".
std::string MonthText(uint32_t month) { return absl::StrFormat("%04d-%02d", month / 100, month % 100); }

// What has become of a report.
std::string StateText(const Session& session, const audit::v1::OnwardReportView& view) {
  if (view.received_ms() != 0) {
    return session.Say(Message::kReportReceived, {TimeOf(view.received_ms())});
  }
  if (!view.has_signed_report()) {
    return session.Say(Message::kReportDue);
  }
  if (view.delivered_ms() != 0) {
    return session.Say(Message::kReportDelivered, {TimeOf(view.delivered_ms())});
  }
  return view.error_reason().empty() ? session.Say(Message::kReportWaits)
                                     : absl::StrCat(session.Say(Message::kReportWaits), " [", view.error_reason(), "]");
}

void AddRows(const Session& session, const audit::v1::OnwardReportView& view, bool own, Table& table) {
  const audit::v1::OnwardReport& report = view.report();
  for (const audit::v1::OnwardRow& row : report.rows()) {
    table.Add({MonthText(report.month()), own ? report.owner() : report.holder(), ToHex(row.offer_id()), row.reader(),
               PurposeName(session.language(), static_cast<passport::v1::AccessPurpose>(row.purpose())),
               absl::StrCat(row.from(), "-", row.to() - 1), TimeOf(row.first_ms()), TimeOf(row.last_ms()),
               StateText(session, view)});
  }
  if (report.rows_left_out() > 0) {
    session.Note(session.Say(Message::kOnwardLeftOut,
                             {MonthText(report.month()), report.holder(), absl::StrCat(report.rows_left_out())}));
  }
}

absl::Status List(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  Table table({{session.Say(Message::kMonth)},
               {session.Say(arguments.own ? Message::kOwner : Message::kHandedOnBy)},
               {session.Say(Message::kOffer)},
               {session.Say(Message::kReader)},
               {session.Say(Message::kPurpose)},
               {session.Say(Message::kEntries)},
               {session.Say(Message::kFirstTime)},
               {session.Say(Message::kLastTime)},
               {session.Say(Message::kReport)}});
  nlohmann::ordered_json reports = nlohmann::ordered_json::array();
  audit::v1::ListOnwardReportsRequest request;
  request.set_own(arguments.own);
  do {
    MEGURI_ASSIGN_OR_RETURN(const audit::v1::ListOnwardReportsResponse response, node->ListOnwardReports(request));
    for (const audit::v1::OnwardReportView& view : response.page().reports()) {
      AddRows(session, view, arguments.own, table);
      reports.push_back(ToJson(view));
    }
    request.set_page_token(response.page().next_page_token());
  } while (!request.page_token().empty());
  if (table.size() == 0) {
    session.Note(session.Say(Message::kNothingFound));
  }
  MEGURI_RETURN_IF_ERROR(session.Answer(table.Layout(), {{"reports", reports}}, "reports"));
  if (table.size() > 0 && !arguments.own) {
    session.Note(session.Say(Message::kOnwardIsSaid));
  }
  return absl::OkStatus();
}

}  // namespace

void AddAuditOnward(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "onward", Message::kAboutAuditOnward, session);
  command.Flag("--own", arguments->own, session.Say(Message::kAboutOnwardOwn));
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
