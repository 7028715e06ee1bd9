// SPDX-License-Identifier: Apache-2.0
// Tables of the sections that say what a material is and where it comes from.
#include "meguri/passport/v1/chain_of_custody.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/codes.h"
#include "passport/rules/custody_ledger.h"
#include "passport/rules/lot_balance.h"
#include "passport/rules/material_facts.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/plastic_marking.h"
#include "passport/rules/quantity.h"
#include "passport/rules/rule_table.h"
#include "passport/rules/share_sums.h"
#include "passport/rules/text.h"
#include "passport/rules/timestamp.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {

std::vector<Rule> MaterialIdentityRules() {
  using M = v1::MaterialIdentity;
  using Offer = v1::MaterialOffer;
  return {
      Required<M>(M::kFamilyFieldNumber),
      Value<M>(M::kPolymerSymbolFieldNumber, &CheckPolymerSymbols),
      Value<M>(M::kMaterialStandardFieldNumber, &CheckWord),
      Required<M>(M::kFormFieldNumber),
      Required<M>(M::kWasteStatusFieldNumber),
      AtMost<M>(M::kWasteCodesFieldNumber, 20),
      AtMost<M>(M::kContaminantsFieldNumber, 100),
      Value<M>(M::kNetMassKgFieldNumber, &CheckPositiveMass),
      Value<M>(M::kNominalMeltFlowRateFieldNumber, &CheckNonNegative),
      Whole<M, &CheckMaterialIdentity>(),
      Whole<v1::WasteCode, &CheckWasteCode>(),
      Whole<Offer, &CheckMaterialOffer>(),
      Required<v1::WasteCode>(v1::WasteCode::kSchemeFieldNumber),
      Required<v1::WasteCode>(v1::WasteCode::kValueFieldNumber),
      Value<v1::WasteCode>(v1::WasteCode::kValueFieldNumber, &CheckWord),
      Required<Offer>(Offer::kAvailableMassKgFieldNumber),
      Value<Offer>(Offer::kAvailableMassKgFieldNumber, &CheckMass),
      Value<Offer>(Offer::kMinimumOrderMassKgFieldNumber, &CheckMass),
      AtMost<Offer>(Offer::kRegionsFieldNumber, 60),
      Value<Offer>(Offer::kRegionsFieldNumber, &CheckRegion),
      Value<Offer>(Offer::kAvailableFromFieldNumber, &CheckDate),
      Value<Offer>(Offer::kAvailableUntilFieldNumber, &CheckDate),
  };
}

std::vector<Rule> MaterialPropertiesRules() {
  using M = v1::MaterialProperties;
  using Property = v1::MaterialProperty;
  using Analysis = v1::CertificateOfAnalysis;
  return {
      AtMost<M>(M::kPropertiesFieldNumber, 500),
      Value<M>(M::kMainPolymerFractionFieldNumber, &CheckFraction),
      AtMost<M>(M::kFillersFieldNumber, 50),
      AtMost<M>(M::kAdditivesFieldNumber, 200),
      Required<Property>(Property::kCodeFieldNumber),
      Required<Property>(Property::kMeanFieldNumber),
      Value<Property>(Property::kMeanFieldNumber, &CheckAnyNumber),
      Value<Property>(Property::kStandardDeviationFieldNumber, &CheckNonNegative),
      Value<Property>(Property::kMinimumFieldNumber, &CheckAnyNumber),
      Value<Property>(Property::kMaximumFieldNumber, &CheckAnyNumber),
      Required<Property>(Property::kUnitFieldNumber),
      Value<Property>(Property::kUnitFieldNumber, &CheckWord),
      Required<Property>(Property::kMethodFieldNumber),
      Value<Property>(Property::kMethodFieldNumber, &CheckWord),
      Value<Property>(Property::kConditionFieldNumber, &CheckWord),
      Required<v1::Filler>(v1::Filler::kCodeFieldNumber),
      Value<v1::Filler>(v1::Filler::kCodeFieldNumber, &CheckWord),
      Required<v1::Filler>(v1::Filler::kMassFractionFieldNumber),
      Value<v1::Filler>(v1::Filler::kMassFractionFieldNumber, &CheckFraction),
      Required<v1::Additive>(v1::Additive::kNameFieldNumber),
      Value<v1::Additive>(v1::Additive::kCasNumberFieldNumber, &CheckCas),
      Value<v1::Additive>(v1::Additive::kMassFractionFieldNumber, &CheckFraction),
      Required<Analysis>(Analysis::kTypeFieldNumber),
      Value<Analysis>(Analysis::kConfidenceLevelFieldNumber, &CheckFraction),
      Value<Analysis>(Analysis::kCoefficientOfVariationFieldNumber, &CheckNonNegative),
      Whole<M, &CheckMaterialProperties>(),
      Whole<Property, &CheckMaterialProperty>(),
  };
}

std::vector<Rule> CompositionSummaryRules() {
  using M = v1::CompositionSummary;
  using Share = v1::MaterialShare;
  using Presence = v1::CriticalMaterialPresence;
  return {
      AtMost<M>(M::kSharesFieldNumber, 200),
      AtMost<M>(M::kCriticalRawMaterialsFieldNumber, 200),
      Value<M>(M::kRecyclableFractionFieldNumber, &CheckFraction),
      Value<M>(M::kRecoverableFractionFieldNumber, &CheckFraction),
      Value<M>(M::kRenewableFractionFieldNumber, &CheckFraction),
      Value<M>(M::kRecyclabilityMethodFieldNumber, &CheckWord),
      Required<Share>(Share::kFamilyFieldNumber),
      Value<Share>(Share::kPolymerSymbolFieldNumber, &CheckPolymerSymbols),
      Value<Share>(Share::kMassFractionFieldNumber, &CheckFraction),
      Value<Share>(Share::kMassKgFieldNumber, &CheckMass),
      Value<Share>(Share::kRenewableFractionFieldNumber, &CheckFraction),
      Required<Presence>(Presence::kElementFieldNumber),
      Value<Presence>(Presence::kElementFieldNumber, &CheckWord),
      Whole<M, &CheckCompositionSummary>(),
  };
}

std::vector<Rule> CriticalRawMaterialsRules() {
  using M = v1::CriticalRawMaterials;
  using Material = v1::CriticalRawMaterial;
  using Origin = v1::OriginShare;
  return {
      Required<M>(M::kMaterialsFieldNumber),
      AtMost<M>(M::kMaterialsFieldNumber, 200),
      Value<M>(M::kReferenceYearFieldNumber, &CheckYear),
      Required<Material>(Material::kElementFieldNumber),
      Value<Material>(Material::kElementFieldNumber, &CheckWord),
      Value<Material>(Material::kCasNumberFieldNumber, &CheckCas),
      Value<Material>(Material::kMassKgFieldNumber, &CheckMass),
      Value<Material>(Material::kMassFractionFieldNumber, &CheckFraction),
      Value<Material>(Material::kComponentRecordIdFieldNumber, &CheckRecordId),
      AtMost<Material>(Material::kOriginsFieldNumber, 200),
      Value<Material>(Material::kSecondaryShareFieldNumber, &CheckFraction),
      Required<Origin>(Origin::kStageFieldNumber),
      Required<Origin>(Origin::kCountryFieldNumber),
      Value<Origin>(Origin::kCountryFieldNumber, &CheckOriginCountry),
      Required<Origin>(Origin::kShareFieldNumber),
      Value<Origin>(Origin::kShareFieldNumber, &CheckFraction),
      Whole<Material, &CheckCriticalRawMaterial>(),
  };
}

namespace {

std::vector<Rule> LotAndBalanceRules() {
  using Lot = v1::InputLot;
  using Balance = v1::ProcessBalance;
  return {
      Value<Lot>(Lot::kRecordIdFieldNumber, &CheckRecordId),
      Value<Lot>(Lot::kLotNumberFieldNumber, &CheckWord),
      Value<Lot>(Lot::kSupplierIdFieldNumber, &CheckParticipantId),
      Required<Lot>(Lot::kMassKgFieldNumber),
      Value<Lot>(Lot::kMassKgFieldNumber, &CheckPositiveMass),
      Value<Lot>(Lot::kRecycledFractionFieldNumber, &CheckFraction),
      Required<Lot>(Lot::kModelFieldNumber),
      Value<Lot>(Lot::kReceivedOnFieldNumber, &CheckDate),
      Value<Lot>(Lot::kManifestNumberFieldNumber, &CheckWord),
      Required<v1::Loss>(v1::Loss::kTypeFieldNumber),
      Required<v1::Loss>(v1::Loss::kMassKgFieldNumber),
      Value<v1::Loss>(v1::Loss::kMassKgFieldNumber, &CheckMass),
      Required<Balance>(Balance::kInputMassKgFieldNumber),
      Value<Balance>(Balance::kInputMassKgFieldNumber, &CheckPositiveMass),
      Required<Balance>(Balance::kOutputMassKgFieldNumber),
      Value<Balance>(Balance::kOutputMassKgFieldNumber, &CheckMass),
      Value<Balance>(Balance::kResidueMassKgFieldNumber, &CheckMass),
      AtMost<Balance>(Balance::kLossesFieldNumber, 100),
      Value<Balance>(Balance::kScaleToleranceKgFieldNumber, &CheckMass),
      Value<Balance>(Balance::kStartedAtFieldNumber, &CheckTimestamp),
      Value<Balance>(Balance::kEndedAtFieldNumber, &CheckTimestamp),
  };
}

std::vector<Rule> LedgerRules() {
  using Ledger = v1::CustodyLedger;
  using Entry = v1::LedgerEntry;
  return {
      Required<Ledger>(Ledger::kSiteFieldNumber),
      Value<Ledger>(Ledger::kSiteFieldNumber, &CheckWord),
      Required<Ledger>(Ledger::kMaterialFieldNumber),
      Required<Ledger>(Ledger::kAttributeFieldNumber),
      Value<Ledger>(Ledger::kAttributeFieldNumber, &CheckWord),
      Required<Ledger>(Ledger::kModelFieldNumber),
      Required<Ledger>(Ledger::kPeriodFieldNumber),
      Value<Ledger>(Ledger::kOpeningBalanceKgFieldNumber, &CheckMass),
      AtMost<Ledger>(Ledger::kEntriesFieldNumber, 10'000),
      Value<Ledger>(Ledger::kClosingBalanceKgFieldNumber, &CheckAnyNumber),
      Value<Ledger>(Ledger::kReferenceFieldNumber, &CheckUri),
      Whole<Ledger, &CheckCustodyLedger>(),
      Required<Entry>(Entry::kKindFieldNumber),
      Required<Entry>(Entry::kDateFieldNumber),
      Value<Entry>(Entry::kDateFieldNumber, &CheckDate),
      Required<Entry>(Entry::kMassKgFieldNumber),
      Value<Entry>(Entry::kMassKgFieldNumber, &CheckPositiveMass),
      Value<Entry>(Entry::kConversionFactorFieldNumber, &CheckPositiveFraction),
      Value<Entry>(Entry::kRecordIdFieldNumber, &CheckRecordId),
      Value<Entry>(Entry::kCounterpartyIdFieldNumber, &CheckParticipantId),
      Value<Entry>(Entry::kCreditIdFieldNumber, &CheckWord),
  };
}

}  // namespace

std::vector<Rule> ChainOfCustodyRules() {
  using M = v1::ChainOfCustody;
  using Volume = v1::CertifiedVolume;
  std::vector<Rule> rules = {
      Required<M>(M::kSiteModelFieldNumber),
      Required<M>(M::kDeclaredModelFieldNumber),
      AtMost<M>(M::kInputLotsFieldNumber, 1'000),
      AtMost<M>(M::kLedgersFieldNumber, 100),
      AtMost<M>(M::kCertifiedVolumesFieldNumber, 1'000),
      Value<M>(M::kProducedByEventRecordIdFieldNumber, &CheckRecordId),
      Value<M>(M::kBlendedFractionFieldNumber, &CheckFraction),
      Required<Volume>(Volume::kCertificateNumberFieldNumber),
      Value<Volume>(Volume::kCertificateNumberFieldNumber, &CheckWord),
      Required<Volume>(Volume::kMassKgFieldNumber),
      Value<Volume>(Volume::kMassKgFieldNumber, &CheckMass),
      Whole<M, &CheckCustodyModel>(),
      Whole<M, &CheckProcessBalance>(),
  };
  for (const std::vector<Rule>& part : {LotAndBalanceRules(), LedgerRules()}) {
    rules.insert(rules.end(), part.begin(), part.end());
  }
  return rules;
}

}  // namespace meguri::passport
