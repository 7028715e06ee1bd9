// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/open_epcis.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/document.h"
#include "passport/formats/document_quantities.h"
#include "passport/formats/document_text.h"
#include "passport/formats/leaf_rows.h"
#include "passport/formats/open_epcis_sections.h"

namespace meguri::passport {
namespace {

using record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
using record::v1::SECTION_TYPE_IDENTITY;

constexpr LeafRow kRows[] = {
    {"gtin", SECTION_TYPE_IDENTITY, "gtin"},
    {"serialNumber", SECTION_TYPE_IDENTITY, "serial"},
    {"batchLotNumber", SECTION_TYPE_IDENTITY, "lot"},
    {"lotNumber", SECTION_TYPE_IDENTITY, "lot"},
    {"batteryModelIdentifier", SECTION_TYPE_IDENTITY, "model_number"},
    {"modelIdentifier", SECTION_TYPE_IDENTITY, "model_number"},
    {"netWeight.value", SECTION_TYPE_IDENTITY, "mass_kg", ".unitCode"},
    {"countryOfOrigin.countryCode", SECTION_TYPE_IDENTITY, "country_of_production"},
};

constexpr CodeRow kGranularities[] = {
    {"model", "GRANULARITY_MODEL"}, {"batch", "GRANULARITY_BATCH"}, {"item", "GRANULARITY_ITEM"}};
constexpr CodeRow kStatus[] = {{"Original", "PRODUCT_STATUS_ORIGINAL"},
                               {"Repurposed", "PRODUCT_STATUS_REPURPOSED"},
                               {"Reused", "PRODUCT_STATUS_REUSED"},
                               {"Remanufactured", "PRODUCT_STATUS_REMANUFACTURED"},
                               {"Waste", "PRODUCT_STATUS_WASTE"}};
constexpr CodeRow kPassportStatus[] = {{"active", "PASSPORT_STATUS_ACTIVE"}, {"inactive", "PASSPORT_STATUS_INACTIVE"}};

// The local name of a term: eubat:hasRatedEnergy → ratedEnergy; "@type" and "type" stay.
std::string LocalName(const std::string& name) {
  absl::string_view local = name;
  local.remove_prefix(local.rfind(':') == absl::string_view::npos ? 0 : local.rfind(':') + 1);
  if (local.size() > 3 && absl::ConsumePrefix(&local, "has") &&
      absl::ascii_isupper(static_cast<unsigned char>(local[0]))) {
    return absl::StrCat(std::string(1, absl::ascii_tolower(static_cast<unsigned char>(local[0]))), local.substr(1));
  }
  return std::string(local);
}

// Gives every member its local name, unless another one has it.
void UseLocalNames(InputNode& node) {
  for (InputNode& child : node.children) {
    UseLocalNames(child);
    const std::string local = LocalName(child.name);
    if (!local.empty() && node.Find(local) == nullptr) {
      child.name = local;
    }
  }
}

void Unfold(InputNode& node, std::vector<InputNode>& elements);

// Makes `member` what the value of its element says, and keeps its name.
void TakeValue(InputNode& member, InputNode& value) {
  value.name = member.name;
  member = std::move(value);
  for (InputNode& entry : member.children) {
    if (entry.kind == InputNode::Kind::kArray) {
      entry.kind = InputNode::Kind::kObject;
      std::vector<InputNode> below = std::move(entry.children);
      entry.children.clear();
      Unfold(entry, below);
    }
  }
}

// Makes of an element {elementId: x, value: y} a member x with the value; what else it says is implied.
void Unfold(InputNode& node, std::vector<InputNode>& elements) {
  InputNode said{InputNode::Kind::kObject, "$elements", "", {}};
  for (InputNode& element : elements) {
    InputNode member{InputNode::Kind::kObject, "", "", {}};
    for (InputNode& part : element.children) {
      if (part.name == "elementId") {
        member.name = part.text;
      }
    }
    for (InputNode& part : element.children) {
      if (part.name == "elements") {
        Unfold(member, part.children);
      } else if (part.name == "value") {
        TakeValue(member, part);
      } else {
        DocumentDraft::Imply(&part);
        said.children.push_back(std::move(part));
      }
    }
    node.children.push_back(std::move(member));
  }
  if (!said.children.empty()) {
    node.children.push_back(std::move(said));
  }
}

// Writes the last part of an IRI (eubat:Original, https://…/Original) by a table of codes.
void SetReference(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* node,
                  absl::Span<const CodeRow> codes) {
  InputNode* leaf = OpenEpcisLeaf(node);
  if (leaf == nullptr) {
    return;
  }
  for (const CodeRow& row : codes) {
    if (row.text == LastPartOf(leaf->text)) {
      draft.SetAs(message, field, leaf, row.name);
      return;
    }
  }
}

// What a Digital Link has behind a key: /21/ABC → ABC.
std::string KeyOf(absl::string_view link, absl::string_view key) {
  const size_t at = link.find(key);
  return at == absl::string_view::npos
             ? ""
             : std::string(link.substr(at + key.size(), link.substr(at + key.size()).find_first_of("/?#")));
}

// The link may be the only place that says lot or serial.
void CompleteFromLink(v1::Identity& identity) {
  if (identity.serial().empty()) {
    identity.set_serial(KeyOf(identity.digital_link(), "/21/"));
  }
  if (identity.lot().empty()) {
    identity.set_lot(KeyOf(identity.digital_link(), "/10/"));
  }
  if (identity.granularity() == v1::GRANULARITY_UNSPECIFIED && !identity.digital_link().empty()) {
    identity.set_granularity(!identity.serial().empty() ? v1::GRANULARITY_ITEM
                             : !identity.lot().empty()  ? v1::GRANULARITY_BATCH
                                                        : v1::GRANULARITY_MODEL);
  }
}

void ReadKeys(InputNode& root, DocumentDraft& draft, v1::Identity& identity) {
  for (const char* name : {"id", "uniqueProductIdentifier"}) {
    InputNode* link = root.Find(name);
    if (link == nullptr || !absl::StrContains(link->text, "/01/")) {
      continue;
    }
    if (identity.digital_link().empty()) {
      draft.Set(identity, "digital_link", link);
    } else if (identity.digital_link() == link->text) {
      DocumentDraft::Imply(link);  // says the same once more
    }
  }
  InputNode* passport = root.Find("digitalProductPassportId");
  if (passport != nullptr && passport->text == identity.digital_link()) {
    DocumentDraft::Imply(passport);
  }
  InputNode* again = root.Find("hasSerialNumber");
  if (again != nullptr && again->text == identity.serial()) {
    DocumentDraft::Imply(again);
  }
  DocumentDraft::ImplySame(root.Find("schema:serialNumber"), root.Find("serialNumber"));
  CompleteFromLink(identity);
}

// Participants go by their GLN. Names and addresses of participants stand in their member records.
void ReadParticipants(InputNode& root, DocumentDraft& draft, v1::Identity& identity) {
  InputNode* maker = root.Find("manufacturer");
  for (InputNode* number : {DocumentDraft::At(maker, "globalLocationNumber"), DocumentDraft::At(maker, "partyGLN"),
                            root.Find("manufacturerIdentifier")}) {
    if (identity.manufacturer_id().empty()) {
      SetParticipant(draft, identity, "manufacturer_id", number);
    } else if (number != nullptr && identity.manufacturer_id() == "0088:" + number->text) {
      DocumentDraft::Imply(number);
    }
  }
  InputNode* operator_facts = root.Find("operatorInformation");
  for (InputNode* number :
       {DocumentDraft::At(operator_facts, "globalLocationNumber"), DocumentDraft::At(operator_facts, "gln"),
        root.Find("operatorIdentifier"), root.Find("economicOperatorId")}) {
    if (identity.economic_operator_id().empty()) {
      SetParticipant(draft, identity, "economic_operator_id", number);
    } else if (number != nullptr && absl::EndsWith(number->text, identity.economic_operator_id().substr(5))) {
      DocumentDraft::Imply(number);
    }
  }
  for (const char* party : {"manufacturer", "operatorInformation", "manufacturingPlace"}) {
    InputNode* name = DocumentDraft::At(root.Find(party), "id");
    InputNode* number = DocumentDraft::At(root.Find(party), "globalLocationNumber");
    if (name != nullptr && number != nullptr && absl::StrContains(name->text, number->text)) {
      DocumentDraft::Imply(name);  // says the same once more
    }
  }
  if (InputNode* town = DocumentDraft::At(&root, "manufacturingPlace.address.addressLocality")) {
    SetText(draft, *identity.mutable_place_of_production(), town);
  }
  InputNode* country = DocumentDraft::At(&root, "manufacturingPlace.address.addressCountry.countryCode");
  DocumentDraft::ImplySame(country, DocumentDraft::At(&root, "countryOfOrigin.countryCode"));
}

void ReadIdentity(InputNode& root, DocumentDraft& draft) {
  auto& identity = draft.Section<v1::Identity>(SECTION_TYPE_IDENTITY);
  SetTexts(draft, *identity.mutable_name(), root.Find("productName"));
  if (InputNode* description = root.Find("productDescription")) {
    SetTexts(draft, *identity.mutable_description(), description);
  }
  if (InputNode* brand = DocumentDraft::At(&root, "brand.brandName")) {
    SetText(draft, *identity.mutable_brand(), brand);
  }
  InputNode* granularity = root.Find("granularityLevel");
  SetCode(draft, identity, "granularity", granularity == nullptr ? root.Find("granularity") : granularity,
          kGranularities);
  SetReference(draft, identity, "product_status", root.Find("status"), kStatus);
  InputNode* state = root.Find("passportStatus");
  SetCode(draft, identity, "passport_status", state == nullptr ? root.Find("dppStatus") : state, kPassportStatus);
  InputNode* date = root.Find("productionDate");
  SetDate(draft, identity, "produced_on", date == nullptr ? root.Find("manufacturingDate") : date);
  if (InputNode* specifications = root.Find("contentSpecificationIds")) {
    for (InputNode& specification : specifications->children) {
      draft.Set(identity, "content_specification_ids[]", &specification);
    }
  }
  SetLeaves(draft, root, kRows);
  ReadKeys(root, draft, identity);
  ReadParticipants(root, draft, identity);
  // A battery says so in its types or by its battery terms; other groups the user names.
  if (root.Find("batteryModelIdentifier") != nullptr || root.Find("batteryChemistry") != nullptr) {
    identity.set_product_group("battery");
  }
}

// What every term of JSON-LD carries beside its value: types, contexts, and names that lie within the document
// ("…#specs").
void ImplySyntax(InputNode& node, absl::string_view document) {
  for (InputNode& child : node.children) {
    const bool is_name = !document.empty() && (child.name == "id" || child.name == "@id") &&
                         absl::StartsWith(child.text, absl::StrCat(document, "#"));
    if (is_name || child.name == "type" || child.name == "@type" || child.name == "@context") {
      DocumentDraft::Imply(&child);
    } else {
      ImplySyntax(child, document);
    }
  }
}

}  // namespace

bool IsOpenEpcis(InputNode& root) {
  if (!root.is_object()) {
    return false;
  }
  return root.Find("digitalProductPassportId") != nullptr ||
         (root.Find("@context") != nullptr && (root.Find("gs1:gtin") != nullptr || root.Find("gtin") != nullptr));
}

absl::Status ReadOpenEpcis(InputNode& root, TakeRecord take) {
  const auto elements = std::find_if(root.children.begin(), root.children.end(),
                                     [](const InputNode& child) { return child.name == "elements"; });
  if (elements != root.children.end()) {
    std::vector<InputNode> below = std::move(elements->children);
    root.children.erase(elements);
    Unfold(root, below);
  }
  UseLocalNames(root);
  InputNode* name = root.Find("id");
  ImplySyntax(root, name == nullptr ? "" : name->text);
  DocumentDraft draft(root, RECORD_TYPE_PRODUCT_PASSPORT);
  ReadIdentity(root, draft);
  ReadOpenEpcisMaterials(root, draft);
  ReadOpenEpcisSections(root, draft);
  ImportedRecord record = std::move(draft).Take();
  return take(record);
}

}  // namespace meguri::passport
