// SPDX-License-Identifier: Apache-2.0
// What passports of Catena-X say of size, life, state and conformity.
#include <string>
#include <utility>

#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/catena_x_aspects.h"
#include "passport/formats/critical_materials.h"
#include "passport/formats/document.h"
#include "passport/formats/document_quantities.h"
#include "passport/formats/document_text.h"
#include "passport/formats/leaf_rows.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_DURABILITY;
using record::v1::SECTION_TYPE_HAZARD_SUMMARY;
using record::v1::SECTION_TYPE_IDENTITY;
using record::v1::SECTION_TYPE_ITEM_STATE;

constexpr LeafRow kRows[] = {
    {"characteristics.physicalDimension.length.value", SECTION_TYPE_IDENTITY, "dimensions.length_mm", ".unit"},
    {"characteristics.physicalDimension.width.value", SECTION_TYPE_IDENTITY, "dimensions.width_mm", ".unit"},
    {"characteristics.physicalDimension.height.value", SECTION_TYPE_IDENTITY, "dimensions.height_mm", ".unit"},
    {"performance.rated.energy.value", SECTION_TYPE_DURABILITY, "rated_capacity_kwh", "kWh"},
    {"performance.rated.roundTripEfficiency.initial", SECTION_TYPE_DURABILITY, "round_trip_efficiency", "percent"},
    {"performance.rated.capacity.thresholdExhaustion", SECTION_TYPE_DURABILITY, "capacity_threshold_fraction",
     "percent"},
    {"performance.rated.lifetime.cycleLifeTesting.cycles", SECTION_TYPE_DURABILITY, "usage_cycles"},
};

// Values of the state, each with its time beside it.
constexpr LeafRow kStateRows[] = {
    {"stateOfCharge", SECTION_TYPE_ITEM_STATE, "state_of_charge", "percent"},
    {"energy.soce", SECTION_TYPE_ITEM_STATE, "state_of_certified_energy", "percent"},
    {"energy.remaining", SECTION_TYPE_ITEM_STATE, "remaining_capacity_kwh", "kWh"},
    {"energy.throughput", SECTION_TYPE_ITEM_STATE, "energy_throughput_kwh", "kWh"},
    {"fullCycles", SECTION_TYPE_ITEM_STATE, "full_cycles"},
    {"roundTripEfficiency.remaining", SECTION_TYPE_ITEM_STATE, "round_trip_efficiency", "percent"},
    {"resistance.increase.pack", SECTION_TYPE_ITEM_STATE, "internal_resistance_increase", "percent"},
};

struct ElementRow {
  const char* name;
  const char* element;
};
constexpr ElementRow kActive[] = {{"nickel", "Ni"}, {"lithium", "Li"}, {"cobalt", "Co"}, {"lead", "Pb"}};

void ReadSpareParts(InputNode* parts, DocumentDraft& draft) {
  for (size_t i = 0; parts != nullptr && i < parts->children.size(); ++i) {
    InputNode& element = parts->children[i];
    v1::SparePart part;
    if (draft.Set(part, "part_number", element.Find("manufacturerPartId"))) {
      SetText(draft, *part.mutable_name(), element.Find("nameAtManufacturer"));
      *draft.Section<v1::Durability>(SECTION_TYPE_DURABILITY).add_spare_parts() = std::move(part);
    }
  }
}

// The state at the time of its first value; values of another time are left.
void ReadState(InputNode& dynamic, DocumentDraft& draft, v1::ItemState& state) {
  std::string time;
  const auto take_time = [&](InputNode* value) {
    InputNode* leaf = DocumentDraft::At(value, "time");
    if (leaf == nullptr || (!time.empty() && leaf->text != time)) {
      return false;
    }
    if (!time.empty()) {
      DocumentDraft::Imply(leaf);
      return true;
    }
    time = leaf->text;
    return SetTime(draft, state, "as_of", leaf);
  };
  for (const LeafRow& row : kStateRows) {
    InputNode* value = DocumentDraft::At(&dynamic, row.from);
    if (take_time(value)) {
      draft.Set(state, row.to, value->Find("value"), row.unit);
    }
  }
  InputNode* fade = DocumentDraft::At(&dynamic, "power.fade");
  if (take_time(fade)) {
    SetRemaining(draft, state, "remaining_power_fraction", fade->Find("value"), "percent");
  }
}

void OfferState(InputNode& root, DocumentDraft& draft) {
  InputNode* dynamic = DocumentDraft::At(&root, "performance.dynamic");
  if (dynamic == nullptr || draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY).granularity() != v1::GRANULARITY_ITEM) {
    return;
  }
  draft.Offer<v1::ItemState>(SECTION_TYPE_ITEM_STATE, [&](v1::ItemState& state) {
    ReadState(*dynamic, draft, state);
    draft.Set(state, "put_into_service_on", DocumentDraft::At(&root, "operation.intoServiceDate"));
  });
}

// The first link of a list of documents.
void ReadDeclaration(InputNode* documents, DocumentDraft& draft) {
  v1::Media media;
  if (documents != nullptr && !documents->children.empty() &&
      SetMedia(draft, media, documents->children[0].Find("content"))) {
    DocumentDraft::Imply(documents->children[0].Find("contentType"));
    *draft.Section<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY).mutable_declaration_of_conformity() = media;
  }
}

void ReadImages(InputNode* images, DocumentDraft& draft) {
  for (size_t i = 0; images != nullptr && i < images->children.size(); ++i) {
    v1::Media media;
    if (SetMedia(draft, media, images->children[i].Find("content"))) {
      DocumentDraft::Imply(images->children[i].Find("contentType"));
      *draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY).add_images() = std::move(media);
    }
  }
}

}  // namespace

void ReadCatenaXLife(InputNode& root, DocumentDraft& draft) {
  SetLeaves(draft, root, kRows);
  v1::Durability life;
  if (draft.Set(*life.mutable_technical_life(), "value",
                DocumentDraft::At(&root, "performance.rated.lifetime.expectedYears"))) {
    life.mutable_technical_life()->set_unit(v1::LIFETIME_UNIT_YEAR);
    *draft.Section<v1::Durability>(SECTION_TYPE_DURABILITY).mutable_technical_life() = life.technical_life();
  }
  InputNode* warranty = DocumentDraft::At(&root, "characteristics.warranty");
  if (SetMonths(draft, life, "warranty_months", DocumentDraft::At(warranty, "lifeValue"),
                DocumentDraft::At(warranty, "lifeUnit"))) {
    draft.Section<v1::Durability>(SECTION_TYPE_DURABILITY).set_warranty_months(life.warranty_months());
  }
  InputNode* parts = DocumentDraft::At(&root, "handling.content");
  ReadSpareParts(parts != nullptr && parts->is_object() ? parts->Find("sparePart") : parts, draft);
  OfferState(root, draft);
  ReadDeclaration(DocumentDraft::At(&root, "conformity.declarationOfConformity"), draft);
  ReadImages(DocumentDraft::At(&root, "identification.productImages"), draft);
  for (const ElementRow& row : kActive) {
    InputNode* material = DocumentDraft::At(DocumentDraft::At(&root, "materials.active"), row.name);
    if (material != nullptr) {
      AddCriticalElement(draft, material->Find("critical"), row.element, material->Find("location"));
    }
  }
}

}  // namespace meguri::passport
