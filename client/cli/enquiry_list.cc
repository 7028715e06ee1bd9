// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <string>
#include <vector>

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
  std::string about;
  bool received = false;
  bool sent = false;
};

absl::Status List(Session& session, const Arguments& arguments) {
  std::string filter;
  if (!arguments.about.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.about));
    filter = absl::StrCat("about = \"", record_id.ToHex(), "\"");
  }
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenEnquiry> enquiries, ListEnquiries(*node, filter));
  MEGURI_ASSIGN_OR_RETURN(const auto answers, ListAnswers(*node, enquiries, ""));
  Table table({{session.Say(Message::kRecord)},
               {session.Say(Message::kSender)},
               {session.Say(Message::kAddressee)},
               {session.Say(Message::kMaterial)},
               {session.Say(Message::kMass), true},
               {session.Say(Message::kValidUntil)},
               {session.Say(Message::kAnswer)}});
  nlohmann::ordered_json json = {{"enquiries", nlohmann::ordered_json::array()}};
  for (const SeenEnquiry& seen : enquiries) {
    const bool is_own = seen.header.publisher() == context->settings.member;
    if (arguments.received != arguments.sent && is_own != arguments.sent) {
      continue;
    }
    nlohmann::ordered_json row = {{"enquiry", ToJson(seen.view)}, {"answers", nlohmann::ordered_json::array()}};
    std::string last;
    const auto given = answers.find(seen.header.record_id());
    if (given != answers.end()) {
      last = OfferInWords(given->second.back().answer, session);
      for (const SeenAnswer& answer : given->second) {
        row["answers"].push_back(ToJson(answer.view));
      }
    }
    json["enquiries"].push_back(std::move(row));
    const passport::v1::Enquiry& enquiry = seen.enquiry;
    table.Add({seen.header.record_id().ToHex(), seen.header.publisher().text(), enquiry.seller_id(),
               enquiry.has_material() ? enquiry.material().record_id() : enquiry.need(),
               absl::StrCat(enquiry.wanted_mass_kg().value(), " kg"), enquiry.valid_until(), std::move(last)});
  }
  if (table.size() == 0) {
    session.Note(session.Say(Message::kNothingFound));
  }
  return session.Answer(table.Layout(), json, "enquiries");
}

}  // namespace

void AddEnquiryList(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "list", Message::kAboutEnquiryList, session);
  command.Option("--about", arguments->about, session.Say(Message::kAboutEnquiryAbout)).TypeName("ID");
  command.Flag("--received", arguments->received, session.Say(Message::kAboutReceived));
  command.Flag("--sent", arguments->sent, session.Say(Message::kAboutSent));
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
