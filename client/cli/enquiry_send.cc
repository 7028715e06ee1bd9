// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/enquiry_input.h"
#include "client/cli/record_view.h"
#include "meguri/record/v1/record.pb.h"
#include "record/header.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string about;
  std::string seller;
  std::string need;
  std::string region;
  EnquiryFlags flags;
};

// The version of the record that this member can read now.
absl::StatusOr<passport::v1::RecordReference> ReferenceTo(const NodeClient& node, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.about));
  record::v1::GetRequest request;
  request.set_record_id(record_id.ToString());
  request.set_publisher(arguments.seller);
  request.mutable_read_mask()->add_paths("header");
  MEGURI_ASSIGN_OR_RETURN(const record::v1::GetResponse response, node.Get(request));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(response.record().envelope().header()));
  passport::v1::RecordReference reference;
  reference.set_publisher_id(header.publisher().text());
  reference.set_record_id(record_id.ToHex());
  reference.set_version(header.version());
  return reference;
}

absl::Status Send(Session& session, const Arguments& arguments) {
  if (arguments.about.empty() && arguments.seller.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kEnquiryToWhom));
  }
  passport::v1::Enquiry enquiry;
  if (!arguments.about.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
    MEGURI_ASSIGN_OR_RETURN(*enquiry.mutable_material(), ReferenceTo(*node, arguments));
  }
  enquiry.set_seller_id(arguments.seller.empty() ? enquiry.material().publisher_id() : arguments.seller);
  enquiry.set_need(arguments.need);
  if (!arguments.flags.mass.empty()) {
    enquiry.mutable_wanted_mass_kg()->set_value(arguments.flags.mass);
  }
  enquiry.set_delivery_region(arguments.region);
  enquiry.set_deliver_from(arguments.flags.deliver_from);
  enquiry.set_deliver_until(arguments.flags.deliver_until);
  if (!arguments.flags.message.empty()) {
    *enquiry.mutable_message() = TextOf(session, arguments.flags.message);
  }
  *enquiry.mutable_contact() = ContactOf(session, arguments.flags);
  enquiry.set_valid_until(ValidUntil(session, arguments.flags));
  return SendTo(session, enquiry.seller_id(), record::v1::RECORD_TYPE_ENQUIRY, record::v1::SECTION_TYPE_ENQUIRY,
                enquiry, arguments.flags.dry_run);
}

}  // namespace

void AddEnquirySend(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "send", Message::kAboutEnquirySend, session);
  command.Option("--about", arguments->about, session.Say(Message::kAboutEnquiryAbout)).TypeName("ID");
  command.Option("--seller", arguments->seller, session.Say(Message::kAboutSeller)).TypeName("ID");
  command.Option("--need", arguments->need, session.Say(Message::kAboutNeed)).TypeName("TEXT");
  command.Option("--region", arguments->region, session.Say(Message::kAboutDeliveryRegion)).TypeName("CODE");
  AddEnquiryFlags(command, arguments->flags, session);
  OnCall(command, session, arguments, &Send);
}

}  // namespace meguri::client
