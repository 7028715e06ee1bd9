// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "passport/readers/input_tree.h"

namespace meguri::passport {

enum class XlsxCellType { kNumber, kShared, kBoolean, kText };

XlsxCellType ParseXlsxCellType(absl::string_view type);

// Texts of a workbook write a character that XML cannot hold, and an underscore that would seem to begin such a thing,
// as _xHHHH_ (ECMA-376 22.9.2.19 ST_Xstring); beyond U+FFFF as two of them.
// What `text` stands for. An escape that stands for no character, or for U+0000, stays as it is.
std::string DecodeXlsxText(absl::string_view text);
// `text` so that DecodeXlsxText gives it back; not yet escaped for XML.
std::string EncodeXlsxText(absl::string_view text);

// The column of a place such as "AB12", counted from 0. False if there is none.
bool ParseXlsxColumn(absl::string_view place, size_t& column);

// How the numbers of a workbook are shown: which styles are dates or percentages, and from when days count. Immutable.
class XlsxNumberForms {
 public:
  XlsxNumberForms() = default;
  // `styles` is the root of styles.xml, or empty.
  XlsxNumberForms(InputNode& styles, bool is_1904);

  // A number as it is stored (0.30000000000000004) as it is shown: 15 significant digits, a date, or a percentage with
  // its sign (2.5% of 0.025), however few digits the style shows. A text that is no number comes back as it is.
  std::string NumberText(absl::string_view stored, size_t style) const;

 private:
  enum class Form : uint8_t { kNumber, kDate, kPercent };
  static Form FormOf(uint64_t format_id);
  static Form FormOf(absl::string_view format_code);

  std::vector<Form> forms_;  // by style
  bool is_1904_ = false;
};

}  // namespace meguri::passport
