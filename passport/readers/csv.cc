// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/csv.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::passport {
namespace {

char SeparatorOf(absl::string_view text) {
  bool is_quoted = false;
  for (const char c : text) {
    if (c == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && (c == ',' || c == '\t' || c == ';')) {
      return c;
    } else if (!is_quoted && (c == '\n' || c == '\r')) {
      break;
    }
  }
  return ',';
}

// A number as records have it; a spreadsheet may well take it for one.
bool IsPlainNumber(absl::string_view cell) {
  absl::ConsumePrefix(&cell, "-");
  const size_t point = std::min(cell.find('.'), cell.size());
  const auto are_digits = [](absl::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  };
  return are_digits(cell.substr(0, point)) && (point == cell.size() || are_digits(cell.substr(point + 1)));
}

// Whether a spreadsheet might take the cell for a formula, or its guard away: behind spaces and guards stands one of
// = + - @, their wide forms, a tab or a line end.
bool LooksLikeFormula(absl::string_view cell) {
  constexpr absl::string_view kStarts[] = {
      "=", "+", "-", "@", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0", "\t", "\r", "\n"};
  if (IsPlainNumber(cell)) {
    return false;
  }
  const absl::string_view start = cell.substr(std::min(cell.find_first_not_of(" '"), cell.size()));
  return std::any_of(std::begin(kStarts), std::end(kStarts),
                     [start](absl::string_view each) { return absl::StartsWith(start, each); });
}

void TakeGuardAway(std::string& cell) {
  if (absl::StartsWith(cell, "'") && LooksLikeFormula(absl::string_view(cell).substr(1))) {
    cell.erase(0, 1);
  }
}

class CsvReader {
 public:
  CsvReader(absl::string_view text, TakeRow take) : rest_(text), separator_(SeparatorOf(text)), take_(take) {}

  absl::Status Read() {
    while (!rest_.empty()) {
      if (++row_.number > kTableRowsMax) {
        return Refused("CSV_ROWS", absl::StrCat("more than ", kTableRowsMax, " rows; split the file"));
      }
      MEGURI_RETURN_IF_ERROR(ReadRow());
      const auto has_text = [](const std::string& cell) { return !cell.empty(); };
      if (std::any_of(row_.cells.begin(), row_.cells.end(), has_text)) {
        MEGURI_RETURN_IF_ERROR(take_(row_));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadRow() {
    size_t count = 0;
    for (bool is_last = false; !is_last; ++count) {
      if (count == kTableColumnsMax) {
        return Refused("CSV_COLUMNS", absl::StrCat("more than ", kTableColumnsMax, " cells"));
      }
      if (row_.cells.size() == count) {
        row_.cells.emplace_back();
      }
      row_.cells[count].clear();
      MEGURI_RETURN_IF_ERROR(ReadCell(row_.cells[count]));
      TakeGuardAway(row_.cells[count]);
      is_last = EndOfCell();
    }
    row_.cells.resize(count);
    return absl::OkStatus();
  }

  // Leaves rest_ at the separator, the line end, or empty.
  absl::Status ReadCell(std::string& cell) {
    if (rest_.empty() || rest_[0] != '"') {
      const char ends[] = {separator_, '\r', '\n', '\0'};
      const size_t size = std::min(rest_.size(), rest_.find_first_of(absl::string_view(ends, 3)));
      MEGURI_RETURN_IF_ERROR(CheckSize(size));
      cell.assign(rest_.data(), size);
      rest_.remove_prefix(size);
      return absl::OkStatus();
    }
    rest_.remove_prefix(1);
    while (true) {
      const size_t quote = rest_.find('"');
      if (quote == absl::string_view::npos) {
        return Refused("CSV_SYNTAX", "a quote that is opened is never closed");
      }
      MEGURI_RETURN_IF_ERROR(CheckSize(cell.size() + quote));
      cell.append(rest_.data(), quote);
      rest_.remove_prefix(quote + 1);
      if (rest_.empty() || rest_[0] != '"') {
        break;
      }
      cell.push_back('"');
      rest_.remove_prefix(1);
    }
    const bool ends_well = rest_.empty() || rest_[0] == separator_ || rest_[0] == '\r' || rest_[0] == '\n';
    return ends_well ? absl::OkStatus()
                     : Refused("CSV_SYNTAX", "text follows a closing quote; quotes within a cell are doubled");
  }

  // Steps over what ends a cell; says whether it ended the row.
  bool EndOfCell() {
    if (rest_.empty()) {
      return true;
    }
    const char end = rest_[0];
    rest_.remove_prefix(1);
    if (end == '\r' && !rest_.empty() && rest_[0] == '\n') {
      rest_.remove_prefix(1);
    }
    return end != separator_;
  }

  absl::Status CheckSize(size_t size) const {
    return size <= kTableCellBytesMax
               ? absl::OkStatus()
               : Refused("CSV_CELL_SIZE",
                         absl::StrCat("a cell of more than ", kTableCellBytesMax, " bytes; is a quote missing?"));
  }

  absl::Status Refused(absl::string_view reason, absl::string_view message) const {
    return Error(absl::StatusCode::kInvalidArgument, reason, absl::StrCat("row ", row_.number, ": ", message));
  }

  absl::string_view rest_;
  const char separator_;
  const TakeRow take_;
  TableRow row_;
};

}  // namespace

absl::Status ReadCsv(absl::string_view text, TakeRow take) { return CsvReader(text, take).Read(); }

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = absl::StrCat(LooksLikeFormula(cells[i]) ? "'" : "", cells[i]);
    const bool needs_quotes =
        cell.find_first_of("\",;\t\r\n") != std::string::npos || (cells.size() == 1 && cell.empty());
    absl::StrAppend(&line, i == 0 ? "" : ",");
    if (needs_quotes) {
      absl::StrAppend(&line, "\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
    } else {
      line += cell;
    }
  }
  return line + "\r\n";
}

}  // namespace meguri::passport
