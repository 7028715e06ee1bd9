// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/cli/access_view.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string offer;
};

// Who has agreed to a grant, as far as this member sees it; each once.
std::vector<std::string> AgreedBy(const SeenGrant& grant, const std::vector<SeenAgreement>& agreements) {
  std::vector<std::string> readers;
  for (const SeenAgreement& seen : agreements) {
    if (seen.agreement.owner_id() == grant.header.publisher().text() &&
        seen.agreement.grant().record_id() == grant.header.record_id().ToHex()) {
      readers.push_back(seen.header.publisher().text());
    }
  }
  absl::c_sort(readers);
  readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
  return readers;
}

absl::Status List(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::string filter, AboutOffer(arguments.offer));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenGrant> grants, ListGrants(*node, filter));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenAgreement> agreements, ListAgreements(*node, filter));
  Table table({{session.Say(Message::kGrant)},
               {session.Say(Message::kOwner)},
               {session.Say(Message::kGrantee)},
               {session.Say(Message::kOffer)},
               {session.Say(Message::kPurpose)},
               {session.Say(Message::kState)},
               {session.Say(Message::kExpires)},
               {session.Say(Message::kAgreedBy)}});
  nlohmann::ordered_json json = {{"grants", nlohmann::ordered_json::array()}};
  for (const SeenGrant& seen : grants) {
    const passport::v1::Grant& grant = seen.grant;
    const std::vector<std::string> agreed = AgreedBy(seen, agreements);
    json["grants"].push_back({{"record_id", seen.header.record_id().ToHex()},
                              {"state", StateInWords(Language::kEnglish, grant, session.clock().Now())},
                              {"agreed_by", agreed},
                              {"grant", ToJson(seen.view)}});
    table.Add({seen.header.record_id().ToHex(), seen.header.publisher().text(), GranteeName(session.language(), grant),
               grant.offer().record_id(), PurposeName(session.language(), grant.purpose()),
               StateInWords(session.language(), grant, session.clock().Now()), grant.expires(),
               absl::StrJoin(agreed, ", ")});
  }
  if (table.size() == 0) {
    session.Note(session.Say(Message::kNothingFound));
  }
  return session.Answer(table.Layout(), json, "grants");
}

}  // namespace

void AddAccessGrants(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "grants", Message::kAboutAccessGrants, session);
  command.Option("--offer", arguments->offer, session.Say(Message::kAboutOfferId)).TypeName("ID");
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
