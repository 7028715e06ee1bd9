// SPDX-License-Identifier: Apache-2.0
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "passport/terms/enum_word.h"
#include "passport/terms/section_terms.h"
#include "passport/terms/substance_amount.h"

namespace meguri::passport {
namespace {

bool IsMaterial(const v1::CompositionNode& node) {
  return node.kind() == v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS || node.kind() == v1::COMPOSITION_NODE_KIND_MATERIAL;
}

bool IsSubstance(const v1::CompositionNode& node) {
  return node.kind() == v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP || node.kind() == v1::COMPOSITION_NODE_KIND_SUBSTANCE;
}

void AddMaterial(const v1::CompositionNode& node, TermSink& terms) {
  terms.AddWord("material", node.name().ja());
  terms.AddWord("material", node.name().en());
  terms.AddWord("material", node.iso_1043_symbol());
  for (const v1::SubstanceIdentifier& identifier : node.identifiers()) {
    terms.AddWord("material", identifier.value());
  }
}

// `parent_mass_kg` is the mass of what the nodes are in, if it is known. Parts are found as records of their own.
void AddNodes(const google::protobuf::RepeatedPtrField<v1::CompositionNode>& nodes, const std::string& parent_mass_kg,
              TermSink& terms) {
  for (const v1::CompositionNode& node : nodes) {
    if (terms.full()) {
      return;
    }
    terms.AddWord("component", node.component_record_id());
    const bool is_open = node.confidentiality() != v1::CONFIDENTIALITY_JOKER;
    if (is_open && IsMaterial(node)) {
      AddMaterial(node, terms);
    } else if (is_open && IsSubstance(node)) {
      terms.AddWord("substance", node.name().ja());
      terms.AddWord("substance", node.name().en());
      AddSubstance(node.identifiers(), FractionOf(node.mass_fraction().value(), node.mass_kg().value(), parent_mass_kg),
                   terms);
    }
    AddNodes(node.children(), node.mass_kg().value(), terms);
  }
}

}  // namespace

void AddCompositionTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& composition = static_cast<const v1::Composition&>(payload);
  AddNodes(composition.nodes(), composition.mass_kg().value(), terms);
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
    terms.AddWord("substance", material.cas_number());
  }
}

}  // namespace meguri::passport
