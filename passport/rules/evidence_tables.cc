// SPDX-License-Identifier: Apache-2.0
// Tables of the sections that say what is dangerous, who vouches for it, and where it was made.
#include "meguri/passport/v1/certification.pb.h"
#include "meguri/passport/v1/facility.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "meguri/passport/v1/test_reports.pb.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/codes.h"
#include "passport/rules/country_code.h"
#include "passport/rules/evidence_facts.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/quantity.h"
#include "passport/rules/rule_table.h"
#include "passport/rules/substance_threshold.h"
#include "passport/rules/text.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {

std::vector<Rule> HazardSummaryRules() {
  using M = v1::HazardSummary;
  using State = v1::RestrictedSubstanceState;
  using Svhc = v1::SvhcEntry;
  using Scip = v1::ScipArticle;
  return {
      AtMost<M>(M::kRestrictedSubstancesFieldNumber, 200),
      AtMost<M>(M::kSvhcFieldNumber, 500),
      AtMost<M>(M::kScipArticlesFieldNumber, 500),
      AtMost<M>(M::kHazardClassesFieldNumber, 100),
      Required<State>(State::kSubstanceFieldNumber),
      Required<State>(State::kAboveThresholdFieldNumber),
      Required<Svhc>(Svhc::kNameFieldNumber),
      Required<Svhc>(Svhc::kIdentifiersFieldNumber),
      Value<Svhc>(Svhc::kConcentrationMinFieldNumber, &CheckFraction),
      Value<Svhc>(Svhc::kConcentrationMaxFieldNumber, &CheckFraction),
      Required<Svhc>(Svhc::kArticleFieldNumber),
      Required<Svhc>(Svhc::kSafeUseFieldNumber),
      Japanese<Svhc>(Svhc::kSafeUseFieldNumber),
      Value<Svhc>(Svhc::kCandidateListDateFieldNumber, &CheckDate),
      Required<Scip>(Scip::kPrimaryArticleIdFieldNumber),
      Value<Scip>(Scip::kPrimaryArticleIdFieldNumber, &CheckWord),
      Value<Scip>(Scip::kPrimaryArticleIdTypeFieldNumber, &CheckWord),
      Value<Scip>(Scip::kArticleCategoryFieldNumber, &CheckWord),
      Value<Scip>(Scip::kConcernElementFieldNumber, &CheckWord),
      Value<Scip>(Scip::kMaterialCategoryFieldNumber, &CheckWord),
      Value<Scip>(Scip::kMixtureCategoryFieldNumber, &CheckWord),
      Value<Scip>(Scip::kScipNumberFieldNumber, &CheckWord),
      Required<v1::HazardClass>(v1::HazardClass::kHazardClassFieldNumber),
      Value<v1::HazardClass>(v1::HazardClass::kHazardClassFieldNumber, &CheckWord),
      Value<v1::HazardClass>(v1::HazardClass::kHazardStatementFieldNumber, &CheckHazardStatement),
      Whole<M, &CheckHazardSummary>(),
  };
}

std::vector<Rule> SubstanceDeclarationRules() {
  using M = v1::SubstanceDeclaration;
  using Substance = v1::DeclaredSubstance;
  using Exemption = v1::DeclaredExemption;
  return {
      AtMost<M>(M::kSubstancesFieldNumber, 10'000),
      AtMost<M>(M::kNothingAboveFieldNumber, 50),
      Required<M>(M::kDeclaredOnFieldNumber),
      Value<M>(M::kDeclaredOnFieldNumber, &CheckDate),
      Value<M>(M::kAuthoriserFieldNumber, &CheckWord),
      Required<Substance>(Substance::kRegimeFieldNumber),
      Required<Substance>(Substance::kListVersionFieldNumber),
      Value<Substance>(Substance::kListVersionFieldNumber, &CheckWord),
      Required<Substance>(Substance::kBasisFieldNumber),
      Required<Substance>(Substance::kNameFieldNumber),
      Required<Substance>(Substance::kIdentifiersFieldNumber),
      Value<Substance>(Substance::kConcentrationFieldNumber, &CheckFraction),
      Value<Substance>(Substance::kConcentrationMinFieldNumber, &CheckFraction),
      Value<Substance>(Substance::kConcentrationMaxFieldNumber, &CheckFraction),
      Required<Substance>(Substance::kThresholdFieldNumber),
      Value<Substance>(Substance::kThresholdFieldNumber, &CheckFraction),
      Required<Substance>(Substance::kAboveThresholdFieldNumber),
      Value<Substance>(Substance::kComponentRecordIdFieldNumber, &CheckRecordId),
      AtMost<Substance>(Substance::kExemptionsFieldNumber, 50),
      Value<Substance>(Substance::kHazardClassesFieldNumber, &CheckWord),
      Value<Substance>(Substance::kApplicationFieldNumber, &CheckWord),
      Required<Exemption>(Exemption::kIdentityFieldNumber),
      Value<Exemption>(Exemption::kIdentityFieldNumber, &CheckWord),
      Value<Exemption>(Exemption::kValidUntilFieldNumber, &CheckDate),
      Whole<M, &CheckSubstances>(),
  };
}

std::vector<Rule> FacilityRules() {
  using M = v1::FacilityList;
  using Facility = v1::Facility;
  using Identifier = v1::FacilityIdentifier;
  return {
      Required<M>(M::kFacilitiesFieldNumber),
      AtMost<M>(M::kFacilitiesFieldNumber, 100),
      Required<Facility>(Facility::kIdentifiersFieldNumber),
      AtMost<Facility>(Facility::kIdentifiersFieldNumber, 20),
      Required<Facility>(Facility::kNameFieldNumber),
      Value<Facility>(Facility::kOperatorIdFieldNumber, &CheckParticipantId),
      Required<Facility>(Facility::kCountryFieldNumber),
      Value<Facility>(Facility::kCountryFieldNumber, &CheckCountryCode),
      Value<Facility>(Facility::kPrefectureCodeFieldNumber, &CheckPrefecture),
      Value<Facility>(Facility::kMunicipalityCodeFieldNumber, &CheckMunicipalityCode),
      Value<Facility>(Facility::kLatitudeFieldNumber, &CheckLatitude),
      Value<Facility>(Facility::kLongitudeFieldNumber, &CheckLongitude),
      Required<Facility>(Facility::kRolesFieldNumber),
      AtMost<Facility>(Facility::kProcessesFieldNumber, 100),
      AtMost<Facility>(Facility::kPermitNumbersFieldNumber, 100),
      Value<Facility>(Facility::kPermitNumbersFieldNumber, &CheckWord),
      Required<Identifier>(Identifier::kSchemeFieldNumber),
      Required<Identifier>(Identifier::kValueFieldNumber),
      Value<Identifier>(Identifier::kValueFieldNumber, &CheckWord),
      Whole<Identifier, &CheckFacilityIdentifier>(),
  };
}

std::vector<Rule> CertificationRules() {
  using M = v1::CertificationList;
  using C = v1::Certification;
  using Criterion = v1::CertificationCriterion;
  return {
      Required<M>(M::kCertificationsFieldNumber),
      AtMost<M>(M::kCertificationsFieldNumber, 200),
      Required<C>(C::kTypeFieldNumber),
      Required<C>(C::kSchemeFieldNumber),
      Value<C>(C::kSchemeFieldNumber, &CheckWord),
      Required<C>(C::kCertificateNumberFieldNumber),
      Value<C>(C::kCertificateNumberFieldNumber, &CheckWord),
      AtMost<C>(C::kCriteriaFieldNumber, 500),
      Value<C>(C::kSubjectRecordIdsFieldNumber, &CheckRecordId),
      Required<C>(C::kIssuedByFieldNumber),
      Value<C>(C::kIssuedByFieldNumber, &CheckWord),
      Value<C>(C::kAccreditedByFieldNumber, &CheckWord),
      Required<C>(C::kIssueDateFieldNumber),
      Value<C>(C::kIssueDateFieldNumber, &CheckDate),
      Required<C>(C::kExpiryDateFieldNumber),
      Value<C>(C::kExpiryDateFieldNumber, &CheckDate),
      Required<C>(C::kStatusFieldNumber),
      Value<C>(C::kStatusListUriFieldNumber, &CheckHttps),
      AtMost<C>(C::kEvidenceFieldNumber, 100),
      Required<v1::LabelUse>(v1::LabelUse::kAllowedFieldNumber),
      Value<v1::LabelUse>(v1::LabelUse::kMarkFieldNumber, &CheckWord),
      Required<Criterion>(Criterion::kIdFieldNumber),
      Value<Criterion>(Criterion::kIdFieldNumber, &CheckWord),
      Required<Criterion>(Criterion::kCriterionFieldNumber),
      Value<Criterion>(Criterion::kMetricFieldNumber, &CheckWord),
      Value<Criterion>(Criterion::kThresholdFieldNumber, &CheckAnyNumber),
      Value<Criterion>(Criterion::kValueFieldNumber, &CheckAnyNumber),
      Value<Criterion>(Criterion::kUnitFieldNumber, &CheckWord),
      Required<Criterion>(Criterion::kConformantFieldNumber),
      Whole<C, &CheckCertification>(),
  };
}

std::vector<Rule> TestReportRules() {
  using M = v1::TestReportList;
  using Report = v1::TestReport;
  using Result = v1::TestResult;
  return {
      Required<M>(M::kReportsFieldNumber),
      AtMost<M>(M::kReportsFieldNumber, 200),
      Required<Report>(Report::kReportNumberFieldNumber),
      Value<Report>(Report::kReportNumberFieldNumber, &CheckWord),
      Required<Report>(Report::kStandardFieldNumber),
      Value<Report>(Report::kStandardFieldNumber, &CheckWord),
      Required<Report>(Report::kLaboratoryFieldNumber),
      Value<Report>(Report::kLaboratoryFieldNumber, &CheckWord),
      Value<Report>(Report::kAccreditationNumberFieldNumber, &CheckWord),
      Required<Report>(Report::kTestedOnFieldNumber),
      Value<Report>(Report::kTestedOnFieldNumber, &CheckDate),
      AtMost<Report>(Report::kResultsFieldNumber, 1'000),
      Required<Result>(Result::kCharacteristicFieldNumber),
      Value<Result>(Result::kValueFieldNumber, &CheckAnyNumber),
      Value<Result>(Result::kUnitFieldNumber, &CheckWord),
      Value<Result>(Result::kUncertaintyFieldNumber, &CheckNonNegative),
      Value<Result>(Result::kLimitMinFieldNumber, &CheckAnyNumber),
      Value<Result>(Result::kLimitMaxFieldNumber, &CheckAnyNumber),
      Value<Result>(Result::kMethodFieldNumber, &CheckWord),
      Whole<Result, &CheckTestResult>(),
  };
}

}  // namespace meguri::passport
