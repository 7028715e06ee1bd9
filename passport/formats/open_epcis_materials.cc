// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/critical_materials.h"
#include "passport/formats/document_quantities.h"
#include "passport/formats/document_text.h"
#include "passport/formats/leaf_rows.h"
#include "passport/formats/open_epcis_sections.h"
#include "passport/formats/unit.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_COMPOSITION_SUMMARY;
using record::v1::SECTION_TYPE_HAZARD_SUMMARY;
using record::v1::SECTION_TYPE_RECYCLED_CONTENT;
using record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION;

constexpr LeafRow kSummaryRows[] = {
    {"endOfLifeInfo.recyclabilityRate", SECTION_TYPE_COMPOSITION_SUMMARY, "recyclable_fraction", "percent"},
    {"endOfLifeInfo.renewableContent", SECTION_TYPE_COMPOSITION_SUMMARY, "renewable_fraction", "percent"},
    {"weeeCompliance.recyclabilityRate", SECTION_TYPE_COMPOSITION_SUMMARY, "recyclable_fraction", "fraction"},
    {"weeeCompliance.recoverabilityRate", SECTION_TYPE_COMPOSITION_SUMMARY, "recoverable_fraction", "fraction"},
    {"circularityPerformance.recyclableContent", SECTION_TYPE_COMPOSITION_SUMMARY, "recyclable_fraction", "fraction"},
};

// What the shares of one element are called.
struct ElementRow {
  const char* element;
  const char* total;
  const char* pre_consumer;
  const char* post_consumer;
};
constexpr ElementRow kElements[] = {
    {"Li", "lithiumRecycledShare", "lithiumPreConsumerShare", "lithiumPostConsumerShare"},
    {"Co", "cobaltRecycledShare", "cobaltPreConsumerShare", "cobaltPostConsumerShare"},
    {"Ni", "nickelRecycledShare", "nickelPreConsumerShare", "nickelPostConsumerShare"},
    {"Pb", "leadRecycledShare", "leadPreConsumerShare", "leadPostConsumerShare"},
};

template <typename Owner>
void AddIdentifier(DocumentDraft& draft, Owner& owner, InputNode* leaf, v1::SubstanceIdentifierScheme scheme) {
  v1::SubstanceIdentifier identifier;
  if (draft.Set(identifier, "value", leaf)) {
    identifier.set_scheme(scheme);
    *owner.add_identifiers() = std::move(identifier);
  }
}

void SetLocation(DocumentDraft& draft, v1::Text& text, InputNode* place) {
  if (InputNode* leaf = OpenEpcisLeaf(place)) {
    draft.SetAs(text, "en", leaf, LastPartOf(leaf->text));
  }
}

void ReadComposition(InputNode& materials, DocumentDraft& draft) {
  auto& composition = draft.Section<v1::Composition>(SECTION_TYPE_COMPOSITION);
  for (InputNode& element : materials.children) {
    v1::CompositionNode& node = *composition.add_nodes();
    node.set_kind(v1::COMPOSITION_NODE_KIND_MATERIAL);
    InputNode* name = element.Find("name");
    SetTexts(draft, *node.mutable_name(), name != nullptr ? name : element.Find("componentName"));
    AddIdentifier(draft, node, element.Find("casNumber"), v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
    AddIdentifier(draft, node, element.Find("ecNumber"), v1::SUBSTANCE_IDENTIFIER_SCHEME_EC);
    draft.Set(node, "mass_fraction", element.Find("weightPercentage"), "percent");
    if (!node.has_mass_fraction()) {
      draft.Set(node, "mass_fraction", element.Find("massFraction"), "fraction");
    }
    if (InputNode* place = element.Find("componentLocation")) {
      SetLocation(draft, *node.mutable_location(), place);
    }
    InputNode* place = OpenEpcisLeaf(element.Find("componentLocation"));
    AddCriticalMaterial(draft, {.is_critical = element.Find("isCriticalRawMaterial"),
                                .cas_number = element.Find("casNumber"),
                                .amount = element.Find("weightPercentage"),
                                .amount_field = "mass_fraction",
                                .unit = "percent",
                                .location = place,
                                .location_text = place == nullptr ? absl::string_view() : LastPartOf(place->text)});
  }
}

void ReadSummary(InputNode& root, DocumentDraft& draft) {
  SetLeaves(draft, root, kSummaryRows);
  InputNode* chemistry = root.Find("batteryChemistry");
  const auto part = [chemistry](const char* name) { return OpenEpcisLeaf(DocumentDraft::At(chemistry, name)); };
  v1::Text text;
  if (SetJoined(draft, text,
                {{"", part("name")},
                 {"; ", part("alternateName")},
                 {"; cathode: ", part("cathodeActiveMaterial")},
                 {"; anode: ", part("anodeActiveMaterial")},
                 {"; electrolyte: ", part("electrolyteType")}})) {
    *draft.Section<v1::CompositionSummary>(SECTION_TYPE_COMPOSITION_SUMMARY).mutable_chemistry() = std::move(text);
    for (const char* name : {"name", "electrolyteType"}) {
      if (part(name) != nullptr) {
        DocumentDraft::Imply(DocumentDraft::At(DocumentDraft::At(chemistry, name), "@language"));
      }
    }
  }
  v1::Text remark;
  SetTexts(draft, remark, root.Find("criticalRawMaterialsStatement"));
  if (!remark.ja().empty() || !remark.en().empty()) {
    *draft.Section<v1::CompositionSummary>(SECTION_TYPE_COMPOSITION_SUMMARY).mutable_remark() = std::move(remark);
  }
}

// The one material that is that element; null if there is none, or more than one.
InputNode* MaterialOf(InputNode& materials, absl::string_view element) {
  InputNode* found = nullptr;
  for (InputNode& material : materials.children) {
    InputNode* cas_number = material.Find("casNumber");
    if (cas_number != nullptr && ElementOfCas(cas_number->text) == element) {
      if (found != nullptr) {
        return nullptr;
      }
      found = &material;
    }
  }
  return found;
}

// The product's mass in kilograms; "" if the file does not say it with a unit.
std::string NetMassOf(InputNode& root) {
  InputNode* value = DocumentDraft::At(&root, "netWeight.value");
  InputNode* unit = DocumentDraft::At(&root, "netWeight.unitCode");
  if (value == nullptr || unit == nullptr) {
    return "";
  }
  const auto& field = *v1::RecycledContentClaim::descriptor()->FindFieldByName("total_mass_kg");
  const absl::StatusOr<Factor> factor = FactorOf(unit->text, field);
  return factor.ok() ? ScaledDecimal(value->text, *factor).value_or("") : "";
}

// A claim about `mass`, of which shares in per cent (a fraction says itself 1 instead of 100) are recycled.
void ReadShares(DocumentDraft& draft, v1::RecycledContentClaim& claim, const std::string& mass, InputNode& shares,
                const ElementRow& row) {
  claim.mutable_total_mass_kg()->set_value(mass);
  for (const auto& [name, field] :
       {std::pair(row.pre_consumer, "pre_consumer_mass_kg"), std::pair(row.post_consumer, "post_consumer_mass_kg")}) {
    InputNode* share = shares.Find(name);
    const absl::StatusOr<std::string> part = share == nullptr ? "" : PercentOf(mass, share->text);
    if (share != nullptr && part.ok()) {
      draft.SetAs(claim, field, share, *part);
    }
  }
  draft.Set(claim, "recycled_fraction", shares.Find(row.total), "percent");
}

// Shares of elements whose mass follows from the composition. What else a claim needs (method, chain of custody, plant
// and year) no passport of OpenEPCIS says; a battery is refused without it, so the claims begin.
void ReadRecycledShares(InputNode& root, DocumentDraft& draft) {
  InputNode* shares = root.Find("recycledContent");
  InputNode* materials = root.Find("materialComposition");
  const std::string mass = NetMassOf(root);
  if (shares == nullptr || materials == nullptr || mass.empty()) {
    return;
  }
  for (const ElementRow& row : kElements) {
    InputNode* material = MaterialOf(*materials, row.element);
    InputNode* percent = material == nullptr ? nullptr : material->Find("weightPercentage");
    if (percent == nullptr ||
        (shares->Find(row.pre_consumer) == nullptr && shares->Find(row.post_consumer) == nullptr)) {
      continue;
    }
    const absl::StatusOr<std::string> total = PercentOf(mass, percent->text);
    if (!total.ok()) {
      continue;
    }
    auto& content = draft.Section<v1::RecycledContent>(SECTION_TYPE_RECYCLED_CONTENT);
    v1::RecycledContentClaim& claim = *content.add_claims();
    claim.set_scope(v1::CLAIM_SCOPE_ELEMENT);
    claim.set_subject(row.element);
    ReadShares(draft, claim, *total, *shares, row);
  }
}

// The share of the whole product, in fractions.
void OfferRecycledProduct(InputNode& root, DocumentDraft& draft) {
  InputNode* shares = root.Find("recycledContentDetails");
  const std::string mass = NetMassOf(root);
  if (shares == nullptr || mass.empty()) {
    return;
  }
  draft.Offer<v1::RecycledContent>(SECTION_TYPE_RECYCLED_CONTENT, [&](v1::RecycledContent& content) {
    v1::RecycledContentClaim& claim = *content.add_claims();
    claim.set_scope(v1::CLAIM_SCOPE_PRODUCT);
    claim.mutable_total_mass_kg()->set_value(mass);
    for (const auto& [name, field] : {std::pair("preConsumerRecycledContent", "pre_consumer_mass_kg"),
                                      std::pair("postConsumerRecycledContent", "post_consumer_mass_kg")}) {
      InputNode* share = shares->Find(name);
      const absl::StatusOr<Factor> factor = share == nullptr ? Factor() : FactorOfNumber(share->text);
      const absl::StatusOr<std::string> part = factor.ok() ? ScaledDecimal(mass, *factor) : factor.status();
      if (share != nullptr && part.ok()) {
        draft.SetAs(claim, field, share, *part);
      }
    }
    draft.Set(claim, "recycled_fraction", shares->Find("recycledContent"), "fraction");
  });
}

// Classes are public; which substance it is goes into the declaration, which needs its law, list and threshold. The
// concentration says no unit.
void ReadSubstances(InputNode& substances, DocumentDraft& draft) {
  for (InputNode& element : substances.children) {
    v1::HazardClass hazard;
    InputNode* name = OpenEpcisLeaf(element.Find("hazardClass"));
    if (name != nullptr && draft.SetAs(hazard, "hazard_class", name, LastPartOf(name->text))) {
      if (InputNode* place = element.Find("substanceLocation")) {
        SetLocation(draft, *hazard.mutable_location(), place);
      }
      *draft.Section<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY).add_hazard_classes() = std::move(hazard);
    }
  }
  draft.Offer<v1::SubstanceDeclaration>(SECTION_TYPE_SUBSTANCE_DECLARATION, [&](v1::SubstanceDeclaration& section) {
    for (InputNode& element : substances.children) {
      v1::DeclaredSubstance& substance = *section.add_substances();
      SetTexts(draft, *substance.mutable_name(), element.Find("name"));
      AddIdentifier(draft, substance, element.Find("substanceCasNumber"), v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
      AddIdentifier(draft, substance, element.Find("substanceEcNumber"), v1::SUBSTANCE_IDENTIFIER_SCHEME_EC);
      if (InputNode* place = element.Find("substanceLocation")) {
        SetLocation(draft, *substance.mutable_location(), place);
      }
    }
  });
}

}  // namespace

void ReadOpenEpcisMaterials(InputNode& root, DocumentDraft& draft) {
  if (InputNode* materials = root.Find("materialComposition");
      materials != nullptr && materials->kind == InputNode::Kind::kArray) {
    ReadComposition(*materials, draft);
    ReadRecycledShares(root, draft);
  }
  ReadSummary(root, draft);
  if (!draft.HasSection(SECTION_TYPE_RECYCLED_CONTENT)) {
    OfferRecycledProduct(root, draft);
  }
  if (InputNode* substances = root.Find("hazardousSubstances");
      substances != nullptr && substances->kind == InputNode::Kind::kArray) {
    ReadSubstances(*substances, draft);
  }
}

}  // namespace meguri::passport
