// SPDX-License-Identifier: Apache-2.0
// Tables of the sections by which members open records to each other.
#include "meguri/passport/v1/access.pb.h"
#include "passport/rules/access.h"
#include "passport/rules/identity_keys.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/rule_table.h"
#include "passport/rules/text.h"
#include "passport/rules/timestamp.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {
namespace {

std::vector<Rule> SelectorRules() {
  using M = v1::Selector;
  return {
      AtMost<M>(M::kRecordTypesFieldNumber, kSelectedMax),        AtMost<M>(M::kProductGroupsFieldNumber, kSelectedMax),
      Value<M>(M::kProductGroupsFieldNumber, &CheckProductGroup), AtMost<M>(M::kProductLinesFieldNumber, kSelectedMax),
      Value<M>(M::kProductLinesFieldNumber, &CheckRecordId),      AtMost<M>(M::kRecordIdsFieldNumber, kSelectedMax),
      Value<M>(M::kRecordIdsFieldNumber, &CheckRecordId),         Whole<M, &CheckSelector>(),
  };
}

}  // namespace

std::vector<Rule> OfferRules() {
  using M = v1::Offer;
  std::vector<Rule> rules = {
      Required<M>(M::kTitleFieldNumber),
      Required<M>(M::kSelectorFieldNumber),
      Required<M>(M::kSectionTypesFieldNumber),
      AtMost<M>(M::kSectionTypesFieldNumber, kSelectedMax),
      Required<M>(M::kPurposesFieldNumber),
      AtMost<M>(M::kPurposesFieldNumber, v1::AccessPurpose_MAX),
      Value<M>(M::kNotBeforeFieldNumber, &CheckTimestamp),
      Required<M>(M::kExpiresFieldNumber),
      Value<M>(M::kExpiresFieldNumber, &CheckTimestamp),
      Required<M>(M::kOnwardFieldNumber),
      AtMost<M>(M::kOnwardMemberIdsFieldNumber, kSelectedMax),
      Value<M>(M::kOnwardMemberIdsFieldNumber, &CheckParticipantId),
      Required<M>(M::kAutoApprovalFieldNumber),
      AtMost<M>(M::kAutoRolesFieldNumber, kSelectedMax),
      Whole<M, &CheckOffer>(),
      Required<v1::SignedVersion>(v1::SignedVersion::kRecordIdFieldNumber),
      Value<v1::SignedVersion>(v1::SignedVersion::kRecordIdFieldNumber, &CheckRecordId),
      Required<v1::SignedVersion>(v1::SignedVersion::kHeaderHashFieldNumber),
      Value<v1::SignedVersion>(v1::SignedVersion::kHeaderHashFieldNumber, &CheckSha256),
      Required<v1::RoleScope>(v1::RoleScope::kKindFieldNumber),
      Value<v1::RoleScope>(v1::RoleScope::kScopeFieldNumber, &CheckWord),
  };
  const std::vector<Rule> selector = SelectorRules();
  rules.insert(rules.end(), selector.begin(), selector.end());
  return rules;
}

std::vector<Rule> AccessRequestRules() {
  using M = v1::AccessRequest;
  return {
      Required<M>(M::kOwnerIdFieldNumber),
      Value<M>(M::kOwnerIdFieldNumber, &CheckParticipantId),
      Required<M>(M::kOfferFieldNumber),
      Required<M>(M::kPurposeFieldNumber),
  };
}

std::vector<Rule> GrantRules() {
  using M = v1::Grant;
  return {
      Required<M>(M::kOfferFieldNumber),   Value<M>(M::kGranteeIdFieldNumber, &CheckParticipantId),
      Required<M>(M::kPurposeFieldNumber), Value<M>(M::kNotBeforeFieldNumber, &CheckTimestamp),
      Required<M>(M::kExpiresFieldNumber), Value<M>(M::kExpiresFieldNumber, &CheckTimestamp),
      Required<M>(M::kStateFieldNumber),   Whole<M, &CheckGrant>(),
  };
}

std::vector<Rule> AgreementRules() {
  using M = v1::Agreement;
  return {
      Required<M>(M::kOwnerIdFieldNumber),
      Value<M>(M::kOwnerIdFieldNumber, &CheckParticipantId),
      Required<M>(M::kGrantFieldNumber),
      Required<M>(M::kOfferFieldNumber),
  };
}

}  // namespace meguri::passport
