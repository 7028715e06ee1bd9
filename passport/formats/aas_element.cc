// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/aas_element.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

JsonNode Reference(absl::string_view type, absl::string_view key_type, absl::string_view value) {
  JsonNode key = JsonNode::Object();
  key.Set("type", key_type).Set("value", value);
  JsonNode keys = JsonNode::Array();
  keys.Add(std::move(key));
  JsonNode reference = JsonNode::Object();
  reference.Set("type", type).Set("keys", std::move(keys));
  return reference;
}

JsonNode SemanticId(absl::string_view value) { return Reference("ExternalReference", "GlobalReference", value); }

JsonNode Element(absl::string_view model_type, AasName name) {
  JsonNode element = JsonNode::Object();
  element.Set("modelType", model_type);
  if (!name.id_short.empty()) {
    element.Set("idShort", name.id_short);
  }
  element.Set("semanticId", SemanticId(name.semantic_id));
  return element;
}

JsonNode ArrayOf(AasElements elements) {
  JsonNode array = JsonNode::Array();
  for (JsonNode& element : elements) {
    array.Add(std::move(element));
  }
  return array;
}

}  // namespace

void AddProperty(AasElements& elements, AasName name, absl::string_view value_type,
                 const absl::optional<std::string>& value) {
  if (value.has_value()) {
    JsonNode property = Element("Property", name);
    property.Set("valueType", value_type).Set("value", *value);
    elements.push_back(std::move(property));
  }
}

void AddTexts(AasElements& elements, AasName name, const absl::optional<std::string>& ja,
              const absl::optional<std::string>& en) {
  JsonNode texts = JsonNode::Array();
  for (const auto& [language, text] : {std::make_pair("ja", &ja), std::make_pair("en", &en)}) {
    if (text->has_value()) {
      JsonNode one = JsonNode::Object();
      one.Set("language", language).Set("text", **text);
      texts.Add(std::move(one));
    }
  }
  if (texts.size() > 0) {
    JsonNode property = Element("MultiLanguageProperty", name);
    property.Set("value", std::move(texts));
    elements.push_back(std::move(property));
  }
}

void AddFile(AasElements& elements, AasName name, absl::string_view media_type, absl::string_view uri) {
  JsonNode file = Element("File", name);
  file.Set("contentType", media_type).Set("value", uri);
  elements.push_back(std::move(file));
}

void AddCollection(AasElements& elements, AasName name, AasElements children) {
  if (!children.empty()) {
    JsonNode collection = Element("SubmodelElementCollection", name);
    collection.Set("value", ArrayOf(std::move(children)));
    elements.push_back(std::move(collection));
  }
}

void AddTextList(AasElements& elements, AasName name, absl::string_view element_semantic_id,
                 const std::vector<std::string>& values) {
  if (values.empty()) {
    return;
  }
  AasElements children;
  for (const std::string& value : values) {
    AddProperty(children, {"", element_semantic_id}, "xs:string", value);
  }
  JsonNode list = Element("SubmodelElementList", name);
  list.Set("orderRelevant", JsonNode::Bool(false)).Set("semanticIdListElement", SemanticId(element_semantic_id));
  list.Set("typeValueListElement", "Property").Set("valueTypeListElement", "xs:string");
  list.Set("value", ArrayOf(std::move(children)));
  elements.push_back(std::move(list));
}

void AddList(AasElements& elements, AasName name, absl::string_view type, absl::string_view element_semantic_id,
             AasElements children) {
  if (!children.empty()) {
    JsonNode list = Element("SubmodelElementList", name);
    list.Set("orderRelevant", JsonNode::Bool(false)).Set("semanticIdListElement", SemanticId(element_semantic_id));
    list.Set("typeValueListElement", type).Set("value", ArrayOf(std::move(children)));
    elements.push_back(std::move(list));
  }
}

AasEnvironment::AasEnvironment(std::string uri, absl::string_view asset_kind, absl::string_view asset_uri)
    : uri_(std::move(uri)), asset_kind_(asset_kind), asset_uri_(asset_uri) {}

void AasEnvironment::AddAssetId(absl::string_view name, const absl::optional<std::string>& value) {
  if (value.has_value()) {
    JsonNode id = JsonNode::Object();
    id.Set("name", name).Set("value", *value);
    asset_ids_.Add(std::move(id));
  }
}

void AasEnvironment::AddSubmodel(AasName name, AasElements elements) {
  if (elements.empty()) {
    return;
  }
  const std::string id = absl::StrCat(uri_, "#", name.id_short);
  references_.Add(Reference("ModelReference", "Submodel", id));
  JsonNode submodel = Element("Submodel", name);
  submodel.Set("id", id).Set("kind", "Instance").Set("submodelElements", ArrayOf(std::move(elements)));
  submodels_.Add(std::move(submodel));
}

std::string AasEnvironment::Print() && {
  JsonNode asset = JsonNode::Object();
  asset.Set("assetKind", asset_kind_).Set("globalAssetId", asset_uri_);
  if (asset_ids_.size() > 0) {
    asset.Set("specificAssetIds", std::move(asset_ids_));
  }
  JsonNode shell = JsonNode::Object();
  shell.Set("modelType", "AssetAdministrationShell").Set("idShort", "Passport").Set("id", uri_);
  shell.Set("assetInformation", std::move(asset)).Set("submodels", std::move(references_));
  JsonNode shells = JsonNode::Array();
  shells.Add(std::move(shell));
  JsonNode environment = JsonNode::Object();
  environment.Set("assetAdministrationShells", std::move(shells)).Set("submodels", std::move(submodels_));
  return environment.Print();
}

}  // namespace meguri::passport
