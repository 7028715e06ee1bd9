// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/access_view.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/enquiry_input.h"
#include "client/cli/record_view.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string offer;
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
  std::string message;
  bool dry_run = false;
};

absl::Status Request(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(arguments.offer));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const SeenOffer seen, GetOffer(*node, id, ""));
  passport::v1::AccessRequest request;
  request.set_owner_id(seen.header.publisher().text());
  *request.mutable_offer() = NameOf(seen.view, seen.header);
  request.set_purpose(arguments.purpose);
  if (arguments.purpose == passport::v1::ACCESS_PURPOSE_UNSPECIFIED) {
    if (seen.offer.purposes_size() != 1) {
      return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kSayPurpose));
    }
    request.set_purpose(static_cast<passport::v1::AccessPurpose>(seen.offer.purposes(0)));
  }
  if (!arguments.message.empty()) {
    *request.mutable_message() = TextOf(session, arguments.message);
  }
  return PublishFirst(session, "access_request",
                      OneSection(record::v1::RECORD_TYPE_ACCESS_REQUEST, record::v1::SECTION_TYPE_ACCESS_REQUEST,
                                 record::v1::AUDIENCE_ADDRESSEES, request, {request.owner_id()}),
                      arguments.dry_run);
}

}  // namespace

void AddAccessRequest(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "request", Message::kAboutAccessRequest, session);
  command.Option("OFFER", arguments->offer, session.Say(Message::kAboutOfferId)).Required();
  command.Option("--purpose", arguments->purpose, session.Say(Message::kAboutPurpose))
      .TypeName("PURPOSE")
      .OneOf(Purposes(), session);
  command.Option("--message", arguments->message, session.Say(Message::kAboutMessage)).TypeName("TEXT");
  command.Flag("--dry-run", arguments->dry_run, session.Say(Message::kAboutDryRun));
  OnCall(command, session, arguments, &Request);
}

}  // namespace meguri::client
