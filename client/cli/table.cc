// SPDX-License-Identifier: Apache-2.0
#include "client/cli/table.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "base/error.h"

namespace meguri::client {
namespace {

constexpr size_t kGap = 2;
constexpr uint32_t kNotUtf8 = 0xFFFFFFFF;

struct Range {
  uint32_t first;
  uint32_t last;
};

// East Asian Wide and Fullwidth blocks, and the pictographs that terminals draw over two columns.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};
// Combining marks, variation selectors and joiners.
constexpr Range kZero[] = {
    {0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},   {0x20D0, 0x20FF},
    {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};
// What moves the cursor, breaks a line or turns the reading direction.
constexpr Range kSteering[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

bool IsIn(uint32_t code_point, absl::Span<const Range> ranges) {
  return absl::c_any_of(
      ranges, [code_point](const Range& range) { return code_point >= range.first && code_point <= range.last; });
}

struct Character {
  uint32_t code_point;  // kNotUtf8 if the byte begins none
  size_t size;
};

// The shortest-form rules of UTF-8: longer forms and surrogates are no characters.
Character FirstCharacter(absl::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (size == 1) {
    return {lead, 1};
  }
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) {
    return {kNotUtf8, 1};
  }
  uint32_t code_point = lead & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0U) != 0x80) {
      return {kNotUtf8, 1};
    }
    code_point = code_point << 6U | (byte & 0x3FU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[size] || code_point > 0x10FFFF || is_surrogate) {
    return {kNotUtf8, 1};
  }
  return {code_point, size};
}

void AppendAligned(absl::string_view cell, size_t width, bool right_aligned, std::string& line) {
  const std::string padding(width - DisplayWidth(cell), ' ');
  absl::StrAppend(&line, right_aligned ? padding : "", cell, right_aligned ? "" : padding);
}

}  // namespace

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    width += IsIn(character.code_point, kZero) ? 0 : IsIn(character.code_point, kWide) ? 2 : 1;
    text.remove_prefix(character.size);
  }
  return width;
}

std::string Harmless(absl::string_view text) {
  std::string harmless;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    if (character.code_point == kNotUtf8) {
      absl::StrAppendFormat(&harmless, "\\x%02x", static_cast<uint8_t>(text[0]));
    } else if (IsIn(character.code_point, kSteering)) {
      absl::StrAppendFormat(&harmless, "\\u%04x", character.code_point);
    } else {
      absl::StrAppend(&harmless, text.substr(0, character.size));
    }
    text.remove_prefix(character.size);
  }
  return harmless;
}

void Table::Add(std::vector<std::string> cells) {
  Invariant(cells.size() == columns_.size(), "a table row has a cell for every column");
  for (std::string& cell : cells) {
    cell = Harmless(cell);
  }
  rows_.push_back(std::move(cells));
}

std::string Table::Layout() const {
  std::vector<std::vector<std::string>> lines;
  if (!rows_.empty() && absl::c_any_of(columns_, [](const Column& column) { return !column.heading.empty(); })) {
    std::vector<std::string>& heading = lines.emplace_back();
    for (const Column& column : columns_) {
      heading.push_back(column.heading);
    }
  }
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<size_t> widths(columns_.size(), 0);
  for (const std::vector<std::string>& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(line[i]));
    }
  }
  std::string layout;
  for (const std::vector<std::string>& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      text.append(i == 0 ? 0 : kGap, ' ');
      AppendAligned(line[i], widths[i], columns_[i].right_aligned, text);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    absl::StrAppend(&layout, text, "\n");
  }
  return layout;
}

}  // namespace meguri::client
