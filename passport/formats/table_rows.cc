// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/table_rows.h"

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/decimal.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/field_path.h"
#include "passport/formats/field_words.h"
#include "passport/formats/table_import.h"
#include "passport/formats/table_text.h"
#include "passport/formats/template.h"
#include "passport/formats/unit.h"
#include "passport/payload.h"
#include "passport/readers/table.h"

namespace meguri::passport {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

constexpr int kNodeOrder = 1 << 30;  // behind every section
constexpr size_t kOwnColumns = 3;    // record, record type, level
constexpr absl::string_view kComposition = "composition";
constexpr absl::string_view kNodes = "nodes";
constexpr absl::string_view kChildren = "children";
constexpr absl::string_view kIdentifiers = "identifiers";

struct SchemeName {
  absl::string_view enumerator;
  absl::string_view field;
};
constexpr SchemeName kSchemes[] = {{"SUBSTANCE_IDENTIFIER_SCHEME_CAS", "node.cas"},
                                   {"SUBSTANCE_IDENTIFIER_SCHEME_EC", "node.ec"},
                                   {"SUBSTANCE_IDENTIFIER_SCHEME_IEC_62474_DSL", "node.dsl"}};

bool IsDecimal(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field.message_type() == v1::Decimal::descriptor();
}

bool IsLeafField(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || IsDecimal(field);
}

// Whether a sheet gives the text back as it is.
bool IsCellText(absl::string_view text) {
  const auto is_lost = [](char c) {  // in XML, or in a CSV file that is taken for UTF-16
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
  };
  return !text.empty() && text.size() <= kExportCellBytesMax && StripCell(text) == text && !IsSpreadsheetError(text) &&
         std::none_of(text.begin(), text.end(), is_lost) && !absl::StrContains(text, "\xEF\xBF\xBE") &&
         !absl::StrContains(text, "\xEF\xBF\xBF");
}

// The cell from which SetValue makes the leaf again; nullopt if there is none.
absl::optional<std::string> CellOf(const FieldDescriptor& field, const InputNode& leaf) {
  const std::string& text = leaf.text;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_STRING && IsCellText(text) ? absl::make_optional(text)
                                                                              : absl::nullopt;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* value = field.enum_type()->FindValueByName(text);
      return value != nullptr && value->index() > 0 ? absl::make_optional(ShortName(*value)) : absl::nullopt;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return text;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const absl::StatusOr<std::string> decimal = ScaledDecimal(text, {});
      return decimal.ok() && *decimal == text ? absl::make_optional(text) : absl::nullopt;
    }
    default:
      return absl::nullopt;
  }
}

// The row of kSchemes, or its size.
size_t SchemeOf(InputNode& identifier) {
  const InputNode* scheme = identifier.Find("scheme");
  return static_cast<size_t>(
      std::find_if(std::begin(kSchemes), std::end(kSchemes),
                   [scheme](const SchemeName& each) { return scheme != nullptr && scheme->text == each.enumerator; }) -
      std::begin(kSchemes));
}

// Whether columns CAS, EC and DSL say all of it, and in this order.
bool AreShort(const v1::CompositionNode& node) {
  size_t next = 0;
  for (const v1::SubstanceIdentifier& identifier : node.identifiers()) {
    const std::string& name = v1::SubstanceIdentifierScheme_Name(identifier.scheme());
    const auto scheme =
        static_cast<size_t>(std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                         [&](const SchemeName& each) { return each.enumerator == name; }) -
                            std::begin(kSchemes));
    if (scheme == std::size(kSchemes) || scheme < next || !IsCellText(identifier.value())) {
      return false;
    }
    next = scheme + 1;
  }
  return true;
}

// Recursion is bounded, as is the depth of payloads.
bool HaveShortIdentifiers(const google::protobuf::RepeatedPtrField<v1::CompositionNode>& nodes) {
  return std::all_of(nodes.begin(), nodes.end(), [](const v1::CompositionNode& node) {
    return AreShort(node) && HaveShortIdentifiers(node.children());
  });
}

InputNode* NodesOf(InputNode& sections) {
  InputNode* composition = sections.Find(kComposition);
  return composition == nullptr ? nullptr : composition->Find(kNodes);
}

// "対象部品 / target component (ja)" for steps[0].target_component.ja.
std::string PlainLabel(absl::string_view path) {
  const size_t point = path.rfind('.');
  absl::string_view name = path.substr(point + 1);
  std::string language;
  if (name == "ja" || name == "en") {
    language = absl::StrCat(" (", name, ")");
    name = path.substr(0, point);
    name = name.substr(name.rfind('.') + 1);
  }
  name = name.substr(0, name.find('['));
  const absl::string_view japanese = JapaneseWordOf(name);
  return absl::StrCat(japanese, japanese.empty() ? "" : " / ", absl::StrReplaceAll(name, {{"_", " "}}), language);
}

}  // namespace

TableBuilder::TableBuilder(absl::Span<const record::v1::Envelope> envelopes) {
  for (const record::v1::Envelope& envelope : envelopes) {
    for (const record::v1::Section& section : envelope.sections()) {
      if (section.type() == record::v1::SECTION_TYPE_COMPOSITION) {
        Scan(section.payload());
      }
    }
  }
}

void TableBuilder::Scan(absl::string_view payload) {
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message =
      DecodePayload(*FindSectionKind(record::v1::SECTION_TYPE_COMPOSITION), payload);
  if (message.ok()) {
    const auto& composition = static_cast<const v1::Composition&>(**message);
    has_nodes_ = has_nodes_ || composition.nodes_size() > 0;
    short_identifiers_ = short_identifiers_ && HaveShortIdentifiers(composition.nodes());
  }
}

void TableBuilder::Add(const std::string& name, InputNode& sections) {
  node_count_ = 0;
  Row row{name, has_nodes_ ? "0" : "", {}};
  for (InputNode& section : sections.children) {
    const SectionKind* kind = FindSectionKind(absl::string_view(section.name));
    AddMessage(*kind->prototype->GetDescriptor(), section,
               {{static_cast<int>(kind->type)}, section.name, section.name, 0}, row);
  }
  rows_.push_back(std::move(row));
  if (InputNode* nodes = NodesOf(sections)) {
    AddNodes(*nodes, 1, name);
  }
}

void TableBuilder::AddNodes(InputNode& nodes, size_t level, const std::string& name) {
  for (InputNode& node : nodes.children) {
    if (level > kTableLevelsMax || node_count_ == kTableNodesMax) {
      return;
    }
    ++node_count_;
    Row row{name, absl::StrCat(level), {}};
    node.fate = Fate::kMapped;  // if it says nothing, its row says so
    AddMessage(*v1::CompositionNode::descriptor(), node, {{kNodeOrder}, "node", "node", 0}, row);
    rows_.push_back(std::move(row));
    if (InputNode* children = node.Find(kChildren)) {
      AddNodes(*children, level + 1, name);
    }
  }
}

TableBuilder::Place TableBuilder::Below(const Place& place, const FieldDescriptor& field) {
  Place below = place;
  below.order.push_back(field.number());
  absl::StrAppend(&below.path, ".", field.name());
  absl::StrAppend(&below.first_path, ".", field.name());
  return below;
}

TableBuilder::Place TableBuilder::Element(const Place& place, size_t index, bool is_leaf) {
  Place element = place;
  element.order.push_back(static_cast<int>(index));
  element.path += is_leaf ? "[]" : absl::StrCat("[", index, "]");
  element.first_path += is_leaf ? "[]" : "[0]";
  element.ordinal = is_leaf ? index : std::max(index, place.ordinal);
  return element;
}

// Recursion is bounded, as is the depth of payloads.
void TableBuilder::AddMessage(const Descriptor& message, InputNode& object, const Place& place, Row& row) {
  const bool is_node = &message == v1::CompositionNode::descriptor();
  for (InputNode& value : object.children) {
    const FieldDescriptor& field = *message.FindFieldByName(value.name);
    if (field.message_type() == v1::CompositionNode::descriptor()) {
      continue;  // nodes are rows
    }
    if (is_node && short_identifiers_ && value.name == kIdentifiers) {
      AddIdentifiers(value, place, row);
    } else {
      AddField(field, value, Below(place, field), row);
    }
  }
}

void TableBuilder::AddField(const FieldDescriptor& field, InputNode& value, const Place& place, Row& row) {
  const bool is_leaf = IsLeafField(field);
  if (!field.is_repeated()) {
    return is_leaf ? AddLeaf(field, value, place, row) : AddMessage(*field.message_type(), value, place, row);
  }
  for (size_t i = 0; i < value.children.size() && i <= static_cast<size_t>(kFieldIndexMax); ++i) {
    const Place element = Element(place, i, is_leaf);
    if (is_leaf) {
      AddLeaf(field, value.children[i], element, row);
    } else {
      AddMessage(*field.message_type(), value.children[i], element, row);
    }
  }
}

void TableBuilder::AddLeaf(const FieldDescriptor& field, InputNode& leaf, const Place& place, Row& row) {
  absl::optional<std::string> cell = CellOf(field, leaf);
  const absl::optional<size_t> column = cell.has_value() ? ColumnAt(place) : absl::nullopt;
  if (column.has_value()) {
    row.cells.emplace_back(*column, *std::move(cell));
    leaf.fate = Fate::kMapped;
  }
}

void TableBuilder::AddIdentifiers(InputNode& identifiers, const Place& place, Row& row) {
  const FieldDescriptor& field = *v1::CompositionNode::descriptor()->FindFieldByName(std::string(kIdentifiers));
  for (InputNode& identifier : identifiers.children) {
    const size_t scheme = SchemeOf(identifier);
    Place at = Below(place, field);
    at.order.push_back(static_cast<int>(scheme));
    at.path = std::string(kSchemes[scheme].field);
    at.first_path = at.path;
    const absl::optional<size_t> column = ColumnAt(at);
    if (column.has_value()) {
      row.cells.emplace_back(*column, identifier.Find("value")->text);
      identifier.Find("value")->fate = Fate::kMapped;
      identifier.Find("scheme")->fate = Fate::kImplied;
    }
  }
}

absl::optional<size_t> TableBuilder::ColumnAt(const Place& place) {
  const auto found = columns_.find(place.order);
  if (found != columns_.end()) {
    return found->second;
  }
  if (headings_.size() + kOwnColumns == kTableColumnsMax) {
    return absl::nullopt;
  }
  std::string label = SheetLabel(place.first_path);
  if (label.empty()) {
    label = PlainLabel(place.path);
  }
  headings_.push_back(
      absl::StrCat(label, place.ordinal == 0 ? "" : absl::StrCat(" ", place.ordinal + 1), " [", place.path, "]"));
  return columns_.emplace(place.order, headings_.size() - 1).first->second;
}

TableRows TableBuilder::Build(const RecordKind& kind) && {
  std::vector<std::string> headings = {"記録 / Record [record]"};
  std::vector<size_t> place(headings_.size());  // of a column in the row
  const bool says_type = kind.type != record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
  if (says_type) {
    headings.push_back(absl::StrCat("種別 / Type [record_type=", kind.name, "]"));
  }
  if (has_nodes_) {
    headings.emplace_back("階層 / Level [level]");
  }
  for (const auto& [order, column] : columns_) {
    place[column] = headings.size();
    headings.push_back(headings_[column]);
  }
  TableRows rows = {headings};
  for (Row& row : rows_) {
    std::vector<std::string>& cells = rows.emplace_back(headings.size());
    cells[0] = row.record;
    if (has_nodes_) {
      cells[says_type ? 2 : 1] = row.level;
    }
    for (auto& [column, text] : row.cells) {
      cells[place[column]] = std::move(text);
    }
  }
  return rows;
}

}  // namespace meguri::passport
