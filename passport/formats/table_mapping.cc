// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/table_mapping.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/formats/table_text.h"
#include "passport/rules/rule.h"
#include "passport/section_table.h"
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "toml++/toml.h"

namespace meguri::passport {
namespace {

constexpr char kNodePrefix[] = "node.";
constexpr char kDefaultRecordType[] = "product_passport";

absl::Status WrongKey(absl::string_view key, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "MAPPING_KEY", absl::StrCat("mapping: ", key, ": ", why));
}

struct RoleName {
  absl::string_view name;
  ColumnRole role;
};
constexpr RoleName kRoles[] = {{"record", ColumnRole::kRecord},
                               {"level", ColumnRole::kLevel},
                               {"node", ColumnRole::kNode},
                               {"parent", ColumnRole::kParent},
                               {"ignore", ColumnRole::kIgnored}};

struct SchemeName {
  absl::string_view name;
  v1::SubstanceIdentifierScheme scheme;
};
constexpr SchemeName kSchemes[] = {{"cas", v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS},
                                   {"ec", v1::SUBSTANCE_IDENTIFIER_SCHEME_EC},
                                   {"dsl", v1::SUBSTANCE_IDENTIFIER_SCHEME_IEC_62474_DSL}};

absl::StatusOr<FieldTarget> ParseTarget(absl::string_view text) {
  FieldTarget target{.text = std::string(text), .is_node = false, .section_type = 0, .path = {}};
  if (absl::ConsumePrefix(&text, kNodePrefix)) {
    target.is_node = true;
    for (const SchemeName& row : kSchemes) {
      if (text == row.name) {
        target.scheme = row.scheme;
        return target;
      }
    }
    MEGURI_ASSIGN_OR_RETURN(FieldPath path, FieldPath::Parse(*v1::CompositionNode::descriptor(), text));
    target.path.push_back(std::move(path));
    return target;
  }
  const size_t point = std::min(text.find('.'), text.size());
  const SectionKind* kind = FindSectionKind(text.substr(0, point));
  if (kind == nullptr || !kind->understood() || point == text.size()) {
    return Error(absl::StatusCode::kInvalidArgument, "FIELD_PATH",
                 absl::StrCat(Quoted(text), " does not begin with a section, such as identity.mass_kg, or with node."));
  }
  target.section_type = kind->type;
  MEGURI_ASSIGN_OR_RETURN(FieldPath path, FieldPath::Parse(*kind->prototype->GetDescriptor(), text.substr(point + 1)));
  target.path.push_back(std::move(path));
  return target;
}

absl::StatusOr<Factor> UnitOf(absl::string_view unit, const FieldTarget& target) {
  if (unit.empty()) {
    return Factor();
  }
  if (target.path.empty()) {
    return WrongKey("unit", "an identifier has none");
  }
  return FactorOf(unit, target.path[0].field());
}

// Reads the tables of a mapping file.
class MappingReader {
 public:
  absl::StatusOr<TableMapping> Read(const toml::table& file) {
    mapping_.record_type = FindRecordKind(absl::string_view(kDefaultRecordType))->type;
    for (const auto& [key, value] : file) {
      MEGURI_RETURN_IF_ERROR(ReadKey(std::string(key.str()), value));
    }
    return std::move(mapping_);
  }

 private:
  absl::Status ReadKey(const std::string& key, const toml::node& value) {
    if (key == "record_type") {
      return ReadRecordType(key, value);
    }
    if (key == "sheet") {
      return ReadText(key, value, mapping_.sheet);
    }
    if (key == "heading_row") {
      const auto row = value.value<int64_t>().value_or(0);
      mapping_.heading_row = static_cast<uint32_t>(row);
      return row >= 1 && row <= 1000 ? absl::OkStatus() : WrongKey(key, "a row from 1 to 1000");
    }
    if (key == "encoding") {
      return ReadEncoding(key, value);
    }
    if (key == "jurisdictions") {
      return ReadTexts(key, value, mapping_.jurisdictions);
    }
    if (key == "level_kinds") {
      return ReadKinds(key, value);
    }
    if (key == "audiences") {
      return ReadAudiences(key, value);
    }
    if (key == "constants") {
      return ReadConstants(key, value);
    }
    if (key == "column") {
      return ReadColumns(key, value);
    }
    return WrongKey(key,
                    "record_type, sheet, heading_row, encoding, jurisdictions, level_kinds, audiences, constants or "
                    "column is expected");
  }

  static absl::Status ReadText(const std::string& key, const toml::node& value, std::string& text) {
    const auto found = value.value<std::string>();
    text = found.value_or("");
    return found.has_value() && IsUtf8(text) ? absl::OkStatus() : WrongKey(key, "a string is expected");
  }

  static absl::Status ReadTexts(const std::string& key, const toml::node& value, std::vector<std::string>& texts) {
    const toml::array* array = value.as_array();
    if (array == nullptr) {
      return WrongKey(key, "an array of strings is expected");
    }
    for (const toml::node& element : *array) {
      MEGURI_RETURN_IF_ERROR(ReadText(key, element, texts.emplace_back()));
    }
    return absl::OkStatus();
  }

  absl::Status ReadRecordType(const std::string& key, const toml::node& value) {
    std::string name;
    MEGURI_RETURN_IF_ERROR(ReadText(key, value, name));
    const RecordKind* kind = FindRecordKind(absl::string_view(name));
    if (kind == nullptr || !kind->understood()) {
      return WrongKey(key, "a record type such as \"product_passport\" is expected");
    }
    mapping_.record_type = kind->type;
    return absl::OkStatus();
  }

  absl::Status ReadEncoding(const std::string& key, const toml::node& value) {
    std::string name;
    MEGURI_RETURN_IF_ERROR(ReadText(key, value, name));
    const absl::optional<TextEncoding> encoding = FindTextEncoding(name);
    mapping_.encoding = encoding.value_or(TextEncoding::kDetect);
    return encoding.has_value() ? absl::OkStatus()
                                : WrongKey(key, "auto, utf-8, utf-16, utf-16le, utf-16be or cp932 is expected");
  }

  absl::Status ReadKinds(const std::string& key, const toml::node& value) {
    std::vector<std::string> names;
    MEGURI_RETURN_IF_ERROR(ReadTexts(key, value, names));
    for (const std::string& name : names) {
      v1::CompositionNodeKind kind;
      if (!v1::CompositionNodeKind_Parse(absl::StrCat("COMPOSITION_NODE_KIND_", absl::AsciiStrToUpper(name)), &kind)) {
        return WrongKey(key, absl::StrCat(Quoted(name),
                                          " is none of part, material_class, material, substance_group and "
                                          "substance"));
      }
      mapping_.level_kinds.push_back(kind);
    }
    return absl::OkStatus();
  }

  absl::Status ReadAudiences(const std::string& key, const toml::node& value) {
    const toml::table* table = value.as_table();
    if (table == nullptr) {
      return WrongKey(key, "a table of sections is expected");
    }
    for (const auto& [name, list] : *table) {
      const SectionKind* kind = FindSectionKind(absl::string_view(name.data(), name.length()));
      std::vector<std::string> names;
      MEGURI_RETURN_IF_ERROR(ReadTexts(key, list, names));
      uint32_t bits = 0;
      for (const std::string& audience : names) {
        MEGURI_ASSIGN_OR_RETURN(const auto parsed, record::ParseAudience(audience));
        bits |= uint32_t{1} << parsed;
      }
      if (kind == nullptr) {
        return WrongKey(key, absl::StrCat(std::string(name.str()), " is no section"));
      }
      MEGURI_ASSIGN_OR_RETURN(mapping_.audiences[kind->type], record::AudienceSet::Parse(bits));
    }
    return absl::OkStatus();
  }

  absl::Status ReadConstants(const std::string& key, const toml::node& value) {
    const toml::table* table = value.as_table();
    if (table == nullptr) {
      return WrongKey(key, "a table of fields is expected: \"identity.product_group\" = \"battery\"");
    }
    for (const auto& [name, constant] : *table) {
      ConstantMapping& row = mapping_.constants.emplace_back();
      MEGURI_ASSIGN_OR_RETURN(row.target, ParseTarget(std::string(name.str())));
      MEGURI_RETURN_IF_ERROR(ReadText(std::string(name.str()), constant, row.value));
    }
    return absl::OkStatus();
  }

  absl::Status ReadColumns(const std::string& key, const toml::node& value) {
    const toml::array* array = value.as_array();
    if (array == nullptr || array->size() > kMappingColumnsMax) {
      return WrongKey(key, absl::StrCat("at most ", kMappingColumnsMax, " tables [[column]] are expected"));
    }
    for (const toml::node& element : *array) {
      const toml::table* table = element.as_table();
      if (table == nullptr) {
        return WrongKey(key, "[[column]] is a table");
      }
      MEGURI_ASSIGN_OR_RETURN(ColumnMapping column, ReadColumn(*table));
      mapping_.columns.push_back(std::move(column));
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<ColumnMapping> ReadColumn(const toml::table& table) {
    ColumnMapping column;
    std::string field;
    std::string unit;
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      if (name == "heading") {
        MEGURI_RETURN_IF_ERROR(ReadText(name, value, column.heading));
      } else if (name == "field") {
        MEGURI_RETURN_IF_ERROR(ReadText(name, value, field));
      } else if (name == "unit") {
        MEGURI_RETURN_IF_ERROR(ReadText(name, value, unit));
      } else if (name == "optional" && value.is_boolean()) {
        column.is_optional = *value.value<bool>();
      } else if (name == "values" && value.is_table()) {
        for (const auto& [from, to] : *value.as_table()) {
          MEGURI_RETURN_IF_ERROR(ReadText(name, to, column.values[std::string(from.str())]));
        }
      } else {
        return WrongKey(name, "a [[column]] has heading, field, unit, values and optional");
      }
    }
    column.heading = std::string(StripCell(column.heading));
    if (column.heading.empty()) {
      return WrongKey("column", "each [[column]] needs its heading");
    }
    MEGURI_RETURN_IF_ERROR(SetTarget(field, unit, column));
    return column;
  }

 public:
  static absl::Status SetTarget(absl::string_view field, absl::string_view unit, ColumnMapping& column) {
    for (const RoleName& row : kRoles) {
      if (field == row.name) {
        column.role = row.role;
        return unit.empty() ? absl::OkStatus() : WrongKey(column.heading, "a column of that kind has no unit");
      }
    }
    MEGURI_ASSIGN_OR_RETURN(column.target, ParseTarget(field));
    MEGURI_ASSIGN_OR_RETURN(column.factor, UnitOf(unit, column.target));
    column.unit = std::string(unit);
    return absl::OkStatus();
  }

 private:
  TableMapping mapping_;
};

// A column of a role may occur once, and a level goes without parents.
absl::Status CheckRoles(const TableMapping& mapping) {
  for (const RoleName& row : kRoles) {
    const auto plays = [&row](const ColumnMapping& column) { return column.role == row.role; };
    if (row.role != ColumnRole::kIgnored && std::count_if(mapping.columns.begin(), mapping.columns.end(), plays) > 1) {
      return WrongKey(row.name, "one column at most is that");
    }
  }
  if (mapping.Has(ColumnRole::kNode) != mapping.Has(ColumnRole::kParent)) {
    return WrongKey("node", "node and parent go together");
  }
  if (mapping.Has(ColumnRole::kLevel) && mapping.Has(ColumnRole::kNode)) {
    return WrongKey("level", "a sheet has either a level, or node and parent");
  }
  const auto is_node = [](const ColumnMapping& column) { return column.target.is_node; };
  const bool has_tree = mapping.Has(ColumnRole::kLevel) || mapping.Has(ColumnRole::kNode);
  if (!has_tree && std::any_of(mapping.columns.begin(), mapping.columns.end(), is_node)) {
    return WrongKey("node", "fields of nodes need a column level, or columns node and parent");
  }
  return absl::OkStatus();
}

}  // namespace

bool TableMapping::Has(ColumnRole role) const {
  return std::any_of(columns.begin(), columns.end(),
                     [role](const ColumnMapping& column) { return column.role == role; });
}

absl::StatusOr<TableMapping> ParseTableMapping(absl::string_view toml) {
  if (toml.size() > kMappingBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "MAPPING_SIZE",
                 absl::StrCat("a mapping file has at most ", kMappingBytesMax, " bytes"));
  }
  const toml::parse_result file = toml::parse(std::string(toml.data(), toml.size()));
  if (!file) {
    return Error(absl::StatusCode::kInvalidArgument, "MAPPING_SYNTAX",
                 absl::StrCat("mapping: line ", file.error().source().begin.line, ": ",
                              std::string(file.error().description())));
  }
  MEGURI_ASSIGN_OR_RETURN(TableMapping mapping, MappingReader().Read(file.table()));
  MEGURI_RETURN_IF_ERROR(CheckRoles(mapping));
  return mapping;
}

absl::StatusOr<TableMapping> MappingOfHeadings(const std::vector<std::string>& headings) {
  TableMapping mapping;
  mapping.record_type = FindRecordKind(absl::string_view(kDefaultRecordType))->type;
  for (const std::string& cell : headings) {
    const absl::string_view heading = StripCell(cell);
    // A path may itself have brackets: the opening one stands behind a space.
    const size_t begin = heading.rfind(" [");
    if (begin == absl::string_view::npos || !absl::EndsWith(heading, "]")) {
      continue;
    }
    absl::string_view inner = heading.substr(begin + 2, heading.size() - begin - 3);
    const size_t bar = inner.find('|');
    const absl::string_view unit = bar == absl::string_view::npos ? "" : StripCell(inner.substr(bar + 1));
    ColumnMapping& column = mapping.columns.emplace_back();
    column.heading = std::string(heading);
    if (absl::ConsumePrefix(&inner, "record_type=")) {
      const RecordKind* kind = FindRecordKind(inner);
      if (kind == nullptr || !kind->understood()) {
        return WrongKey(heading, "there is no such record type");
      }
      mapping.record_type = kind->type;
      column.role = ColumnRole::kIgnored;
      continue;
    }
    MEGURI_RETURN_IF_ERROR(MappingReader::SetTarget(StripCell(inner.substr(0, bar)), unit, column));
  }
  if (mapping.columns.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "MAPPING_NEEDED",
                 "the headings do not say which fields they are; give a mapping file, or begin with `meguri template`");
  }
  MEGURI_RETURN_IF_ERROR(CheckRoles(mapping));
  return mapping;
}

}  // namespace meguri::passport
