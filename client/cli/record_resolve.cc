// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/record_view.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string identifier;
  bool local = false;
};

std::string IssuerSentence(const record::v1::ResolvedPublisher& publisher, const Session& session) {
  return Harmless(session.Say(
      Message::kIssuedBy, {publisher.participant_id(), publisher.name(), absl::StrJoin(publisher.addresses(), ", ")}));
}

std::string WhyText(absl::string_view reason, absl::string_view message) {
  return Harmless(absl::StrCat(message, " [", reason, "]"));
}

// Why there is no record, for whoever holds the scanner.
absl::Status NothingFound(const record::v1::ResolveResponse& response, const Session& session) {
  std::string where = response.has_publisher() ? absl::StrCat("; ", IssuerSentence(response.publisher(), session)) : "";
  if (const record::v1::CopyAnswer& copies = response.copy_answer(); copies.asked() > 0) {
    absl::StrAppend(&where, "; ", session.Say(Message::kRelaysInVain, {absl::StrCat(copies.asked())}));
    if (!copies.reason().empty()) {
      absl::StrAppend(&where, ": ", WhyText(copies.reason(), copies.message()));
    }
  }
  if (!response.has_publisher_answer()) {
    const Message what = response.has_publisher() ? Message::kNothingFoundHere : Message::kUnknownIdentifier;
    return Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND", absl::StrCat(session.Say(what), where));
  }
  const record::v1::PublisherAnswer& answer = response.publisher_answer();
  if (answer.reason().empty()) {
    return Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND",
                 absl::StrCat(session.Say(Message::kNothingFoundThere), where));
  }
  const std::string why = WhyText(answer.reason(), answer.message());
  return Error(absl::StatusCode::kUnavailable, "PUBLISHER_NODE",
               absl::StrCat(session.Say(Message::kPublisherNotAsked, {why}), where));
}

absl::Status Resolve(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::ResolveRequest request;
  request.set_identifier(arguments.identifier);
  request.set_ask_publisher(!arguments.local);
  MEGURI_ASSIGN_OR_RETURN(const record::v1::ResolveResponse response, node->Resolve(request));
  const bool is_found = response.records_size() > 0;
  std::string text = TableOf(response.records(), session).Layout();
  if (is_found && response.has_publisher()) {
    absl::StrAppend(&text, IssuerSentence(response.publisher(), session), "\n");
  }
  if (is_found || session.options().output == OutputForm::kJson) {
    MEGURI_RETURN_IF_ERROR(session.Answer(text, ToJson(response), "records"));
  }
  if (is_found && !response.copy_answer().relay().empty()) {
    session.Note(CopyNote(response.copy_answer(), session));
    if (const record::v1::PublisherAnswer& answer = response.publisher_answer(); !answer.reason().empty()) {
      session.Note(session.Say(Message::kPublisherNotReached, {WhyText(answer.reason(), answer.message())}));
    }
  } else if (is_found && response.has_publisher_answer()) {
    session.Note(session.Say(Message::kFetchedNow));
  }
  return is_found ? absl::OkStatus() : NothingFound(response, session);
}

}  // namespace

void AddRecordResolve(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "resolve", Message::kAboutRecordResolve, session);
  command.Option("IDENTIFIER", arguments->identifier, session.Say(Message::kAboutIdentifier)).Required();
  AddReadPurpose(command, session);
  command.Flag("--local", arguments->local, session.Say(Message::kAboutLocal));
  OnCall(command, session, arguments, &Resolve);
}

}  // namespace meguri::client
