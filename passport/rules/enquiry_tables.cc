// SPDX-License-Identifier: Apache-2.0
// Tables of the sections by which members ask and answer each other.
#include "meguri/passport/v1/enquiry.pb.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/codes.h"
#include "passport/rules/contact.h"
#include "passport/rules/currency_code.h"
#include "passport/rules/enquiry.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/quantity.h"
#include "passport/rules/rule_table.h"

namespace meguri::passport {
namespace {

std::vector<Rule> ReferenceAndContactRules() {
  using Reference = v1::RecordReference;
  using Contact = v1::Contact;
  return {
      Required<Reference>(Reference::kPublisherIdFieldNumber),
      Value<Reference>(Reference::kPublisherIdFieldNumber, &CheckParticipantId),
      Required<Reference>(Reference::kRecordIdFieldNumber),
      Value<Reference>(Reference::kRecordIdFieldNumber, &CheckRecordId),
      Whole<Reference, &CheckRecordReference>(),
      Required<Contact>(Contact::kNameFieldNumber),
      Value<Contact>(Contact::kEmailFieldNumber, &CheckEmail),
      Value<Contact>(Contact::kTelephoneFieldNumber, &CheckTelephone),
      Whole<Contact, &CheckContact>(),
  };
}

}  // namespace

std::vector<Rule> EnquiryRules() {
  using M = v1::Enquiry;
  std::vector<Rule> rules = {
      Required<M>(M::kSellerIdFieldNumber),
      Value<M>(M::kSellerIdFieldNumber, &CheckParticipantId),
      Value<M>(M::kNeedFieldNumber, &CheckNeed),
      Required<M>(M::kWantedMassKgFieldNumber),
      Value<M>(M::kWantedMassKgFieldNumber, &CheckPositiveMass),
      Value<M>(M::kDeliveryRegionFieldNumber, &CheckRegion),
      Value<M>(M::kDeliverFromFieldNumber, &CheckDate),
      Value<M>(M::kDeliverUntilFieldNumber, &CheckDate),
      Required<M>(M::kContactFieldNumber),
      Required<M>(M::kValidUntilFieldNumber),
      Value<M>(M::kValidUntilFieldNumber, &CheckDate),
      Whole<M, &CheckEnquiry>(),
  };
  const std::vector<Rule> shared = ReferenceAndContactRules();
  rules.insert(rules.end(), shared.begin(), shared.end());
  return rules;
}

std::vector<Rule> EnquiryAnswerRules() {
  using M = v1::EnquiryAnswer;
  return {
      Required<M>(M::kEnquiryFieldNumber),
      Required<M>(M::kVerdictFieldNumber),
      Value<M>(M::kAvailableMassKgFieldNumber, &CheckPositiveMass),
      Value<M>(M::kDeliverFromFieldNumber, &CheckDate),
      Value<M>(M::kDeliverUntilFieldNumber, &CheckDate),
      Value<M>(M::kValidUntilFieldNumber, &CheckDate),
      Whole<M, &CheckEnquiryAnswer>(),
      Required<v1::Price>(v1::Price::kAmountFieldNumber),
      Value<v1::Price>(v1::Price::kAmountFieldNumber, &CheckAnyNumber),
      Required<v1::Price>(v1::Price::kCurrencyFieldNumber),
      Value<v1::Price>(v1::Price::kCurrencyFieldNumber, &CheckCurrency),
      Required<v1::Price>(v1::Price::kBasisFieldNumber),
  };
}

}  // namespace meguri::passport
