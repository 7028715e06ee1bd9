// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/rule_tables.h"

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "meguri/passport/v1/derived.pb.h"
#include "meguri/passport/v1/owner_note.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "passport/rules/access.h"
#include "passport/rules/battery_chemistry.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/cas_number.h"
#include "passport/rules/composition_tree.h"
#include "passport/rules/contained_substance.h"
#include "passport/rules/country_code.h"
#include "passport/rules/critical_material.h"
#include "passport/rules/described_level.h"
#include "passport/rules/digital_link.h"
#include "passport/rules/enquiry.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/rules/identity_keys.h"
#include "passport/rules/local_government_code.h"
#include "passport/rules/mass_sum.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/passport_agreement.h"
#include "passport/rules/plastic_marking.h"
#include "passport/rules/product_mass.h"
#include "passport/rules/quantity.h"
#include "passport/rules/recycled_claim.h"
#include "passport/rules/recycled_marking.h"
#include "passport/rules/registered_prefix.h"
#include "passport/rules/removal_item.h"
#include "passport/rules/rule_table.h"
#include "passport/rules/section_agreement.h"
#include "passport/rules/step_graph.h"
#include "passport/rules/substance_threshold.h"
#include "passport/rules/text.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {
namespace {

using google::protobuf::Descriptor;

std::vector<Rule> IdentityRules() {
  using M = v1::Identity;
  return {
      Required<M>(M::kNameFieldNumber),
      Japanese<M>(M::kNameFieldNumber),
      Value<M>(M::kModelNumberFieldNumber, &CheckWord),
      Required<M>(M::kProductGroupFieldNumber),
      Value<M>(M::kProductGroupFieldNumber, &CheckProductGroup),
      Required<M>(M::kGranularityFieldNumber),
      Value<M>(M::kGtinFieldNumber, &CheckGtin),
      Value<M>(M::kLotFieldNumber, &CheckLotOrSerial),
      Value<M>(M::kSerialFieldNumber, &CheckLotOrSerial),
      Value<M>(M::kDigitalLinkFieldNumber, &CheckUri),
      Value<M>(M::kParentRecordIdFieldNumber, &CheckRecordId),
      Value<M>(M::kPredecessorRecordIdFieldNumber, &CheckRecordId),
      Value<M>(M::kManufacturerIdFieldNumber, &CheckParticipantId),
      Value<M>(M::kEconomicOperatorIdFieldNumber, &CheckParticipantId),
      Value<M>(M::kImporterIdFieldNumber, &CheckParticipantId),
      Value<M>(M::kProducedOnFieldNumber, &CheckDate),
      Value<M>(M::kPlacedOnMarketOnFieldNumber, &CheckDate),
      Value<M>(M::kCountryOfProductionFieldNumber, &CheckCountryCode),
      Required<M>(M::kMassKgFieldNumber),
      Value<M>(M::kMassKgFieldNumber, &CheckPositiveMass),
      Value<M>(M::kPlasticMarkingsFieldNumber, &CheckPlasticMarking),
      Value<M>(M::kContentSpecificationIdsFieldNumber, &CheckWord),
      Value<M>(M::kNotInheritedSectionsFieldNumber, &CheckWord),
      Value<M>(M::kValidFromFieldNumber, &CheckDate),
      Value<M>(M::kValidUntilFieldNumber, &CheckDate),
      AtMost<M>(M::kEvidenceFieldNumber, 100),
      Value<v1::Dimensions>(v1::Dimensions::kLengthMmFieldNumber, &CheckLength),
      Value<v1::Dimensions>(v1::Dimensions::kWidthMmFieldNumber, &CheckLength),
      Value<v1::Dimensions>(v1::Dimensions::kHeightMmFieldNumber, &CheckLength),
      Whole<M, &CheckGranularity>(),
      Whole<M, &CheckIdentityDigitalLink>(),
      Whole<M, &CheckIdentityDates>(),
      Required<v1::Identifier>(v1::Identifier::kSchemeFieldNumber),
      Value<v1::Identifier>(v1::Identifier::kValueFieldNumber, &CheckWord),
      Whole<v1::Identifier, &CheckIdentifier>(),
      Required<v1::Category>(v1::Category::kSchemeFieldNumber),
      Value<v1::Category>(v1::Category::kValueFieldNumber, &CheckWord),
      Whole<v1::Category, &CheckCategory>(),
  };
}

std::vector<Rule> CompositionRules() {
  using M = v1::Composition;
  using Node = v1::CompositionNode;
  using Substance = v1::SubstanceIdentifier;
  return {
      Value<M>(M::kMassKgFieldNumber, &CheckPositiveMass),
      Required<M>(M::kNodesFieldNumber),
      Value<M>(M::kDeclarableSubstanceListVersionFieldNumber, &CheckWord),
      Whole<M, &CheckCompositionSize>(),
      Whole<M, &CheckMassSums>(),
      Required<Node>(Node::kKindFieldNumber),
      Required<Node>(Node::kNameFieldNumber),
      Value<Node>(Node::kIso1043SymbolFieldNumber, &CheckPolymerSymbols),
      Value<Node>(Node::kMaterialStandardFieldNumber, &CheckWord),
      Value<Node>(Node::kMaterialClassIdFieldNumber, &CheckWord),
      Value<Node>(Node::kPartNumberFieldNumber, &CheckWord),
      Value<Node>(Node::kComponentRecordIdFieldNumber, &CheckRecordId),
      Value<Node>(Node::kMassKgFieldNumber, &CheckMass),
      Value<Node>(Node::kMassFractionFieldNumber, &CheckFraction),
      Value<Node>(Node::kPositiveToleranceFieldNumber, &CheckTolerance),
      Value<Node>(Node::kNegativeToleranceFieldNumber, &CheckTolerance),
      Whole<Node, &CheckCompositionNode>(),
      Required<Substance>(Substance::kSchemeFieldNumber),
      Required<Substance>(Substance::kValueFieldNumber),
      Value<Substance>(Substance::kValueFieldNumber, &CheckNote),  // an InChI or SMILES may be long
      Whole<Substance, &CheckSubstanceIdentifier>(),
      Value<v1::Threshold>(v1::Threshold::kReportingThresholdFieldNumber, &CheckFraction),
      Required<v1::Exemption>(v1::Exemption::kIdentityFieldNumber),
      Value<v1::Exemption>(v1::Exemption::kIdentityFieldNumber, &CheckWord),
      Value<v1::Exemption>(v1::Exemption::kRegulationIndexFieldNumber, &CheckWord),
  };
}

std::vector<Rule> DismantlingRules() {
  using M = v1::Dismantling;
  using Step = v1::DismantlingStep;
  return {
      Required<M>(M::kStepsFieldNumber),
      Whole<M, &CheckStepGraph>(),
      Required<Step>(Step::kSeqFieldNumber),
      Required<Step>(Step::kTargetComponentFieldNumber),
      Required<Step>(Step::kActionFieldNumber),
      Required<v1::Fastener>(v1::Fastener::kTypeFieldNumber),
      Required<v1::Fastener>(v1::Fastener::kCountFieldNumber),
      Value<v1::Fastener>(v1::Fastener::kStandardFieldNumber, &CheckWord),
      Required<v1::Tool>(v1::Tool::kToolClassFieldNumber),
      Value<v1::Tool>(v1::Tool::kStandardFieldNumber, &CheckWord),
      Required<v1::RemovalItem>(v1::RemovalItem::kCodeFieldNumber),
      Value<v1::RemovalItem>(v1::RemovalItem::kMassKgFieldNumber, &CheckPositiveMass),
      Whole<v1::RemovalItem, &CheckRemovalItem>(),
      Required<v1::Document>(v1::Document::kTypeFieldNumber),
      Required<v1::Document>(v1::Document::kFileFieldNumber),
      Value<v1::BatteryLayout>(v1::BatteryLayout::kArrangementFieldNumber, &CheckWord),
      Value<v1::BatteryLayout>(v1::BatteryLayout::kNominalVoltageVFieldNumber, &CheckVoltage),
  };
}

std::vector<Rule> RecycledContentRules() {
  using M = v1::RecycledContent;
  using Claim = v1::RecycledContentClaim;
  return {
      Required<M>(M::kClaimsFieldNumber),
      Whole<M, &CheckClaimCount>(),
      Whole<M, &CheckClaimSums>(),
      Required<Claim>(Claim::kScopeFieldNumber),
      Value<Claim>(Claim::kSubjectFieldNumber, &CheckWord),
      Required<Claim>(Claim::kTotalMassKgFieldNumber),
      Value<Claim>(Claim::kTotalMassKgFieldNumber, &CheckPositiveMass),
      Value<Claim>(Claim::kPreConsumerMassKgFieldNumber, &CheckMass),
      Value<Claim>(Claim::kPostConsumerMassKgFieldNumber, &CheckMass),
      Value<Claim>(Claim::kReutilisedSameProcessMassKgFieldNumber, &CheckMass),
      Value<Claim>(Claim::kRecycledFractionFieldNumber, &CheckFraction),
      Required<Claim>(Claim::kMethodFieldNumber),
      Required<Claim>(Claim::kChainOfCustodyModelFieldNumber),
      Value<Claim>(Claim::kSiteBoundaryFieldNumber, &CheckWord),
      Value<Claim>(Claim::kLedgerReferenceFieldNumber, &CheckUri),
      Value<Claim>(Claim::kPhysicalFractionFieldNumber, &CheckFraction),
      Whole<Claim, &CheckRecycledClaim>(),
      Required<v1::PostConsumerSource>(v1::PostConsumerSource::kSectorFieldNumber),
      Value<v1::PostConsumerSource>(v1::PostConsumerSource::kMassKgFieldNumber, &CheckMass),
      Required<v1::DatePeriod>(v1::DatePeriod::kStartFieldNumber),
      Value<v1::DatePeriod>(v1::DatePeriod::kStartFieldNumber, &CheckDate),
      Required<v1::DatePeriod>(v1::DatePeriod::kEndFieldNumber),
      Value<v1::DatePeriod>(v1::DatePeriod::kEndFieldNumber, &CheckDate),
      Whole<v1::DatePeriod, &CheckPeriod>(),
      Required<v1::SchemeCertificate>(v1::SchemeCertificate::kSchemeFieldNumber),
      Value<v1::SchemeCertificate>(v1::SchemeCertificate::kSchemeFieldNumber, &CheckWord),
      Required<v1::SchemeCertificate>(v1::SchemeCertificate::kNumberFieldNumber),
      Value<v1::SchemeCertificate>(v1::SchemeCertificate::kNumberFieldNumber, &CheckWord),
      Value<v1::SchemeCertificate>(v1::SchemeCertificate::kValidUntilFieldNumber, &CheckDate),
      Value<v1::ReportingBasis>(v1::ReportingBasis::kPlantFieldNumber, &CheckWord),
  };
}

std::vector<Rule> OwnerNoteRules() {
  using M = v1::OwnerNote;
  return {
      Value<M>(M::kNoteFieldNumber, &CheckNote),
      Value<M>(M::kInternalReferenceFieldNumber, &CheckWord),
      Value<M>(M::kLabelsFieldNumber, &CheckWord),
  };
}

std::vector<Rule> MemberRules() {
  using M = registry::v1::MemberEntry;
  return {
      Required<M>(M::kParticipantIdFieldNumber),
      Value<M>(M::kParticipantIdFieldNumber, &CheckParticipantId),
      Value<M>(M::kGs1CompanyPrefixesFieldNumber, &CheckCompanyPrefix),
      Value<M>(M::kLinkDomainsFieldNumber, &CheckDomain),
      Value<M>(M::kIdNameSpacesFieldNumber, &CheckUri),
      Whole<M, &CheckMunicipality>(),
  };
}

// Messages that every section uses.
std::vector<Rule> SharedMessageRules() {
  return {
      Whole<v1::Decimal, &CheckDecimal>(),
      Whole<v1::Text, &CheckText>(),
      Required<v1::Derived>(v1::Derived::kValueFieldNumber),
      Value<v1::Derived>(v1::Derived::kValueFieldNumber, &CheckAnyNumber),
      Required<v1::Derived>(v1::Derived::kMethodFieldNumber),
      Value<v1::Derived>(v1::Derived::kMethodFieldNumber, &CheckWord),
      Required<v1::Media>(v1::Media::kUriFieldNumber),
      Value<v1::Media>(v1::Media::kUriFieldNumber, &CheckHttps),
      Value<v1::Media>(v1::Media::kMediaTypeFieldNumber, &CheckMediaType),
      Value<v1::Media>(v1::Media::kSha256FieldNumber, &CheckSha256),
  };
}

using RulesByMessage = absl::flat_hash_map<const Descriptor*, std::vector<Rule>>;

RulesByMessage MakeRulesByMessage() {
  RulesByMessage by_message;
  for (const std::vector<Rule>& table : {IdentityRules(),
                                         MaterialIdentityRules(),
                                         CompositionRules(),
                                         CompositionSummaryRules(),
                                         BillOfMaterialsRules(),
                                         DismantlingRules(),
                                         ConsumerReturnRules(),
                                         RecycledContentRules(),
                                         ChainOfCustodyRules(),
                                         CarbonFootprintRules(),
                                         DurabilityRules(),
                                         ItemStateRules(),
                                         HazardSummaryRules(),
                                         SubstanceDeclarationRules(),
                                         CriticalRawMaterialsRules(),
                                         MaterialPropertiesRules(),
                                         FacilityRules(),
                                         CertificationRules(),
                                         TestReportRules(),
                                         OwnerNoteRules(),
                                         AttachmentRules(),
                                         EnquiryRules(),
                                         EnquiryAnswerRules(),
                                         OfferRules(),
                                         AccessRequestRules(),
                                         GrantRules(),
                                         AgreementRules(),
                                         MemberRules(),
                                         SharedMessageRules()}) {
    for (const Rule& rule : table) {
      by_message[rule.message].push_back(rule);
    }
  }
  return by_message;
}

constexpr RecordRule kRecordRules[] = {
    &CheckMassAgreement,       &CheckRecycledMarking,   &CheckBatteryClaims,    &CheckSelfReference,
    &CheckOfferedMass,         &CheckBillReferences,    &CheckBatteryMinimum,   &CheckDataQualityLevel,
    &CheckItemAgreement,       &CheckHazardAgreement,   &CheckLithiumIonAnswer, &CheckContainedSubstances,
    &CheckCertificationExpiry, &CheckCriticalMaterials, &CheckValidWhenIssued,  &CheckOtherParty,
    &CheckAccessPeriod,        &CheckOtherMember,
};

}  // namespace

absl::Span<const Rule> RulesOf(const Descriptor* message) {
  // Never destroyed: threads may still validate while the program ends.
  static const RulesByMessage& by_message = *new RulesByMessage(MakeRulesByMessage());
  const auto rules = by_message.find(message);
  return rules == by_message.end() ? absl::Span<const Rule>() : absl::MakeConstSpan(rules->second);
}

absl::Span<const RecordRule> RecordRules() { return kRecordRules; }

}  // namespace meguri::passport
