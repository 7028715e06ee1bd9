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
#include "client/cli/record_view.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
};

// Of one who has answered: what and by which key. Of another: how often it was asked, and what came of it.
std::string WhatCame(const Session& session, const erasure::v1::ErasureHolder& holder) {
  if (holder.state() == erasure::v1::HOLDER_STATE_DONE) {
    const auto& signatures = holder.acknowledgement().signatures();
    const std::string key = signatures.empty() ? "" : ToHex(signatures[0].key_id());
    return holder.versions() == 0 ? session.Say(Message::kHeldNothing, {key})
                                  : session.Say(Message::kHeldVersions, {absl::StrCat(holder.versions()), key});
  }
  if (holder.tries() == 0) {
    return session.Say(Message::kNotAskedYet, {TimeOf(holder.found_ms())});
  }
  const std::string error = holder.error_reason().empty()
                                ? session.Say(Message::kHolderAccepted)
                                : absl::StrCat(holder.error(), " [", holder.error_reason(), "]");
  return session.Say(Message::kTriesSince,
                     {absl::StrCat(holder.tries()), TimeOf(holder.found_ms()), TimeOf(holder.tried_ms()), error});
}

// Why somebody is asked.
std::string FoundBy(const Session& session, const erasure::v1::ErasureHolder& holder) {
  if (holder.was_delivered()) {
    return session.Say(Message::kByAuditRow);
  }
  return holder.via().empty() ? session.Say(Message::kByEveryMember) : session.Say(Message::kByHolder, {holder.via()});
}

void SayWhatIsNotKnown(const Session& session, const erasure::v1::Erasure& erasure) {
  if (erasure.looks_for_holders()) {
    session.Note(session.Say(Message::kLooksForHolders, {absl::StrCat(erasure.rows_read())}));
  }
  session.Note(session.Say(erasure.asks_everyone() ? Message::kAsksEveryone : Message::kAsksDelivered));
}

absl::Status Show(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  erasure::v1::GetErasureRequest request;
  request.set_record_id(record_id.ToString());
  Table holders({{session.Say(Message::kHolder)},
                 {session.Say(Message::kFoundBy)},
                 {session.Say(Message::kState)},
                 {session.Say(Message::kErasedAt)},
                 {session.Say(Message::kWhatCame)}});
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  erasure::v1::Erasure erasure;
  do {
    MEGURI_ASSIGN_OR_RETURN(const erasure::v1::GetErasureResponse response, node->GetErasure(request));
    erasure = response.page().erasure();
    for (const erasure::v1::ErasureHolder& holder : response.page().holders()) {
      holders.Add({holder.participant_id(), FoundBy(session, holder), StateText(session, holder.state()),
                   TimeOf(holder.done_ms()), WhatCame(session, holder)});
      rows.push_back(ToJson(holder));
    }
    request.set_page_token(response.page().next_page_token());
  } while (!request.page_token().empty());
  Table facts = Table::OfPairs();
  facts.Add({session.Say(Message::kRecord), record_id.ToHex()});
  facts.Add({session.Say(Message::kBasis), BasisText(session, erasure.basis())});
  facts.Add({session.Say(Message::kDeadline), TimeOf(erasure.deadline_ms())});
  nlohmann::ordered_json json = ToJson(erasure);
  json["holders"] = rows;
  MEGURI_RETURN_IF_ERROR(session.Answer(absl::StrCat(facts.Layout(), "\n", holders.Layout()), json, "holders"));
  SayWhatIsNotKnown(session, erasure);
  return absl::OkStatus();
}

}  // namespace

void AddErasureShow(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "show", Message::kAboutErasureShow, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  OnCall(command, session, arguments, &Show);
}

}  // namespace meguri::client
