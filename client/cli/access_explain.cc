// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/record_view.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
  std::string reader;
  uint64_t version = 0;
};

// 12, or 12/100 if the grant has a limit.
std::string DeliveriesOf(const access::v1::SectionDecision& decision) {
  return absl::StrCat(decision.deliveries(),
                      decision.deliveries_max() == 0 ? "" : absl::StrCat("/", decision.deliveries_max()));
}

std::string HumanText(const Session& session, const access::v1::ExplainResponse& response) {
  Table table({{session.Say(Message::kSection)},
               {session.Say(Message::kAudiences)},
               {session.Say(Message::kReadable)},
               {session.Say(Message::kRule)},
               {session.Say(Message::kReason)}});
  Table grants({{session.Say(Message::kSection)}, {session.Say(Message::kGrant)}, {session.Say(Message::kDeliveries)}});
  for (const access::v1::SectionDecision& decision : response.sections()) {
    if (!decision.grant_record_id().empty()) {
      grants.Add({SectionTypeName(decision.section_type()), absl::BytesToHexString(decision.grant_record_id()),
                  DeliveriesOf(decision)});
    }
    table.Add({SectionTypeName(decision.section_type()), AudiencesName(decision.audiences()),
               session.Say(decision.allowed() ? Message::kYes : Message::kNo), decision.rule(),
               decision.explanation()});
  }
  const std::string feeds = absl::StrJoin(response.feeds(), " ");
  const std::string by_grants = grants.size() == 0 ? "" : absl::StrCat("\n", grants.Layout());
  return absl::StrCat(response.ended() ? session.Say(Message::kEndedHasNoSections) : table.Layout(), by_grants, "\n",
                      Harmless(feeds.empty() ? session.Say(Message::kNotVisibleToReader)
                                             : session.Say(Message::kVisibleToReader, {feeds})),
                      "\n");
}

// With the names that tables have, and every answer spelled out: a false that is left out reads as "unknown".
nlohmann::ordered_json JsonOf(const access::v1::ExplainResponse& response) {
  nlohmann::ordered_json json = {{"ended", response.ended()}, {"sections", nlohmann::ordered_json::array()}};
  for (const access::v1::SectionDecision& decision : response.sections()) {
    const std::vector<std::string> audiences = absl::StrSplit(AudiencesName(decision.audiences()), ", ");
    json["sections"].push_back({{"section_type", SectionTypeName(decision.section_type())},
                                {"audiences", audiences},
                                {"allowed", decision.allowed()},
                                {"rule", decision.rule()},
                                {"explanation", decision.explanation()}});
    if (!decision.grant_record_id().empty()) {
      nlohmann::ordered_json& section = json["sections"].back();
      section["grant"] = absl::BytesToHexString(decision.grant_record_id());
      section["deliveries"] = decision.deliveries();
      section["deliveries_max"] = decision.deliveries_max();
    }
  }
  json["feeds"] = std::vector<std::string>(response.feeds().begin(), response.feeds().end());
  return json;
}

absl::Status Explain(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  access::v1::ExplainRequest request;
  request.set_record_id(record_id.ToString());
  request.set_version(arguments.version);
  request.set_reader(arguments.reader);
  request.set_purpose(session.options().purpose);
  MEGURI_ASSIGN_OR_RETURN(const access::v1::ExplainResponse response, node->Explain(request));
  return session.Answer(HumanText(session, response), JsonOf(response));
}

}  // namespace

void AddAccessExplain(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "explain", Message::kAboutAccessExplain, session);
  command.Option("RECORD", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  command.Option("--reader", arguments->reader, session.Say(Message::kAboutReader)).TypeName("ID");
  command.Option("--version", arguments->version, session.Say(Message::kAboutVersionNumber)).TypeName("N");
  AddReadPurpose(command, session);
  OnCall(command, session, arguments, &Explain);
}

}  // namespace meguri::client
