// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/xlsx_cells.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/types/optional.h"

namespace meguri::passport {
namespace {

constexpr size_t kShownDigits = 15;
constexpr int64_t kSecondsADay = 86'400;
constexpr double kDaysMax = 2'958'466;     // 10000-01-01
constexpr int64_t kFebruary29Of1900 = 60;  // a day that spreadsheets count and the calendar does not have

// Formats that ECMA-376 18.8.30 fixes; 27 to 36 and 50 to 58 are dates in East Asian ones.
bool IsDateFormat(uint64_t id) {
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

// Whether a format of one's own shows a date: year, month, day or hour outside quotes and brackets.
bool IsDateFormat(absl::string_view code) {
  bool is_quoted = false;
  bool is_bracketed = false;
  for (size_t i = 0; i < code.size(); ++i) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(code[i]));
    if (c == '"') {
      is_quoted = !is_quoted;
    } else if (is_quoted) {
      continue;
    } else if (c == '\\' || c == '_' || c == '*') {
      ++i;  // the next character stands for itself
    } else if (c == '[' || c == ']') {
      is_bracketed = c == '[';
    } else if (!is_bracketed && (c == 'y' || c == 'd' || c == 'h' || c == 'm' || c == 'e' || c == 'g')) {
      // General and E+ are numbers.
      if (absl::StartsWithIgnoreCase(code.substr(i), "general") ||
          (c == 'e' && i + 1 < code.size() && (code[i + 1] == '+' || code[i + 1] == '-'))) {
        return false;
      }
      return true;
    }
  }
  return false;
}

// Whether a format of one's own shows a percentage: a sign outside quotes that does not stand for itself.
bool IsPercentFormat(absl::string_view code) {
  bool is_quoted = false;
  for (size_t i = 0; i < code.size() && (is_quoted || code[i] != ';'); ++i) {
    if (code[i] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && (code[i] == '\\' || code[i] == '_' || code[i] == '*')) {
      ++i;
    } else if (!is_quoted && code[i] == '%') {
      return true;
    }
  }
  return false;
}

constexpr size_t kEscapeSize = 7;  // _xHHHH_

// The UTF-16 unit of an escape that `text` begins with.
absl::optional<uint32_t> EscapeAt(absl::string_view text) {
  uint32_t unit = 0;
  const absl::string_view digits = text.substr(0, kEscapeSize).substr(std::min<size_t>(text.size(), 2), 4);
  const bool is_escape = text.size() >= kEscapeSize && absl::StartsWith(text, "_x") && text[kEscapeSize - 1] == '_' &&
                         std::all_of(digits.begin(), digits.end(),
                                     [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
  return is_escape && absl::SimpleHexAtoi(digits, &unit) ? absl::make_optional(unit) : absl::nullopt;
}

bool IsHighSurrogate(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLowSurrogate(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// `code` is a character beyond U+0000 and no surrogate.
void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out.push_back(static_cast<char>(kLead[more] | (code >> (6 * more))));
  for (int i = more - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F)));
  }
}

std::string AttributeOf(InputNode& element, absl::string_view name) {
  const InputNode* attribute = element.Find(absl::StrCat("@", name));
  return attribute == nullptr ? "" : attribute->text;
}

// The digits of a number without sign, point and leading zeros.
size_t SignificantDigits(absl::string_view text) {
  size_t count = 0;
  for (const char c : text) {
    if (c == 'e' || c == 'E') {
      break;
    }
    count += absl::ascii_isdigit(static_cast<unsigned char>(c)) && (count > 0 || c != '0') ? 1 : 0;
  }
  return count;
}

std::string DateText(double days, bool is_1904) {
  auto seconds = static_cast<int64_t>(std::llround(days * static_cast<double>(kSecondsADay)));
  const int64_t day = seconds / kSecondsADay;
  seconds %= kSecondsADay;
  if (!is_1904 && day == kFebruary29Of1900) {
    return "1900-02-29";  // as it is shown: the rules refuse it, as no calendar has it
  }
  const absl::CivilDay first = is_1904                   ? absl::CivilDay(1904, 1, 1)
                               : day < kFebruary29Of1900 ? absl::CivilDay(1899, 12, 31)
                                                         : absl::CivilDay(1899, 12, 30);
  const std::string date = absl::FormatCivilTime(first + day);
  return seconds == 0
             ? date
             : absl::StrCat(date, absl::StrFormat("T%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60));
}

}  // namespace

XlsxCellType ParseXlsxCellType(absl::string_view type) {
  return type == "s"                   ? XlsxCellType::kShared
         : type == "b"                 ? XlsxCellType::kBoolean
         : type.empty() || type == "n" ? XlsxCellType::kNumber
                                       : XlsxCellType::kText;
}

std::string DecodeXlsxText(absl::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t plain = std::min(text.find("_x"), text.size());
    absl::StrAppend(&out, text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) {
      break;
    }
    const absl::optional<uint32_t> unit = EscapeAt(text);
    uint32_t code = unit.value_or(0);
    size_t used = kEscapeSize;
    if (IsHighSurrogate(code)) {
      const absl::optional<uint32_t> low = EscapeAt(text.substr(kEscapeSize));
      code = low.has_value() && IsLowSurrogate(*low) ? 0x10000 + ((code - 0xD800) << 10) + (*low - 0xDC00) : 0;
      used = 2 * kEscapeSize;
    } else if (IsLowSurrogate(code)) {
      code = 0;
    }
    if (code == 0) {
      out.push_back('_');
      text.remove_prefix(1);
    } else {
      AppendUtf8(code, out);
      text.remove_prefix(used);
    }
  }
  return out;
}

std::string EncodeXlsxText(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_control = byte < 0x20 && byte != '\n' && byte != '\t' && byte != 0;
    if (is_control || (byte == '_' && EscapeAt(text.substr(i)).has_value())) {
      absl::StrAppend(&out, absl::StrFormat("_x%04X_", byte));
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool ParseXlsxColumn(absl::string_view place, size_t& column) {
  size_t number = 0;
  size_t letters = 0;
  while (letters < place.size() && place[letters] >= 'A' && place[letters] <= 'Z') {
    number = number * 26 + static_cast<size_t>(place[letters] - 'A') + 1;
    if (++letters > 3) {
      return false;
    }
  }
  column = number - 1;
  return letters > 0;
}

XlsxNumberForms::Form XlsxNumberForms::FormOf(uint64_t format_id) {
  constexpr uint64_t kPercentFormats[] = {9, 10};  // 0% and 0.00%
  return IsDateFormat(format_id)                                                             ? Form::kDate
         : std::count(std::begin(kPercentFormats), std::end(kPercentFormats), format_id) > 0 ? Form::kPercent
                                                                                             : Form::kNumber;
}

XlsxNumberForms::Form XlsxNumberForms::FormOf(absl::string_view format_code) {
  return IsDateFormat(format_code) ? Form::kDate : IsPercentFormat(format_code) ? Form::kPercent : Form::kNumber;
}

XlsxNumberForms::XlsxNumberForms(InputNode& styles, bool is_1904) : is_1904_(is_1904) {
  std::map<std::string, Form> own_formats;
  if (InputNode* formats = styles.Find("numFmts")) {
    for (InputNode& format : formats->children) {
      own_formats[AttributeOf(format, "numFmtId")] = FormOf(AttributeOf(format, "formatCode"));
    }
  }
  if (InputNode* cell_styles = styles.Find("cellXfs")) {
    for (InputNode& style : cell_styles->children) {
      if (style.name != "xf") {
        continue;  // an attribute
      }
      const std::string id = AttributeOf(style, "numFmtId");
      const auto own = own_formats.find(id);
      uint64_t number = 0;
      forms_.push_back(own != own_formats.end()        ? own->second
                       : absl::SimpleAtoi(id, &number) ? FormOf(number)
                                                       : Form::kNumber);
    }
  }
}

std::string XlsxNumberForms::NumberText(absl::string_view stored, size_t style) const {
  const Form form = style < forms_.size() ? forms_[style] : Form::kNumber;
  double number = 0;
  if ((form == Form::kNumber && SignificantDigits(stored) <= kShownDigits) || !absl::SimpleAtod(stored, &number) ||
      !std::isfinite(number)) {
    return std::string(stored);
  }
  if (form == Form::kDate && number >= 0 && number < kDaysMax) {
    return DateText(number, is_1904_);
  }
  if (form == Form::kPercent) {
    return absl::StrFormat("%.15g%%", number * 100);
  }
  return absl::StrFormat("%.15g", number);
}

}  // namespace meguri::passport
