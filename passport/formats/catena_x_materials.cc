// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/catena_x.h"
#include "passport/formats/catena_x_aspects.h"
#include "passport/formats/document.h"
#include "passport/formats/document_text.h"
#include "passport/formats/unit.h"

namespace meguri::passport {
namespace {

using record::v1::RECORD_TYPE_MATERIAL_PASSPORT;
using record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
using record::v1::SECTION_TYPE_BILL_OF_MATERIALS;
using record::v1::SECTION_TYPE_IDENTITY;
using record::v1::SECTION_TYPE_RECYCLED_CONTENT;

constexpr char kContainer[] = "https://catenax.io/schema/TestDataContainer/1.0.0";

constexpr CodeRow kQuantityUnits[] = {{"unit:piece", "QUANTITY_UNIT_PIECE"},
                                      {"unit:kilogram", "QUANTITY_UNIT_KILOGRAM"},
                                      {"unit:litre", "QUANTITY_UNIT_LITRE"},
                                      {"unit:metre", "QUANTITY_UNIT_METRE"},
                                      {"unit:squareMetre", "QUANTITY_UNIT_SQUARE_METRE"},
                                      {"unit:cubicMetre", "QUANTITY_UNIT_CUBIC_METRE"}};

struct OriginRow {
  const char* name;
  const char* field;
  bool is_vehicle;
};
constexpr OriginRow kOrigins[] = {{"preConsumer", "pre_consumer_mass_kg", false},
                                  {"postConsumer", "post_consumer_mass_kg", false},
                                  {"postConsumerAutomotive", "post_consumer_mass_kg", true}};
struct MethodRow {
  const char* name;
  v1::RecyclingMethod method;
};
constexpr MethodRow kMethods[] = {{"mechanicalRecycling", v1::RECYCLING_METHOD_MECHANICAL},
                                  {"chemicalRecycling", v1::RECYCLING_METHOD_CHEMICAL}};

// One claim for each origin and method, as each has its own chain of custody. The subject and its mass are the same.
class ClaimReader {
 public:
  ClaimReader(DocumentDraft& draft, InputNode& material) : draft_(draft), material_(material) {}

  void Read() {
    InputNode* secondary = DocumentDraft::At(&material_, "inorganic.secondaryInorganic");
    for (const OriginRow& origin : kOrigins) {
      for (const MethodRow& method : kMethods) {
        InputNode* share = DocumentDraft::At(DocumentDraft::At(secondary, origin.name), method.name);
        if (share != nullptr) {
          ReadClaim(*share, origin, method);
        }
      }
    }
  }

 private:
  void ReadClaim(InputNode& share, const OriginRow& origin, const MethodRow& method) {
    InputNode* mass = DocumentDraft::At(&material_, "unitOfMeasure.materialNetMass");
    InputNode* unit = DocumentDraft::At(&material_, "unitOfMeasure.unitOfMeasureKey");
    InputNode* percent = share.Find("percentageOfMaterialWeight");
    if (mass == nullptr || unit == nullptr || percent == nullptr) {
      return;
    }
    v1::RecycledContentClaim& claim = *draft_.Section<v1::RecycledContent>(SECTION_TYPE_RECYCLED_CONTENT).add_claims();
    claim.set_scope(v1::CLAIM_SCOPE_MATERIAL);
    claim.set_method(method.method);
    draft_.Set(claim, "subject",
               DocumentDraft::At(&material_, "materialNameStandardized.materialNameStandardizedValue"));
    draft_.Set(claim, "total_mass_kg", mass, unit->text);
    DocumentDraft::Imply(unit);
    const absl::StatusOr<std::string> part = ProductOf(mass->text, percent->text);
    if (!part.ok()) {
      draft_.Refuse(*percent, ReasonOf(part.status()), part.status().message(), "割合を読み取れません。");
      return;
    }
    draft_.SetAs(claim, origin.field, percent, *part, unit->text);
    if (origin.is_vehicle) {
      v1::PostConsumerSource& source = *claim.add_post_consumer_sources();
      source.set_sector(v1::END_OF_LIFE_SECTOR_VEHICLES);
      draft_.SetAs(source, "mass_kg", percent, *part, unit->text);
    }
    InputNode* balanced = share.Find("isMassBalanced");
    if (balanced != nullptr && balanced->text == "true") {
      draft_.SetAs(claim, "chain_of_custody_model", balanced, "CHAIN_OF_CUSTODY_MODEL_MASS_BALANCE");
    }
    SetCertificate(claim);
  }

  // `percent` hundredths of `mass`, exact.
  static absl::StatusOr<std::string> ProductOf(absl::string_view mass, absl::string_view percent) {
    MEGURI_ASSIGN_OR_RETURN(const Factor factor, FactorOfNumber(percent));
    return ScaledDecimal(mass, {factor.multiplier, factor.exponent - 2});
  }

  void SetCertificate(v1::RecycledContentClaim& claim) {
    InputNode* certificates = material_.Find("certificate");
    if (certificates != nullptr && certificates->children.size() == 1) {
      draft_.Set(*claim.mutable_certificate(), "scheme", certificates->children[0].Find("certificateName"));
    }
  }

  DocumentDraft& draft_;
  InputNode& material_;
};

absl::Status Finish(DocumentDraft draft, const std::string& name, TakeRecord take) {
  ImportedRecord record = std::move(draft).Take();
  record.name = name;
  return take(record);
}

// The first element of an aspect of a twin, whose key ends in #Name; null if the twin has none.
InputNode* AspectOf(InputNode& twin, absl::string_view name) {
  for (InputNode& child : twin.children) {
    if (absl::EndsWith(child.name, absl::StrCat("#", name)) && !child.children.empty()) {
      return child.children.data();
    }
  }
  return nullptr;
}

// Fills one record of one twin. `parts` are the part aspects of all twins, by ID.
void ReadTwin(DocumentDraft& draft, InputNode& twin, const std::map<std::string, InputNode>& parts) {
  auto& identity = draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY);
  identity.set_granularity(v1::GRANULARITY_MODEL);
  AddTwinId(draft, twin.Find("catenaXId"));
  if (InputNode* part = AspectOf(twin, "PartAsPlanned")) {
    SetText(draft, *identity.mutable_name(), DocumentDraft::At(part, "partTypeInformation.nameAtManufacturer"));
    draft.Set(identity, "model_number", DocumentDraft::At(part, "partTypeInformation.manufacturerPartId"));
    AddTwinId(draft, part->Find("catenaXId"));
  }
  if (InputNode* bill = AspectOf(twin, "SingleLevelBomAsPlanned");
      bill != nullptr && bill->Find("childItems") != nullptr) {
    AddTwinId(draft, bill->Find("catenaXId"));
    for (InputNode& child : bill->Find("childItems")->children) {
      InputNode* id = child.Find("catenaXId");
      const auto named = id == nullptr ? parts.end() : parts.find(id->text);
      InputNode name = named == parts.end() ? InputNode() : named->second;
      FillBillItem(draft, child, id, named == parts.end() ? nullptr : &name);
    }
  }
  if (InputNode* material = AspectOf(twin, "SecondaryMaterialContentCalculated")) {
    FillSecondaryMaterial(draft, *material);
  }
}

}  // namespace

void AddTwinId(DocumentDraft& draft, InputNode* id) {
  if (id == nullptr || id->text.empty()) {
    return;
  }
  auto& identity = draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY);
  for (const v1::Identifier& known : identity.identifiers()) {
    if (known.value() == id->text) {
      DocumentDraft::Imply(id);
      return;
    }
  }
  v1::Identifier& identifier = *identity.add_identifiers();
  identifier.set_scheme(v1::IDENTIFIER_SCHEME_CATENA_X_ID);
  draft.Set(identifier, "value", id);
}

void FillSecondaryMaterial(DocumentDraft& draft, InputNode& aspect) {
  InputNode* materials = aspect.Find("secondaryMaterialContent");
  if (materials == nullptr) {
    return;
  }
  for (InputNode& material : materials->children) {
    ClaimReader(draft, material).Read();
  }
}

void FillBillItem(DocumentDraft& draft, InputNode& child, InputNode* id, InputNode* name) {
  v1::BillItem& item = *draft.Section<v1::BillOfMaterials>(SECTION_TYPE_BILL_OF_MATERIALS).add_items();
  draft.Set(item, "part_number", id);
  if (name != nullptr) {
    SetText(draft, *item.mutable_name(), name);
  }
  draft.Set(item, "quantity", DocumentDraft::At(&child, "quantity.value"));
  SetCode(draft, item, "unit", DocumentDraft::At(&child, "quantity.unit"), kQuantityUnits);
  InputNode* supplier = child.Find("businessPartner");
  if (supplier != nullptr) {
    SetText(draft, *item.add_sources()->mutable_supplier_name(), supplier);
  }
}

bool IsCatenaXSecondaryMaterial(InputNode& root) { return root.Find("secondaryMaterialContent") != nullptr; }

absl::Status ReadCatenaXSecondaryMaterial(InputNode& root, TakeRecord take) {
  DocumentDraft draft(root, RECORD_TYPE_PRODUCT_PASSPORT);
  FillSecondaryMaterial(draft, root);
  return Finish(std::move(draft), "", take);
}

bool IsCatenaXBill(InputNode& root) { return root.Find("childItems") != nullptr; }

absl::Status ReadCatenaXBill(InputNode& root, TakeRecord take) {
  DocumentDraft draft(root, RECORD_TYPE_PRODUCT_PASSPORT);
  AddTwinId(draft, root.Find("globalAssetId"));
  for (InputNode& child : root.Find("childItems")->children) {
    FillBillItem(draft, child, child.Find("globalAssetId"), nullptr);
  }
  return Finish(std::move(draft), "", take);
}

bool IsCatenaXRecyclingBatch(InputNode& root) { return root.Find("recyclingBatchId") != nullptr; }

absl::Status ReadCatenaXRecyclingBatch(InputNode& root, TakeRecord take) {
  DocumentDraft draft(root, RECORD_TYPE_MATERIAL_PASSPORT);
  auto& identity = draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY);
  identity.set_granularity(v1::GRANULARITY_BATCH);
  draft.Set(identity, "lot", root.Find("recyclingBatchId"));
  AddTwinId(draft, root.Find("globalAssetId"));
  return Finish(std::move(draft), "", take);
}

bool IsCatenaXTwins(InputNode& root) { return root.Find(kContainer) != nullptr; }

absl::Status ReadCatenaXTwins(InputNode& root, TakeRecord take) {
  InputNode* container = root.Find(kContainer);
  InputNode twins = std::move(*container);
  root.children.erase(root.children.begin() + (container - root.children.data()));
  std::map<std::string, InputNode> names;
  for (InputNode& twin : twins.children) {
    InputNode* part = AspectOf(twin, "PartAsPlanned");
    InputNode* id = twin.Find("catenaXId");
    InputNode* name = DocumentDraft::At(part, "partTypeInformation.nameAtManufacturer");
    if (id != nullptr && name != nullptr) {
      names[id->text] = *name;
    }
  }
  // The first record accounts for what the container says beside its twins.
  InputNode document = std::move(root);
  for (size_t i = 0; i < twins.children.size(); ++i) {
    twins.children[i].name = "twin";
    document.children.push_back(std::move(twins.children[i]));
    DocumentDraft draft(document, RECORD_TYPE_PRODUCT_PASSPORT);
    ReadTwin(draft, document.children.back(), names);
    MEGURI_RETURN_IF_ERROR(Finish(std::move(draft), absl::StrCat("twin ", i + 1), take));
    document = {InputNode::Kind::kObject, "", "", {}};
  }
  return absl::OkStatus();
}

}  // namespace meguri::passport
