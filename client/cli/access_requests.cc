// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/access_view.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/passport_view.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string offer;
  bool waiting = false;
};

// What the owner has said; null: nothing yet.
const SeenGrant* AnswerTo(const SeenRequest& request, const std::vector<SeenGrant>& grants) {
  const auto answer =
      std::find_if(grants.begin(), grants.end(), [&](const SeenGrant& grant) { return Answers(grant, request); });
  return answer == grants.end() ? nullptr : &*answer;
}

// "waiting", or the state of the newest grant.
std::string StateOf(Language language, const SeenGrant* answer, absl::Time now) {
  return answer != nullptr ? StateInWords(language, answer->grant, now) : Text(language, Message::kWaiting);
}

absl::Status List(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::string filter, AboutOffer(arguments.offer));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenRequest> requests, ListRequests(*node, filter));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenGrant> grants, ListGrants(*node, filter));
  Table table({{session.Say(Message::kRequest)},
               {session.Say(Message::kSender)},
               {session.Say(Message::kAddressee)},
               {session.Say(Message::kOffer)},
               {session.Say(Message::kPurpose)},
               {session.Say(Message::kState)},
               {session.Say(Message::kMessage)}});
  nlohmann::ordered_json json = {{"requests", nlohmann::ordered_json::array()}};
  for (const SeenRequest& seen : requests) {
    const SeenGrant* answer = AnswerTo(seen, grants);
    if (arguments.waiting && answer != nullptr) {
      continue;
    }
    json["requests"].push_back({{"record_id", seen.header.record_id().ToHex()},
                                {"state", StateOf(Language::kEnglish, answer, session.clock().Now())},
                                {"request", ToJson(seen.view)}});
    const passport::v1::AccessRequest& request = seen.request;
    table.Add({seen.header.record_id().ToHex(), seen.header.publisher().text(), request.owner_id(),
               request.offer().record_id(), PurposeName(session.language(), request.purpose()),
               StateOf(session.language(), answer, session.clock().Now()),
               TextIn(session.language(), request.message())});
  }
  if (table.size() == 0) {
    session.Note(session.Say(Message::kNothingFound));
  }
  return session.Answer(table.Layout(), json, "requests");
}

}  // namespace

void AddAccessRequests(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "requests", Message::kAboutAccessRequests, session);
  command.Option("--offer", arguments->offer, session.Say(Message::kAboutOfferId)).TypeName("ID");
  command.Flag("--waiting", arguments->waiting, session.Say(Message::kAboutWaiting));
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
