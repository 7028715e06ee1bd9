// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/record_view.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string identifier;
};

absl::Status Resolve(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::ResolveRequest request;
  request.set_identifier(arguments.identifier);
  MEGURI_ASSIGN_OR_RETURN(const record::v1::ResolveResponse response, node->Resolve(request));
  std::string text = TableOf(response.records(), session).Layout();
  if (response.has_publisher()) {
    const record::v1::ResolvedPublisher& publisher = response.publisher();
    absl::StrAppend(&text,
                    Harmless(session.Say(Message::kIssuedBy, {publisher.participant_id(), publisher.name(),
                                                              absl::StrJoin(publisher.addresses(), ", ")})),
                    "\n");
  }
  if (text.empty()) {
    session.Note(session.Say(Message::kUnknownIdentifier));
  }
  return session.Answer(text, ToJson(response), "records");
}

}  // namespace

void AddRecordResolve(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = AddVerb(parent, "resolve", Message::kAboutRecordResolve, session);
  command.add_option("IDENTIFIER", arguments->identifier, session.Say(Message::kAboutIdentifier))->required();
  OnCall(command, session, arguments, &Resolve);
}

}  // namespace meguri::client
