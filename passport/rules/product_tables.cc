// SPDX-License-Identifier: Apache-2.0
// Tables of the sections that say how a product is built, lasts and ends.
#include "meguri/passport/v1/attachment.pb.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/consumer_return.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "passport/rules/attachment.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/circularity.h"
#include "passport/rules/codes.h"
#include "passport/rules/footprint.h"
#include "passport/rules/life_facts.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/quantity.h"
#include "passport/rules/rule_table.h"
#include "passport/rules/share_sums.h"
#include "passport/rules/text.h"
#include "passport/rules/timestamp.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {

std::vector<Rule> BillOfMaterialsRules() {
  using M = v1::BillOfMaterials;
  using Item = v1::BillItem;
  using Source = v1::PartSource;
  return {
      Required<M>(M::kItemsFieldNumber),
      AtMost<M>(M::kItemsFieldNumber, 10'000),
      Value<M>(M::kMassKgFieldNumber, &CheckPositiveMass),
      Value<Item>(Item::kLineFieldNumber, &CheckWord),
      Required<Item>(Item::kNameFieldNumber),
      Value<Item>(Item::kPartNumberFieldNumber, &CheckWord),
      Value<Item>(Item::kComponentRecordIdFieldNumber, &CheckRecordId),
      Required<Item>(Item::kQuantityFieldNumber),
      Value<Item>(Item::kQuantityFieldNumber, &CheckPositive),
      Required<Item>(Item::kUnitFieldNumber),
      Value<Item>(Item::kMassKgFieldNumber, &CheckMass),
      Value<Item>(Item::kSerialNumberFieldNumber, &CheckWord),
      Value<Item>(Item::kLotNumberFieldNumber, &CheckWord),
      AtMost<Item>(Item::kSourcesFieldNumber, 100),
      Value<Source>(Source::kSupplierIdFieldNumber, &CheckParticipantId),
      Value<Source>(Source::kSupplierPartNumberFieldNumber, &CheckWord),
      Whole<M, &CheckBillOfMaterials>(),
  };
}

std::vector<Rule> ConsumerReturnRules() {
  using M = v1::ConsumerReturn;
  using Channel = v1::ReturnChannel;
  using Label = v1::LabelMeaning;
  return {
      Required<M>(M::kHowToReturnFieldNumber),
      AtMost<M>(M::kChannelsFieldNumber, 100),
      AtMost<M>(M::kLabelsFieldNumber, 50),
      AtMost<M>(M::kDocumentsFieldNumber, 100),
      Required<Channel>(Channel::kTypeFieldNumber),
      Value<Channel>(Channel::kUriFieldNumber, &CheckHttps),
      Value<Channel>(Channel::kRegionsFieldNumber, &CheckPrefecture),
      Value<Channel>(Channel::kFeeJpyFieldNumber, &CheckNonNegative),
      Required<Label>(Label::kMarkFieldNumber),
      Value<Label>(Label::kMarkFieldNumber, &CheckWord),
      Required<Label>(Label::kMeaningFieldNumber),
  };
}

std::vector<Rule> CarbonFootprintRules() {
  using M = v1::CarbonFootprint;
  using Rating = v1::DataQualityRating;
  using Verification = v1::FootprintVerification;
  return {
      Required<M>(M::kKgCo2EFieldNumber),
      Value<M>(M::kKgCo2EFieldNumber, &CheckAnyNumber),
      Required<M>(M::kDeclaredUnitFieldNumber),
      Required<M>(M::kDeclaredAmountFieldNumber),
      Value<M>(M::kDeclaredAmountFieldNumber, &CheckPositive),
      Value<M>(M::kProductMassKgFieldNumber, &CheckPositiveMass),
      Required<M>(M::kBoundaryFieldNumber),
      AtMost<M>(M::kStagesFieldNumber, 10),
      Value<M>(M::kFossilKgCo2EFieldNumber, &CheckNonNegative),
      Value<M>(M::kBiogenicUptakeKgCo2EFieldNumber, &CheckNonPositive),
      Value<M>(M::kBiogenicNonCo2KgCo2EFieldNumber, &CheckNonNegative),
      Value<M>(M::kLandUseChangeKgCo2EFieldNumber, &CheckAnyNumber),
      Required<M>(M::kPrimaryDataShareFieldNumber),
      Value<M>(M::kPrimaryDataShareFieldNumber, &CheckFraction),
      Value<M>(M::kExemptedShareFieldNumber, &CheckExemptedShare),
      Required<M>(M::kStandardsFieldNumber),
      AtMost<M>(M::kStandardsFieldNumber, 10),
      Required<M>(M::kGlobalWarmingPotentialFieldNumber),
      Required<M>(M::kRecyclingAllocationFieldNumber),
      Required<M>(M::kReferencePeriodFieldNumber),
      Value<M>(M::kVirginReferenceKgCo2EFieldNumber, &CheckPositive),
      Value<M>(M::kVirginReferenceSourceFieldNumber, &CheckWord),
      Value<M>(M::kPerformanceClassFieldNumber, &CheckWord),
      Value<M>(M::kProductCategoryRuleFieldNumber, &CheckWord),
      Required<v1::StageEmission>(v1::StageEmission::kStageFieldNumber),
      Required<v1::StageEmission>(v1::StageEmission::kKgCo2EFieldNumber),
      Value<v1::StageEmission>(v1::StageEmission::kKgCo2EFieldNumber, &CheckAnyNumber),
      Value<Rating>(Rating::kTechnologicalFieldNumber, &CheckRating),
      Value<Rating>(Rating::kGeographicalFieldNumber, &CheckRating),
      Value<Rating>(Rating::kTemporalFieldNumber, &CheckRating),
      Value<Verification>(Verification::kFirstPartyShareFieldNumber, &CheckFraction),
      Value<Verification>(Verification::kSecondPartyShareFieldNumber, &CheckFraction),
      Value<Verification>(Verification::kThirdPartyShareFieldNumber, &CheckFraction),
      Value<Verification>(Verification::kVerifierFieldNumber, &CheckWord),
      Whole<M, &CheckFootprint>(),
  };
}

namespace {

std::vector<Rule> CircularityRules() {
  using M = v1::Circularity;
  return {
      Value<M>(M::kMassKgFieldNumber, &CheckPositiveMass),
      Value<M>(M::kRecycledFeedstockFractionFieldNumber, &CheckFraction),
      Value<M>(M::kReusedFeedstockFractionFieldNumber, &CheckFraction),
      Value<M>(M::kBiologicalFeedstockFractionFieldNumber, &CheckFraction),
      Value<M>(M::kCollectedForRecyclingFractionFieldNumber, &CheckFraction),
      Value<M>(M::kCollectedForReuseFractionFieldNumber, &CheckFraction),
      Value<M>(M::kCollectedForCompostingFractionFieldNumber, &CheckFraction),
      Value<M>(M::kCollectedForEnergyFractionFieldNumber, &CheckFraction),
      Value<M>(M::kFeedstockRecyclingEfficiencyFieldNumber, &CheckPositiveFraction),
      Value<M>(M::kEndOfLifeRecyclingEfficiencyFieldNumber, &CheckFraction),
      Value<M>(M::kLifetimeRatioFieldNumber, &CheckPositive),
      Value<M>(M::kUseIntensityRatioFieldNumber, &CheckPositive),
      Value<M>(M::kDeclaredIndicatorFieldNumber, &CheckFraction),
      Value<M>(M::kDeclaredMethodFieldNumber, &CheckWord),
      Whole<M, &CheckCircularity>(),
  };
}

std::vector<Rule> RepairRules() {
  using Part = v1::SparePart;
  using Score = v1::RepairScore;
  using Criterion = v1::RepairCriterion;
  return {
      Required<Part>(Part::kPartNumberFieldNumber),
      Value<Part>(Part::kPartNumberFieldNumber, &CheckWord),
      Value<Part>(Part::kAvailableUntilFieldNumber, &CheckDate),
      Value<Part>(Part::kPriceJpyFieldNumber, &CheckNonNegative),
      Value<Part>(Part::kSupplierIdFieldNumber, &CheckParticipantId),
      Value<Part>(Part::kOrderUriFieldNumber, &CheckHttps),
      Required<Score>(Score::kMethodFieldNumber),
      Value<Score>(Score::kScoreFieldNumber, &CheckScore),
      Value<Score>(Score::kScoreClassFieldNumber, &CheckWord),
      AtMost<Score>(Score::kCriteriaFieldNumber, 100),
      Value<Score>(Score::kCriteriaPointsMaxFieldNumber, &CheckPositive),
      Required<Criterion>(Criterion::kNameFieldNumber),
      Required<Criterion>(Criterion::kPointsFieldNumber),
      Value<Criterion>(Criterion::kPointsFieldNumber, &CheckNonNegative),
      Required<Criterion>(Criterion::kPointsMaxFieldNumber),
      Value<Criterion>(Criterion::kPointsMaxFieldNumber, &CheckPositive),
      Whole<Score, &CheckRepairScore>(),
  };
}

}  // namespace

std::vector<Rule> DurabilityRules() {
  using M = v1::Durability;
  std::vector<Rule> rules = {
      Value<M>(M::kIndustryAverageSourceFieldNumber, &CheckWord),
      AtMost<M>(M::kSparePartsFieldNumber, 1'000),
      Value<M>(M::kSoftwareSupportUntilFieldNumber, &CheckDate),
      Value<M>(M::kRatedCapacityKwhFieldNumber, &CheckPositive),
      Value<M>(M::kRoundTripEfficiencyFieldNumber, &CheckFraction),
      Value<M>(M::kCapacityThresholdFractionFieldNumber, &CheckFraction),
      Required<v1::Lifetime>(v1::Lifetime::kValueFieldNumber),
      Value<v1::Lifetime>(v1::Lifetime::kValueFieldNumber, &CheckPositive),
      Required<v1::Lifetime>(v1::Lifetime::kUnitFieldNumber),
      Whole<M, &CheckDurability>(),
  };
  for (const std::vector<Rule>& part : {RepairRules(), CircularityRules()}) {
    rules.insert(rules.end(), part.begin(), part.end());
  }
  return rules;
}

std::vector<Rule> ItemStateRules() {
  using M = v1::ItemState;
  using Incident = v1::ItemIncident;
  return {
      Required<M>(M::kAsOfFieldNumber),
      Value<M>(M::kAsOfFieldNumber, &CheckTimestamp),
      Value<M>(M::kPutIntoServiceOnFieldNumber, &CheckDate),
      Value<M>(M::kRemainingCapacityKwhFieldNumber, &CheckNonNegative),
      Value<M>(M::kStateOfCertifiedEnergyFieldNumber, &CheckFraction),
      Value<M>(M::kStateOfHealthFieldNumber, &CheckFraction),
      Value<M>(M::kStateOfChargeFieldNumber, &CheckFraction),
      Value<M>(M::kRemainingPowerFractionFieldNumber, &CheckFraction),
      Value<M>(M::kInternalResistanceIncreaseFieldNumber, &CheckNonNegative),
      Value<M>(M::kFullCyclesFieldNumber, &CheckNonNegative),
      Value<M>(M::kEnergyThroughputKwhFieldNumber, &CheckNonNegative),
      Value<M>(M::kRoundTripEfficiencyFieldNumber, &CheckFraction),
      Value<M>(M::kOperatingHoursFieldNumber, &CheckNonNegative),
      Value<M>(M::kMileageKmFieldNumber, &CheckNonNegative),
      Value<M>(M::kTemperatureMinCFieldNumber, &CheckTemperature),
      Value<M>(M::kTemperatureMaxCFieldNumber, &CheckTemperature),
      AtMost<M>(M::kIncidentsFieldNumber, 1'000),
      Value<M>(M::kMeasuredByFieldNumber, &CheckWord),
      Required<Incident>(Incident::kKindFieldNumber),
      Value<Incident>(Incident::kDateFieldNumber, &CheckDate),
      Whole<M, &CheckItemState>(),
  };
}

std::vector<Rule> AttachmentRules() {
  using M = v1::AttachmentList;
  using File = v1::Attachment;
  using Kept = v1::KeptValue;
  return {
      Required<M>(M::kAttachmentsFieldNumber),
      AtMost<M>(M::kAttachmentsFieldNumber, kAttachmentsMax),
      Required<File>(File::kFileNameFieldNumber),
      Value<File>(File::kFileNameFieldNumber, &CheckFileName),
      Required<File>(File::kMediaTypeFieldNumber),
      Value<File>(File::kMediaTypeFieldNumber, &CheckMediaType),
      Required<File>(File::kSha256FieldNumber),
      Value<File>(File::kSha256FieldNumber, &CheckSha256),
      AtMost<File>(File::kKeptValuesFieldNumber, kKeptValuesMax),
      Value<File>(File::kFormatFieldNumber, &CheckWord),
      Value<File>(File::kImportedAtFieldNumber, &CheckTimestamp),
      Whole<File, &CheckAttachment>(),
      Required<Kept>(Kept::kPathFieldNumber),
      Value<Kept>(Kept::kPathFieldNumber, &CheckKeptPath),
      Value<Kept>(Kept::kValueFieldNumber, &CheckKeptValue),
  };
}

}  // namespace meguri::passport
