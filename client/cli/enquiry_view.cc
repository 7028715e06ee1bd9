// SPDX-License-Identifier: Apache-2.0
#include "client/cli/enquiry_view.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/passport_view.h"
#include "client/cli/record_view.h"
#include "client/cli/seen_records.h"
#include "client/cli/words.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::client {
namespace {

std::string PriceInWords(const passport::v1::Price& price, const Session& session) {
  std::string text = absl::StrCat(price.amount().value(), " ", price.currency());
  switch (price.basis()) {
    case passport::v1::PRICE_BASIS_KILOGRAM:
      absl::StrAppend(&text, "/kg");
      break;
    case passport::v1::PRICE_BASIS_TONNE:
      absl::StrAppend(&text, "/t");
      break;
    default:
      break;
  }
  if (price.tax_included() == passport::v1::ANSWER_YES) {
    absl::StrAppend(&text, " ", session.Say(Message::kTaxIncluded));
  }
  if (price.tax_included() == passport::v1::ANSWER_NO) {
    absl::StrAppend(&text, " ", session.Say(Message::kTaxExcluded));
  }
  return text;
}

std::string ContactInWords(const passport::v1::Contact& contact, const Session& session) {
  std::vector<std::string> parts = {TextIn(session.language(), contact.name())};
  for (const std::string& way : {contact.email(), contact.telephone()}) {
    if (!way.empty()) {
      parts.push_back(way);
    }
  }
  return absl::StrJoin(parts, ", ");
}

std::string ReferenceInWords(const passport::v1::RecordReference& reference) {
  return absl::StrCat(reference.record_id(), " v", reference.version(), " (", reference.publisher_id(), ")");
}

// Adds a line unless there is nothing to say.
void AddLine(const Session& session, Message name, std::string value, Table& table) {
  if (!value.empty()) {
    table.Add({session.Say(name), std::move(value)});
  }
}

void AddPeriod(const Session& session, const std::string& from, const std::string& until, Table& table) {
  AddLine(session, Message::kDelivery, from.empty() && until.empty() ? "" : absl::StrCat(from, " – ", until), table);
}

template <typename Seen>
Table HeadOf(const Seen& seen, const Session& session) {
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kRecord), seen.header.record_id().ToHex()});
  table.Add({session.Say(Message::kSender), seen.header.publisher().text()});
  table.Add({session.Say(Message::kIssued), TimeOf(seen.header.message().issue_time_ms())});
  AddLine(session, Message::kCaution, CautionOf(seen.view, session), table);
  return table;
}

std::string Kilograms(bool present, const passport::v1::Decimal& mass) {
  return present ? absl::StrCat(mass.value(), " kg") : "";
}

}  // namespace

absl::StatusOr<SeenEnquiry> GetEnquiry(const NodeClient& node, const record::RecordId& record_id) {
  record::v1::GetRequest request;
  request.set_record_id(record_id.ToString());
  MEGURI_ASSIGN_OR_RETURN(const record::v1::GetResponse response, node.Get(request));
  absl::optional<passport::v1::Enquiry> enquiry =
      SectionOf<passport::v1::Enquiry>(response.record(), record::v1::SECTION_TYPE_ENQUIRY);
  if (!enquiry.has_value()) {
    return Error(absl::StatusCode::kInvalidArgument, "NOT_AN_ENQUIRY",
                 absl::StrCat(record_id.ToHex(), " is no enquiry; `enquiry list` shows those that there are."));
  }
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(response.record().envelope().header()));
  return SeenEnquiry{response.record(), std::move(header), *std::move(enquiry)};
}

absl::StatusOr<std::vector<SeenEnquiry>> ListEnquiries(const NodeClient& node, absl::string_view filter) {
  return ListSeen<SeenEnquiry, passport::v1::Enquiry>(node, FilterFor("enquiry", filter),
                                                      record::v1::SECTION_TYPE_ENQUIRY);
}

absl::StatusOr<std::map<record::RecordId, std::vector<SeenAnswer>>> ListAnswers(
    const NodeClient& node, const std::vector<SeenEnquiry>& enquiries, absl::string_view filter) {
  std::map<std::string, const SeenEnquiry*> by_id;
  for (const SeenEnquiry& enquiry : enquiries) {
    by_id.emplace(enquiry.header.record_id().ToHex(), &enquiry);
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<SeenAnswer> all,
                          (ListSeen<SeenAnswer, passport::v1::EnquiryAnswer>(node, FilterFor("enquiry_answer", filter),
                                                                             record::v1::SECTION_TYPE_ENQUIRY_ANSWER)));
  std::reverse(all.begin(), all.end());
  std::map<record::RecordId, std::vector<SeenAnswer>> answers;
  for (SeenAnswer& answer : all) {
    const auto asked = by_id.find(answer.answer.enquiry().record_id());
    const bool is_sellers = asked != by_id.end() &&
                            asked->second->enquiry.seller_id() == answer.header.publisher().text() &&
                            asked->second->header.publisher().text() == answer.answer.enquiry().publisher_id();
    if (is_sellers) {
      answers[asked->second->header.record_id()].push_back(std::move(answer));
    }
  }
  return answers;
}

std::string OfferInWords(const passport::v1::EnquiryAnswer& answer, const Session& session) {
  switch (answer.verdict()) {
    case passport::v1::ENQUIRY_VERDICT_DECLINE:
      return session.Say(Message::kDeclines);
    case passport::v1::ENQUIRY_VERDICT_QUESTION:
      return session.Say(Message::kAsks);
    default:
      break;
  }
  std::vector<std::string> parts = {absl::StrCat(
      session.Say(Message::kOffers), " ", Kilograms(answer.has_available_mass_kg(), answer.available_mass_kg()))};
  if (answer.has_price()) {
    parts.push_back(PriceInWords(answer.price(), session));
  }
  parts.push_back(session.Say(Message::kUntil, {answer.valid_until()}));
  return absl::StrJoin(parts, ", ");
}

Table TableOf(const SeenEnquiry& seen, const Session& session) {
  const passport::v1::Enquiry& enquiry = seen.enquiry;
  Table table = HeadOf(seen, session);
  AddLine(session, Message::kAddressee, enquiry.seller_id(), table);
  AddLine(session, Message::kMaterial, enquiry.has_material() ? ReferenceInWords(enquiry.material()) : "", table);
  AddLine(session, Message::kNeed, enquiry.need(), table);
  AddLine(session, Message::kMass, Kilograms(enquiry.has_wanted_mass_kg(), enquiry.wanted_mass_kg()), table);
  AddLine(session, Message::kRegion, enquiry.delivery_region(), table);
  AddPeriod(session, enquiry.deliver_from(), enquiry.deliver_until(), table);
  AddLine(session, Message::kValidUntil, enquiry.valid_until(), table);
  AddLine(session, Message::kMessage, TextIn(session.language(), enquiry.message()), table);
  AddLine(session, Message::kContact, ContactInWords(enquiry.contact(), session), table);
  return table;
}

Table TableOf(const SeenAnswer& seen, const Session& session) {
  const passport::v1::EnquiryAnswer& answer = seen.answer;
  Table table = HeadOf(seen, session);
  AddLine(session, Message::kAnswer, OfferInWords(answer, session), table);
  AddLine(session, Message::kMaterial, answer.has_material() ? ReferenceInWords(answer.material()) : "", table);
  AddLine(session, Message::kTerms, TextIn(session.language(), answer.terms()), table);
  AddPeriod(session, answer.deliver_from(), answer.deliver_until(), table);
  AddLine(session, Message::kMessage, TextIn(session.language(), answer.message()), table);
  AddLine(session, Message::kContact, answer.has_contact() ? ContactInWords(answer.contact(), session) : "", table);
  return table;
}

}  // namespace meguri::client
