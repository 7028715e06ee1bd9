// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/formats/field_path.h"
#include "passport/readers/text_encoding.h"
#include "record/audience.h"

namespace meguri::passport {

inline constexpr size_t kMappingBytesMax = size_t{256} << 10;
inline constexpr size_t kMappingColumnsMax = 500;

// Where one value goes: a field of a section, or of the composition node that a row describes.
struct FieldTarget {
  std::string text;  // as the mapping says: identity.mass_kg, node.mass_kg, node.cas
  bool is_node = false;
  uint32_t section_type = 0;    // unless it is a node
  std::vector<FieldPath> path;  // exactly one, but for identifiers of nodes: none
  v1::SubstanceIdentifierScheme scheme = v1::SUBSTANCE_IDENTIFIER_SCHEME_UNSPECIFIED;  // of node.cas, node.ec, node.dsl
};

// What a column is for.
enum class ColumnRole { kField, kRecord, kLevel, kNode, kParent, kIgnored };

struct ColumnMapping {
  std::string heading;  // as in the sheet, without space around it
  ColumnRole role = ColumnRole::kField;
  FieldTarget target;
  Factor factor;
  std::string unit;                           // that the factor turns into the field's: %, g; "": that of the field
  std::map<std::string, std::string> values;  // what a cell says → what the field gets
  bool is_optional = false;                   // the sheet may lack the column
};

struct ConstantMapping {
  FieldTarget target;
  std::string value;
};

// How the columns of a sheet become records. See docs/interop.md for the TOML file.
struct TableMapping {
  uint32_t record_type = 0;
  std::string sheet;  // of a workbook; "": the first
  TextEncoding encoding = TextEncoding::kDetect;
  uint32_t heading_row = 1;
  std::vector<ColumnMapping> columns;
  std::vector<ConstantMapping> constants;
  std::vector<std::string> jurisdictions;
  std::map<uint32_t, record::AudienceSet> audiences;  // by section type; the defaults otherwise
  // Of composition rows: what a node of level 1, 2, … is, unless a column says so.
  std::vector<v1::CompositionNodeKind> level_kinds;

  bool Has(ColumnRole role) const;
};

// Reads a mapping file. INVALID_ARGUMENT with reason MAPPING_SYNTAX (no TOML, with the line), MAPPING_KEY,
// MAPPING_SIZE, FIELD_PATH, UNIT_UNKNOWN or UNIT_MISMATCH. Total: any bytes are fine.
absl::StatusOr<TableMapping> ParseTableMapping(absl::string_view toml);

// The mapping that headings carry themselves, as those of `meguri template` do: "Mass (g) [identity.mass_kg | g]";
// [record], [level], [node], [parent] and [ignore] are roles, [record_type=material_passport] is what the rows are.
// FAILED_PRECONDITION (reason MAPPING_NEEDED) if no heading does. INVALID_ARGUMENT as above.
absl::StatusOr<TableMapping> MappingOfHeadings(const std::vector<std::string>& headings);

}  // namespace meguri::passport
