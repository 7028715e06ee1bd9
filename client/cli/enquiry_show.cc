// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/enquiry_view.h"
#include "client/cli/json.h"
#include "client/cli/record_view.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
};

absl::Status Show(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const SeenEnquiry enquiry, GetEnquiry(*node, record_id));
  MEGURI_ASSIGN_OR_RETURN(const auto answers,
                          ListAnswers(*node, {enquiry}, absl::StrCat("answer_to = \"", record_id.ToHex(), "\"")));
  std::string text = TableOf(enquiry, session).Layout();
  nlohmann::ordered_json json = {{"enquiry", ToJson(enquiry.view)}, {"answers", nlohmann::ordered_json::array()}};
  const auto given = answers.find(record_id);
  if (given != answers.end()) {
    for (const SeenAnswer& answer : given->second) {
      absl::StrAppend(&text, "\n", TableOf(answer, session).Layout());
      json["answers"].push_back(ToJson(answer.view));
    }
  }
  return session.Answer(text, json);
}

}  // namespace

void AddEnquiryShow(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "show", Message::kAboutEnquiryShow, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutEnquiryId)).Required();
  OnCall(command, session, arguments, &Show);
}

}  // namespace meguri::client
