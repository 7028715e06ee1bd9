// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/record_view.h"
#include "client/cli/version_chain.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr int kPageSizeMax = 1000;

struct Arguments {
  std::string record_id;
  std::string publisher;
  std::string page_token;
  int page_size = 50;
  bool all = false;
};

nlohmann::ordered_json RowsOf(const std::vector<ChainGap>& gaps) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const ChainGap& gap : gaps) {
    rows.push_back({{"kind", gap.kind == ChainGap::Kind::kMissing ? "missing" : "broken"},
                    {"publisher", gap.publisher},
                    {"first_version", gap.first},
                    {"last_version", gap.last}});
  }
  return rows;
}

std::string SentenceOf(const ChainGap& gap, const Session& session) {
  const std::string first = absl::StrCat(gap.first);
  return gap.kind == ChainGap::Kind::kMissing
             ? session.Say(Message::kVersionsMissing, {gap.publisher, first, absl::StrCat(gap.last)})
             : session.Say(Message::kVersionsBroken, {gap.publisher, first});
}

absl::Status History(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::HistoryRequest request;
  request.set_record_id(record_id.ToString());
  request.set_publisher(arguments.publisher);
  request.set_page_size(arguments.all ? kPageSizeMax : arguments.page_size);
  request.set_page_token(arguments.page_token);
  record::v1::HistoryResponse found;
  do {
    MEGURI_ASSIGN_OR_RETURN(const record::v1::HistoryResponse page, node->History(request));
    found.mutable_versions()->MergeFrom(page.versions());
    found.set_next_page_token(page.next_page_token());
    request.set_page_token(page.next_page_token());
  } while (arguments.all && !found.next_page_token().empty());
  const std::vector<ChainGap> gaps = FindChainGaps(found.versions(), arguments.page_token.empty());
  nlohmann::ordered_json json = ToJson(found);
  json["gaps"] = RowsOf(gaps);
  MEGURI_RETURN_IF_ERROR(session.Answer(TableOf(found.versions(), session).Layout(), json, "versions"));
  if (session.options().output != OutputForm::kJson) {
    for (const ChainGap& gap : gaps) {
      session.Note(SentenceOf(gap, session));
    }
  }
  if (!found.next_page_token().empty() && session.options().output != OutputForm::kJson) {
    session.Note(session.Say(Message::kMoreRecords, {found.next_page_token()}));
  }
  return absl::OkStatus();
}

}  // namespace

void AddRecordHistory(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "history", Message::kAboutRecordHistory, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  command.Option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption)).TypeName("ID");
  command.Option("--page-size", arguments->page_size, session.Say(Message::kAboutPageSize))
      .TypeName("N")
      .Between(1, kPageSizeMax);
  command.Option("--page-token", arguments->page_token, session.Say(Message::kAboutPageToken)).TypeName("TOKEN");
  command.Flag("--all", arguments->all, session.Say(Message::kAboutAll));
  OnCall(command, session, arguments, &History);
}

}  // namespace meguri::client
