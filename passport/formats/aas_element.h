// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "passport/formats/json_node.h"

// Elements of an Asset Administration Shell: metamodel V3.0 of IDTA 01001, in JSON. What has no value is no element:
// the metamodel knows no empty list.
namespace meguri::passport {

using AasElements = std::vector<JsonNode>;

// A name of the template and what it means there: an IRI, URN or IRDI.
struct AasName {
  absl::string_view id_short;  // "" in a list
  absl::string_view semantic_id;
};

void AddProperty(AasElements& elements, AasName name, absl::string_view value_type,
                 const absl::optional<std::string>& value);
// A text in Japanese, English or both.
void AddTexts(AasElements& elements, AasName name, const absl::optional<std::string>& ja,
              const absl::optional<std::string>& en);
// A file that lies elsewhere.
void AddFile(AasElements& elements, AasName name, absl::string_view media_type, absl::string_view uri);
void AddCollection(AasElements& elements, AasName name, AasElements children);
// A list of properties of type xs:string.
void AddTextList(AasElements& elements, AasName name, absl::string_view element_semantic_id,
                 const std::vector<std::string>& values);
// A list whose elements are all of `type`: SubmodelElementCollection, File. They have no idShort.
void AddList(AasElements& elements, AasName name, absl::string_view type, absl::string_view element_semantic_id,
             AasElements children);

// The environment of one shell and its submodels.
class AasEnvironment {
 public:
  // `uri` is the identifier of the shell; those of the submodels begin with it.
  AasEnvironment(std::string uri, absl::string_view asset_kind, absl::string_view asset_uri);

  // A key under which the asset is known too.
  void AddAssetId(absl::string_view name, const absl::optional<std::string>& value);
  // A submodel with no elements is left out.
  void AddSubmodel(AasName name, AasElements elements);
  std::string Print() &&;

 private:
  const std::string uri_;
  const std::string asset_kind_;
  const std::string asset_uri_;
  JsonNode asset_ids_ = JsonNode::Array();
  JsonNode references_ = JsonNode::Array();
  JsonNode submodels_ = JsonNode::Array();
};

}  // namespace meguri::passport
