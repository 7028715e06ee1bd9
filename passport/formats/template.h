// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meguri::passport {

// A sheet to fill in. Its headings say themselves which fields they are (MappingOfHeadings), so that it imports without
// a mapping file. Its example rows are remarks (#) until the mark is taken away.
struct SheetTemplate {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> example_rows;
  std::vector<std::vector<std::string>> notes;  // a table of its own: heading, meaning, values; Japanese and English
};

// The template for products of a group, or for lots of material (plastic-lot, metal-lot). INVALID_ARGUMENT with reason
// PRODUCT_GROUP if it is no name of a group.
absl::StatusOr<SheetTemplate> TemplateFor(absl::string_view product_group);

absl::StatusOr<std::string> TemplateAsXlsx(const SheetTemplate& sheet);
// In UTF-8 with a byte order mark, by which spreadsheets know it. Without the notes.
std::string TemplateAsCsv(const SheetTemplate& sheet);

// What people call a field (identity.mass_kg, node.cas) in headings, in Japanese and English: "質量 / Mass (kg)". In
// the unit of the field. "" if no template has it.
std::string SheetLabel(absl::string_view field);

}  // namespace meguri::passport
