// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/erasure_input.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  bool incoming = false;
};

absl::Status AnswerRows(const Session& session, const Table& table, const nlohmann::ordered_json& rows) {
  if (table.size() == 0) {
    session.Note(session.Say(Message::kNothingFound));
  }
  return session.Answer(table.Layout(), {{"erasures", rows}}, "erasures");
}

absl::Status ListOwn(Session& session) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  Table table({{session.Say(Message::kRecord)},
               {session.Say(Message::kBasis)},
               {session.Say(Message::kDeadline)},
               {session.Say(Message::kHoldersDone), true},
               {session.Say(Message::kHoldersPending), true},
               {session.Say(Message::kHoldersOverdue), true},
               {session.Say(Message::kHoldersGone), true}});
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  erasure::v1::ListErasuresRequest request;
  do {
    MEGURI_ASSIGN_OR_RETURN(const erasure::v1::ListErasuresResponse response, node->ListErasures(request));
    for (const erasure::v1::Erasure& erasure : response.page().erasures()) {
      const erasure::v1::ErasureCounts& counts = erasure.counts();
      table.Add({ToHex(erasure.record_id()), BasisText(session, erasure.basis()), TimeOf(erasure.deadline_ms()),
                 absl::StrCat(counts.done(), erasure.looks_for_holders() ? "…" : ""), absl::StrCat(counts.pending()),
                 absl::StrCat(counts.overdue()), absl::StrCat(counts.gone())});
      rows.push_back(ToJson(erasure));
    }
    request.set_page_token(response.page().next_page_token());
  } while (!request.page_token().empty());
  return AnswerRows(session, table, rows);
}

absl::Status ListIncoming(Session& session) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  Table table({{session.Say(Message::kRecord)},
               {session.Say(Message::kPublisher)},
               {session.Say(Message::kBasis)},
               {session.Say(Message::kDeadline)},
               {session.Say(Message::kReceived)},
               {session.Say(Message::kVersionsErased), true},
               {session.Say(Message::kHoldersDone)}});
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  erasure::v1::ListIncomingErasuresRequest request;
  do {
    MEGURI_ASSIGN_OR_RETURN(const erasure::v1::ListIncomingErasuresResponse response,
                            node->ListIncomingErasures(request));
    for (const erasure::v1::IncomingErasure& erasure : response.page().erasures()) {
      table.Add({ToHex(erasure.record_id()), erasure.publisher(), BasisText(session, erasure.basis()),
                 TimeOf(erasure.deadline_ms()), TimeOf(erasure.received_ms()),
                 erasure.done_ms() == 0 ? "" : absl::StrCat(erasure.versions()), TimeOf(erasure.done_ms())});
      rows.push_back(ToJson(erasure));
    }
    request.set_page_token(response.page().next_page_token());
  } while (!request.page_token().empty());
  MEGURI_RETURN_IF_ERROR(AnswerRows(session, table, rows));
  if (table.size() > 0) {
    session.Note(session.Say(Message::kDeleteSavedFiles));
  }
  return absl::OkStatus();
}

absl::Status List(Session& session, const Arguments& arguments) {
  return arguments.incoming ? ListIncoming(session) : ListOwn(session);
}

}  // namespace

void AddErasureList(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "list", Message::kAboutErasureList, session);
  command.Flag("--incoming", arguments->incoming, session.Say(Message::kAboutIncoming));
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
