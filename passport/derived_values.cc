// SPDX-License-Identifier: Apache-2.0
#include "passport/derived_values.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/chain_of_custody.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "passport/payload.h"
#include "passport/rules/circularity.h"
#include "passport/rules/custody_ledger.h"
#include "passport/rules/decimal.h"
#include "passport/rules/footprint.h"
#include "passport/rules/recycled_claim.h"
#include "passport/rules/substance_threshold.h"
#include "passport/rules/weighed_group.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

void Set(std::string value, absl::string_view method, v1::Derived& derived) {
  derived.mutable_value()->set_value(std::move(value));
  derived.set_method(method.data(), method.size());
}

void Fill(v1::RecycledContent& content) {
  for (v1::RecycledContentClaim& claim : *content.mutable_claims()) {
    const absl::optional<absl::int128> fraction = RecycledFractionOf(claim);
    if (fraction.has_value() && !claim.has_recomputed_recycled_fraction()) {
      Set(FixedDecimalText(*fraction), kRecycledFractionMethod, *claim.mutable_recomputed_recycled_fraction());
    }
  }
}

void Fill(v1::CarbonFootprint& footprint) {
  if (!footprint.stages().empty() && !footprint.has_recomputed_stage_sum_kg_co2e()) {
    Set(FixedDecimalText(StageSum(footprint)), kStageSumMethod, *footprint.mutable_recomputed_stage_sum_kg_co2e());
  }
}

void Fill(v1::ChainOfCustody& custody) {
  for (v1::CustodyLedger& ledger : *custody.mutable_ledgers()) {
    if (!ledger.has_recomputed_closing_balance_kg()) {
      Set(FixedDecimalText(BalanceOf(ledger).closing), kLedgerBalanceMethod,
          *ledger.mutable_recomputed_closing_balance_kg());
    }
  }
}

void Fill(v1::Durability& durability) {
  if (durability.has_circularity() && !durability.circularity().has_recomputed_indicator()) {
    if (absl::optional<std::string> indicator = CircularityIndicator(durability.circularity())) {
      Set(*std::move(indicator), kCircularityMethod, *durability.mutable_circularity()->mutable_recomputed_indicator());
    }
  }
}

void Fill(v1::SubstanceDeclaration& declaration) {
  for (v1::DeclaredSubstance& substance : *declaration.mutable_substances()) {
    if (substance.recomputed_above_threshold() == v1::ANSWER_UNSPECIFIED) {
      substance.set_recomputed_above_threshold(IsAboveThreshold(substance));
    }
  }
}

template <typename Payload>
bool FillAs(google::protobuf::Message& message) {
  Fill(static_cast<Payload&>(message));
  return true;
}

// Fills in what follows from a payload, and says whether anything does. Null: nothing ever follows in such a section.
using FillPayload = bool (*)(google::protobuf::Message& message);
FillPayload FillerOf(uint32_t section_type) {
  switch (section_type) {
    case record::v1::SECTION_TYPE_RECYCLED_CONTENT:
      return &FillAs<v1::RecycledContent>;
    case record::v1::SECTION_TYPE_CHAIN_OF_CUSTODY:
      return &FillAs<v1::ChainOfCustody>;
    case record::v1::SECTION_TYPE_CARBON_FOOTPRINT:
      return &FillAs<v1::CarbonFootprint>;
    case record::v1::SECTION_TYPE_DURABILITY:
      return &FillAs<v1::Durability>;
    case record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION:
      return &FillAs<v1::SubstanceDeclaration>;
    default:
      return nullptr;
  }
}

template <typename Payload>
absl::optional<Payload> PayloadOf(const record::SectionDraft& section) {
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message =
      DecodePayload(*FindSectionKind(section.type), section.payload);
  return message.ok() ? absl::make_optional(static_cast<const Payload&>(**message)) : absl::nullopt;
}

}  // namespace

void FillWholeMass(std::vector<record::SectionDraft>& sections) {
  const auto find = [&sections](uint32_t type) {
    return std::find_if(sections.begin(), sections.end(),
                        [type](const record::SectionDraft& section) { return section.type == type; });
  };
  const auto identity_section = find(record::v1::SECTION_TYPE_IDENTITY);
  const auto composition_section = find(record::v1::SECTION_TYPE_COMPOSITION);
  if (identity_section == sections.end() || composition_section == sections.end()) {
    return;
  }
  const auto identity = PayloadOf<v1::Identity>(*identity_section);
  auto composition = PayloadOf<v1::Composition>(*composition_section);
  if (identity.has_value() && composition.has_value() && !composition->has_mass_kg() &&
      MassOf(identity->has_mass_kg(), identity->mass_kg()).value_or(0) > 0) {
    *composition->mutable_mass_kg() = identity->mass_kg();
    composition_section->payload = composition->SerializeAsString();
  }
}

std::string WithDerivedValues(uint32_t section_type, absl::string_view payload) {
  std::string as_it_is(payload.data(), payload.size());
  const FillPayload fill = FillerOf(section_type);
  if (fill == nullptr) {
    return as_it_is;
  }
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message =
      DecodePayload(*FindSectionKind(section_type), payload);
  if (!message.ok() || !fill(**message)) {
    return as_it_is;
  }
  return (*message)->SerializeAsString();
}

}  // namespace meguri::passport
