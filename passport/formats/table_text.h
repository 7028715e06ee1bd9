// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace meguri::passport {

// A cell without the space around it, that of Japanese keyboards included.
inline absl::string_view StripCell(absl::string_view cell) {
  constexpr absl::string_view kIdeographicSpace = "\xE3\x80\x80";
  for (size_t before = cell.size() + 1; cell.size() < before;) {
    before = cell.size();
    cell = absl::StripAsciiWhitespace(cell);
    absl::ConsumePrefix(&cell, kIdeographicSpace);
    absl::ConsumeSuffix(&cell, kIdeographicSpace);
  }
  return cell;
}

// Whether a cell is what a spreadsheet shows for a formula that failed.
inline bool IsSpreadsheetError(absl::string_view cell) {
  constexpr absl::string_view kErrors[] = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"};
  return std::find(std::begin(kErrors), std::end(kErrors), cell) != std::end(kErrors);
}

}  // namespace meguri::passport
