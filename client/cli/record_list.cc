// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/record_view.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr int kPageSizeMax = 1000;

struct Arguments {
  std::string filter;
  std::string publisher;
  std::string page_token;
  int page_size = 50;
  bool all = false;
};

absl::Status List(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::ListRequest request;
  request.set_filter(arguments.filter);
  request.set_publisher(arguments.publisher);
  request.set_page_size(arguments.all ? kPageSizeMax : arguments.page_size);
  request.set_page_token(arguments.page_token);
  record::v1::ListResponse found;
  // A page of the node may hold fewer than asked for: what is shown is filled up.
  do {
    MEGURI_ASSIGN_OR_RETURN(const record::v1::ListResponse page, node->List(request));
    found.mutable_records()->MergeFrom(page.records());
    found.set_next_page_token(page.next_page_token());
    request.set_page_token(page.next_page_token());
    if (!arguments.all) {
      request.set_page_size(arguments.page_size - found.records_size());
    }
  } while (!found.next_page_token().empty() && (arguments.all || found.records_size() < arguments.page_size));
  if (found.records().empty()) {
    session.Note(session.Say(Message::kNothingFound));
  }
  nlohmann::ordered_json json = ToJson(found);
  json.emplace("records", nlohmann::ordered_json::array());
  MEGURI_RETURN_IF_ERROR(session.Answer(TableOf(found.records(), session).Layout(), json, "records"));
  if (!found.next_page_token().empty() && session.options().output != OutputForm::kJson) {
    session.Note(session.Say(Message::kMoreRecords, {found.next_page_token()}));
  }
  return absl::OkStatus();
}

}  // namespace

void AddRecordList(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "list", Message::kAboutRecordList, session);
  command.Option("--filter", arguments->filter, session.Say(Message::kAboutFilter)).TypeName("TEXT");
  command.Option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption)).TypeName("ID");
  command.Option("--page-size", arguments->page_size, session.Say(Message::kAboutPageSize))
      .TypeName("N")
      .Between(1, kPageSizeMax);
  command.Option("--page-token", arguments->page_token, session.Say(Message::kAboutPageToken)).TypeName("TOKEN");
  command.Flag("--all", arguments->all, session.Say(Message::kAboutAll));
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
