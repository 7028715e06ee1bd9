// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/iec62474.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/document.h"
#include "passport/formats/document_text.h"
#include "passport/formats/unit.h"
#include "passport/rules/decimal.h"

namespace meguri::passport {
namespace {

constexpr char kNameSpace[] = "http://std.iec.ch/iec62474";
constexpr char kComposition[] = "Composition";
constexpr uint32_t kUnitsMax = 1'000'000'000;
constexpr char kPercent[] = "percent";  // as all shares of the format

struct NodeName {
  absl::string_view element;
  v1::CompositionNodeKind kind;
};
constexpr NodeName kNodes[] = {{"ProductPart", v1::COMPOSITION_NODE_KIND_PART},
                               {"MaterialClass", v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS},
                               {"Material", v1::COMPOSITION_NODE_KIND_MATERIAL},
                               {"SubstanceGroup", v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP},
                               {"Substance", v1::COMPOSITION_NODE_KIND_SUBSTANCE}};

const NodeName* FindNode(absl::string_view element) {
  const auto* found = std::find_if(std::begin(kNodes), std::end(kNodes),
                                   [element](const NodeName& row) { return row.element == element; });
  return found == std::end(kNodes) ? nullptr : found;
}

constexpr CodeRow kSchemes[] = {{"CAS", "SUBSTANCE_IDENTIFIER_SCHEME_CAS"},
                                {"CASNumber", "SUBSTANCE_IDENTIFIER_SCHEME_CAS"},
                                {"EC", "SUBSTANCE_IDENTIFIER_SCHEME_EC"},
                                {"EINECS", "SUBSTANCE_IDENTIFIER_SCHEME_EC"},
                                {"IUPAC", "SUBSTANCE_IDENTIFIER_SCHEME_IUPAC"},
                                {"IEC62474", "SUBSTANCE_IDENTIFIER_SCHEME_IEC_62474_DSL"},
                                {"IEC 62474", "SUBSTANCE_IDENTIFIER_SCHEME_IEC_62474_DSL"}};

// Fills one record of one Product.
class ProductReader {
 public:
  ProductReader(DocumentDraft& draft, InputNode& root, InputNode& product)
      : draft_(draft), root_(root), product_(product) {}

  void Read() {
    DocumentDraft::Imply(root_.Find("@schemaDatabaseVersion"));
    auto& identity = draft_.Section<v1::Identity>(record::v1::SECTION_TYPE_IDENTITY);
    identity.set_granularity(v1::GRANULARITY_MODEL);
    if (InputNode* id = product_.Find("ProductID")) {
      ReadProductId(*id, identity);
    }
    if (InputNode* tree = product_.Find(kComposition)) {
      ReadComposition(*tree);
    }
  }

 private:
  void ReadProductId(InputNode& id, v1::Identity& identity) {
    SetText(draft_, *identity.mutable_name(), id.Find("@name"));
    InputNode* number = id.Find("@identifier");
    if (draft_.Set(identity, "model_number", number)) {
      v1::Identifier& identifier = *identity.add_identifiers();
      identifier.set_scheme(v1::IDENTIFIER_SCHEME_MANUFACTURER_PART_NUMBER);
      identifier.set_value(number->text);
    }
    SetMass(identity, id.Find("Mass"), 1);
  }

  void ReadComposition(InputNode& tree) {
    auto& composition = draft_.Section<v1::Composition>(record::v1::SECTION_TYPE_COMPOSITION);
    draft_.Set(composition, "declarable_substance_list_version",
               DocumentDraft::At(&root_, "DeclarableSubstanceList.@version"));
    for (InputNode& child : tree.children) {
      if (const NodeName* node = FindNode(child.name)) {
        ReadNode(child, *node, 1, *composition.add_nodes());
      }
    }
  }

  // Recursion is bounded: the XML reader bounds the depth.
  void ReadNode(InputNode& element, const NodeName& name, uint64_t units, v1::CompositionNode& node) {
    node.set_kind(name.kind);
    SetText(draft_, *node.mutable_name(), element.Find("@name"));
    if (name.kind == v1::COMPOSITION_NODE_KIND_PART) {
      ReadPart(element, node);
      units *= std::max<uint32_t>(node.number_of_units(), 1);
    }
    draft_.Set(node, "material_class_id",
               name.kind == v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS
                   ? element.Find("@id")
                   : DocumentDraft::At(&element, "MaterialClassID.EntryID.@entryIdentity"));
    SetText(draft_, *node.mutable_description_of_use(), element.Find("@descriptionOfUse"));
    if (node.description_of_use().ByteSizeLong() == 0) {
      node.clear_description_of_use();
    }
    ReadAmounts(element, units, node);
    for (InputNode& child : element.children) {
      if (child.name == "UniqueID") {
        ReadIdentifier(child, node);
      } else if (child.name == "Threshold") {
        ReadThreshold(child, *node.add_thresholds());
      } else if (child.name == "Exemptions") {
        ReadExemptions(child, node);
      } else if (const NodeName* below = FindNode(child.name)) {
        ReadNode(child, *below, units, *node.add_children());
      }
    }
  }

  void ReadPart(InputNode& element, v1::CompositionNode& node) {
    draft_.Set(node, "number_of_units", element.Find("@numberOfUnits"));
    InputNode* id = element.Find("ProductID");
    draft_.Set(node, "part_number", id == nullptr ? element.Find("@identifier") : id->Find("@identifier"));
    if (id != nullptr && node.name().ByteSizeLong() == 0) {
      SetText(draft_, *node.mutable_name(), id->Find("@name"));
    }
  }

  void ReadAmounts(InputNode& element, uint64_t units, v1::CompositionNode& node) {
    InputNode* mass = element.Find("Mass");
    if (mass == nullptr) {
      mass = DocumentDraft::At(&element, "ProductID.Mass");
    }
    SetMass(node, mass, units);
    if (mass != nullptr) {
      SetShare(node, "positive_tolerance", mass->Find("@positiveTolerance"), kPercent);
      SetShare(node, "negative_tolerance", mass->Find("@negativeTolerance"), kPercent);
    }
    // A share of the parent; substances may say it of their material, which is the parent.
    if (!draft_.Set(node, "mass_fraction", DocumentDraft::At(&element, "MassPercent.@massPercent"), "percent")) {
      draft_.Set(node, "mass_fraction", DocumentDraft::At(&element, "MatMassPercent.@massPercent"), "percent");
    }
  }

  // "0.1 mass%", "1000 ppm"; a number alone is in `unit`, unless that is "". Words and shares beyond the whole are
  // left.
  void SetShare(google::protobuf::Message& message, absl::string_view field, InputNode* leaf, absl::string_view unit) {
    if (leaf == nullptr) {
      return;
    }
    const absl::string_view text = absl::StripAsciiWhitespace(leaf->text);
    const absl::string_view number = text.substr(0, text.find_first_not_of("0123456789."));
    const absl::string_view said = absl::StripAsciiWhitespace(text.substr(number.size()));
    unit = said.empty() ? unit : said;
    const google::protobuf::FieldDescriptor* descriptor = message.GetDescriptor()->FindFieldByName(std::string(field));
    const absl::StatusOr<Factor> factor = FactorOf(unit, *descriptor);
    if (unit.empty() || !factor.ok()) {
      return;
    }
    const absl::StatusOr<std::string> share = ScaledDecimal(number, *factor);
    const absl::optional<FixedDecimal> parsed = share.ok() ? FixedDecimal::Parse(*share) : absl::nullopt;
    if (parsed.has_value() && parsed->units() <= FixedDecimal::FromInteger(1).units()) {
      draft_.SetAs(message, field, leaf, number, unit);
    }
  }

  void SetMass(google::protobuf::Message& message, InputNode* mass, uint64_t units) {
    InputNode* value = mass == nullptr ? nullptr : mass->Find("@mass");
    InputNode* unit = mass == nullptr ? nullptr : mass->Find("@unitOfMeasure");
    if (value == nullptr || unit == nullptr) {
      return;  // a mass without a unit says nothing; it is left
    }
    DocumentDraft::Imply(unit);
    if (units > kUnitsMax) {
      draft_.Refuse(*value, "NUMBER_RANGE", absl::StrCat("at most ", kUnitsMax, " units of a part"),
                    "員数が多すぎます。");
      return;
    }
    const absl::StatusOr<std::string> all = ScaledDecimal(value->text, {static_cast<uint32_t>(units), 0});
    draft_.SetAs(message, "mass_kg", value, all.ok() ? *all : value->text, unit->text);
  }

  void ReadIdentifier(InputNode& element, v1::CompositionNode& node) {
    v1::SubstanceIdentifier identifier;
    if (SetCode(draft_, identifier, "scheme", element.Find("@authority"), kSchemes) &&
        draft_.Set(identifier, "value", element.Find("@identity"))) {
      *node.add_identifiers() = std::move(identifier);
    }
  }

  void ReadThreshold(InputNode& element, v1::Threshold& threshold) {
    draft_.Set(threshold, "above_threshold_level", element.Find("@aboveThresholdLevel"));
    SetShare(threshold, "reporting_threshold", element.Find("@reportingThreshold"), "");
    SetText(draft_, *threshold.mutable_reportable_application(), element.Find("@reportableApplication"));
    if (threshold.reportable_application().ByteSizeLong() == 0) {
      threshold.clear_reportable_application();
    }
  }

  void ReadExemptions(InputNode& element, v1::CompositionNode& node) {
    for (InputNode& child : element.children) {
      if (child.name != "Exemption") {
        continue;
      }
      v1::Exemption& exemption = *node.add_exemptions();
      draft_.Set(exemption, "identity", child.Find("@identity"));
      draft_.Set(exemption, "regulation_index", child.Find("@regIndex"));
      if (!SetText(draft_, *exemption.mutable_description(), child.Find("@description"))) {
        exemption.clear_description();
      }
    }
  }

  DocumentDraft& draft_;
  InputNode& root_;
  InputNode& product_;
};

}  // namespace

bool IsIec62474(InputNode& root) {
  const InputNode* name_space = root.Find("@xmlns");
  return root.name == "Main" && name_space != nullptr && absl::StartsWith(name_space->text, kNameSpace);
}

absl::Status ReadIec62474(InputNode& root, TakeRecord take) {
  std::vector<InputNode> products;
  std::vector<InputNode> others;
  for (InputNode& child : root.children) {
    (child.name == "Product" ? products : others).push_back(std::move(child));
  }
  root.children = std::move(others);
  if (products.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "NO_RECORDS", "the document holds no Product");
  }
  for (const InputNode& child : root.children) {
    if (child.name == kComposition || FindNode(child.name) != nullptr) {
      return Error(absl::StatusCode::kInvalidArgument, "COMPOSITION_PLACE",
                   absl::StrCat("a ", child.name,
                                " lies beside the Product elements, so nobody can tell which product it belongs to: "
                                "move it into its Product"));
    }
  }
  // The first record accounts for what the document says beside its products.
  for (size_t i = 0; i < products.size(); ++i) {
    root.children.push_back(std::move(products[i]));
    DocumentDraft draft(root, record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    ProductReader(draft, root, root.children.back()).Read();
    ImportedRecord record = std::move(draft).Take();
    if (products.size() > 1) {
      record.name = absl::StrCat("Product[", i, "]");
    }
    root.children.pop_back();
    MEGURI_RETURN_IF_ERROR(take(record));
    if (i == 0) {
      std::vector<InputNode> version;
      for (InputNode& child : root.children) {
        if (child.name == "DeclarableSubstanceList") {
          DocumentDraft::Imply(&child);
          version.push_back(std::move(child));
        }
      }
      root.children = std::move(version);
    }
  }
  return absl::OkStatus();
}

}  // namespace meguri::passport
