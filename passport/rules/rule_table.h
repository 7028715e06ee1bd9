// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "meguri/passport/v1/text.pb.h"
#include "passport/rules/rule_tables.h"
#include "passport/rules/text.h"

namespace meguri::passport {

// The lines of a table: Required<M>(M::kNameFieldNumber), Value<M>(M::kNameFieldNumber, &CheckWord) …

template <typename M, void (*kCheck)(const M&, const Path&, Findings&)>
void CheckAs(const google::protobuf::Message& message, const Path& path, Findings& findings) {
  kCheck(static_cast<const M&>(message), path, findings);
}

template <typename M>
Rule Required(int field) {
  return {.message = M::descriptor(), .field = field, .required = true};
}

template <typename M>
Rule Value(int field, ValueRule check) {
  return {.message = M::descriptor(), .field = field, .check_value = check};
}

template <typename M>
Rule AtMost(int field, int count_max) {
  return {.message = M::descriptor(), .field = field, .count_max = count_max};
}

template <typename M, void (*kCheck)(const M&, const Path&, Findings&)>
Rule Whole() {
  return {.message = M::descriptor(), .check_message = &CheckAs<M, kCheck>};
}

template <typename M>
Rule Japanese(int field) {
  return {.message = M::descriptor(), .field = field, .check_message = &CheckAs<v1::Text, &RequireJapanese>};
}

// The tables, one for each section. A section type's rules are a function here and a line in rule_tables.cc.
std::vector<Rule> AccessRequestRules();
std::vector<Rule> AgreementRules();
std::vector<Rule> AttachmentRules();
std::vector<Rule> BillOfMaterialsRules();
std::vector<Rule> CarbonFootprintRules();
std::vector<Rule> CertificationRules();
std::vector<Rule> ChainOfCustodyRules();
std::vector<Rule> CompositionSummaryRules();
std::vector<Rule> ConsumerReturnRules();
std::vector<Rule> CriticalRawMaterialsRules();
std::vector<Rule> DurabilityRules();
std::vector<Rule> EnquiryRules();
std::vector<Rule> EnquiryAnswerRules();
std::vector<Rule> FacilityRules();
std::vector<Rule> GrantRules();
std::vector<Rule> HazardSummaryRules();
std::vector<Rule> ItemStateRules();
std::vector<Rule> MaterialIdentityRules();
std::vector<Rule> MaterialPropertiesRules();
std::vector<Rule> OfferRules();
std::vector<Rule> SubstanceDeclarationRules();
std::vector<Rule> TestReportRules();

}  // namespace meguri::passport
