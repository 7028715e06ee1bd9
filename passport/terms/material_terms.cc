// SPDX-License-Identifier: Apache-2.0
#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "passport/rules/decimal.h"
#include "passport/rules/recycled_claim.h"
#include "passport/terms/enum_word.h"
#include "passport/terms/section_terms.h"
#include "passport/terms/substance_amount.h"

namespace meguri::passport {

void AddMaterialIdentityTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& material = static_cast<const v1::MaterialIdentity&>(payload);
  terms.AddWord("material_family", EnumWord(material.family(), "MATERIAL_FAMILY_"));
  terms.AddWord("material", material.polymer_symbol());
  terms.AddWord("material", material.material_standard());
  terms.AddWord("form", EnumWord(material.form(), "MATERIAL_FORM_"));
  terms.AddWord("waste_status", EnumWord(material.waste_status(), "WASTE_STATUS_"));
  terms.AddWord("origin", EnumWord(material.origin(), "MATERIAL_ORIGIN_"));
  if (material.data_quality_level() > 0) {
    terms.AddNumber("data_quality_level", std::to_string(material.data_quality_level()));
  }
  terms.AddNumber("melt_flow_rate", material.nominal_melt_flow_rate().value());
  if (material.has_offer()) {
    terms.AddNumber("available_mass_kg", material.offer().available_mass_kg().value());
    for (const std::string& region : material.offer().regions()) {
      terms.AddWord("region", region);
    }
  }
}

void AddMaterialPropertiesTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& properties = static_cast<const v1::MaterialProperties&>(payload);
  for (const v1::MaterialProperty& property : properties.properties()) {
    if (property.code() == v1::PROPERTY_CODE_MELT_FLOW_RATE) {
      terms.AddNumber("melt_flow_rate", property.mean().value());
    }
  }
  for (const v1::Additive& additive : properties.additives()) {
    if (!additive.cas_number().empty()) {
      AddSubstance(CasIdentifier(additive.cas_number()), additive.mass_fraction().value(), terms);
    }
  }
}

void AddRecycledContentTerms(const google::protobuf::Message& payload, TermSink& terms) {
  // From the masses: what was declared is not relied on.
  for (const RecycledShare& share : RecycledSharesOf(static_cast<const v1::RecycledContent&>(payload))) {
    const v1::ClaimScope scope = share.first->scope();
    if (scope == v1::CLAIM_SCOPE_PRODUCT || scope == v1::CLAIM_SCOPE_MATERIAL) {
      terms.AddNumber("recycled_fraction", FixedDecimalText(share.fraction));
    }
  }
}

}  // namespace meguri::passport
