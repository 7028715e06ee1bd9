// SPDX-License-Identifier: Apache-2.0
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "passport/rules/decimal.h"
#include "passport/rules/substance_share.h"
#include "passport/terms/enum_word.h"
#include "passport/terms/section_terms.h"
#include "passport/terms/substance_amount.h"

namespace meguri::passport {
namespace {

bool IsMaterial(const v1::CompositionNode& node) {
  return node.kind() == v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS || node.kind() == v1::COMPOSITION_NODE_KIND_MATERIAL;
}

void AddMaterial(const v1::CompositionNode& node, TermSink& terms) {
  terms.AddWord("material", node.name().ja());
  terms.AddWord("material", node.name().en());
  terms.AddWord("material", node.iso_1043_symbol());
  for (const v1::SubstanceIdentifier& identifier : node.identifiers()) {
    terms.AddWord("material", identifier.value());
  }
}

// Parts are found as records of their own.
void AddNodes(const google::protobuf::RepeatedPtrField<v1::CompositionNode>& nodes, TermSink& terms) {
  for (const v1::CompositionNode& node : nodes) {
    if (terms.full()) {
      return;
    }
    terms.AddWord("component", node.component_record_id());
    if (IsMaterial(node) && node.confidentiality() != v1::CONFIDENTIALITY_JOKER) {
      AddMaterial(node, terms);
    }
    AddNodes(node.children(), terms);
  }
}

void AddShare(const SubstanceShare& share, TermSink& terms) {
  terms.AddWord("substance", share.node->name().ja());
  terms.AddWord("substance", share.node->name().en());
  AddSubstance(share.node->identifiers(), share.of_material.has_value() ? FixedDecimalText(*share.of_material) : "",
               terms);
  if (!share.of_material.has_value() && share.of_article.has_value()) {
    // The material holds at least as much of it as the article around the material.
    AddSubstanceFraction(share.node->identifiers(), FixedDecimalText(*share.of_article), terms);
  }
}

}  // namespace

void AddCompositionTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& composition = static_cast<const v1::Composition&>(payload);
  AddNodes(composition.nodes(), terms);
  ForEachSubstance(composition, /*whole=*/absl::nullopt, Path(""), [&terms](const SubstanceShare& share) {
    if (!terms.full()) {
      AddShare(share, terms);
    }
  });
}

void AddBillOfMaterialsTerms(const google::protobuf::Message& payload, TermSink& terms) {
  for (const v1::BillItem& item : static_cast<const v1::BillOfMaterials&>(payload).items()) {
    if (terms.full()) {
      return;
    }
    terms.AddWord("component", item.component_record_id());
    terms.AddWord("part_number", item.part_number());
  }
}

void AddCompositionSummaryTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& summary = static_cast<const v1::CompositionSummary&>(payload);
  for (const v1::MaterialShare& share : summary.shares()) {
    terms.AddWord("material_family", EnumWord(share.family(), "MATERIAL_FAMILY_"));
    terms.AddWord("material", share.name().ja());
    terms.AddWord("material", share.name().en());
    terms.AddWord("material", share.polymer_symbol());
  }
  for (const v1::CriticalMaterialPresence& material : summary.critical_raw_materials()) {
    terms.AddWord("critical_material", material.element());
  }
}

void AddCriticalRawMaterialsTerms(const google::protobuf::Message& payload, TermSink& terms) {
  for (const v1::CriticalRawMaterial& material : static_cast<const v1::CriticalRawMaterials&>(payload).materials()) {
    terms.AddWord("critical_material", material.element());
    if (!material.cas_number().empty()) {
      AddSubstance(CasIdentifier(material.cas_number()), material.mass_fraction().value(), terms);
    }
  }
}

}  // namespace meguri::passport
