// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/enquiry_input.h"
#include "client/cli/enquiry_view.h"
#include "client/cli/record_view.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::client {
namespace {

using passport::v1::EnquiryVerdict;
using passport::v1::PriceBasis;

const std::map<std::string, EnquiryVerdict> kVerdicts = {{"offer", passport::v1::ENQUIRY_VERDICT_OFFER},
                                                         {"decline", passport::v1::ENQUIRY_VERDICT_DECLINE},
                                                         {"question", passport::v1::ENQUIRY_VERDICT_QUESTION}};
const std::map<std::string, PriceBasis> kBases = {{"kg", passport::v1::PRICE_BASIS_KILOGRAM},
                                                  {"tonne", passport::v1::PRICE_BASIS_TONNE},
                                                  {"whole", passport::v1::PRICE_BASIS_WHOLE}};

struct Arguments {
  std::string record_id;
  EnquiryVerdict verdict = passport::v1::ENQUIRY_VERDICT_UNSPECIFIED;
  std::string price;
  std::string currency = "JPY";
  PriceBasis per = passport::v1::PRICE_BASIS_KILOGRAM;
  std::string terms;
  EnquiryFlags flags;
};

passport::v1::EnquiryAnswer MakeAnswer(const Session& session, const Arguments& arguments, const SeenEnquiry& enquiry) {
  const EnquiryFlags& flags = arguments.flags;
  passport::v1::EnquiryAnswer answer;
  answer.mutable_enquiry()->set_publisher_id(enquiry.header.publisher().text());
  answer.mutable_enquiry()->set_record_id(enquiry.header.record_id().ToHex());
  answer.mutable_enquiry()->set_version(enquiry.header.version());
  answer.set_verdict(arguments.verdict);
  if (!flags.mass.empty()) {
    answer.mutable_available_mass_kg()->set_value(flags.mass);
  }
  if (!arguments.price.empty()) {
    answer.mutable_price()->mutable_amount()->set_value(arguments.price);
    answer.mutable_price()->set_currency(arguments.currency);
    answer.mutable_price()->set_basis(arguments.per);
  }
  if (!arguments.terms.empty()) {
    *answer.mutable_terms() = TextOf(session, arguments.terms);
  }
  answer.set_deliver_from(flags.deliver_from);
  answer.set_deliver_until(flags.deliver_until);
  answer.set_valid_until(arguments.verdict == passport::v1::ENQUIRY_VERDICT_OFFER ? ValidUntil(session, flags)
                                                                                  : flags.valid_until);
  if (!flags.message.empty()) {
    *answer.mutable_message() = TextOf(session, flags.message);
  }
  if (!flags.contact.empty() || !flags.email.empty() || !flags.telephone.empty()) {
    *answer.mutable_contact() = ContactOf(session, flags);
  }
  return answer;
}

absl::Status Answer(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const SeenEnquiry enquiry, GetEnquiry(*node, record_id));
  if (enquiry.enquiry.seller_id() != context->settings.member.text()) {
    return Error(absl::StatusCode::kInvalidArgument, "NOT_THE_SELLER",
                 session.Say(Message::kNotTheSeller, {enquiry.enquiry.seller_id()}));
  }
  return SendTo(session, enquiry.header.publisher().text(), record::v1::RECORD_TYPE_ENQUIRY_ANSWER,
                record::v1::SECTION_TYPE_ENQUIRY_ANSWER, MakeAnswer(session, arguments, enquiry),
                arguments.flags.dry_run);
}

}  // namespace

void AddEnquiryAnswer(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "answer", Message::kAboutEnquiryAnswer, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutEnquiryId)).Required();
  command.Option("VERDICT", arguments->verdict, session.Say(Message::kAboutVerdict))
      .Required()
      .OneOf(kVerdicts, session);
  command.Option("--price", arguments->price, session.Say(Message::kAboutPrice)).TypeName("AMOUNT");
  command.Option("--currency", arguments->currency, session.Say(Message::kAboutCurrency)).TypeName("CODE");
  command.Option("--per", arguments->per, session.Say(Message::kAboutPer)).TypeName("BASIS").OneOf(kBases, session);
  command.Option("--terms", arguments->terms, session.Say(Message::kAboutTerms)).TypeName("TEXT");
  AddEnquiryFlags(command, arguments->flags, session);
  OnCall(command, session, arguments, &Answer);
}

}  // namespace meguri::client
