// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/record_view.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
  std::string publisher;
};

absl::Status History(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::HistoryRequest request;
  request.set_record_id(record_id.ToString());
  request.set_publisher(arguments.publisher);
  MEGURI_ASSIGN_OR_RETURN(const record::v1::HistoryResponse response, node->History(request));
  return session.Answer(TableOf(response.versions(), session).Layout(), ToJson(response), "versions");
}

}  // namespace

void AddRecordHistory(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = AddVerb(parent, "history", Message::kAboutRecordHistory, session);
  command.add_option("ID", arguments->record_id, session.Say(Message::kAboutRecordId))->required();
  command.add_option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption))->type_name("ID");
  OnCall(command, session, arguments, &History);
}

}  // namespace meguri::client
