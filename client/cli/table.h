// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace meguri::client {

// Columns that `text` takes on a terminal: two for a full-width character, none for a combining one. Bytes that are
// not UTF-8 count one each.
size_t DisplayWidth(absl::string_view text);

// `text` without the power to steer a terminal: control characters, line breaks and directional overrides are written
// as escapes, bytes that are not UTF-8 too.
std::string Harmless(absl::string_view text);

// Rows under a heading, in columns that align.
class Table {
 public:
  struct Column {
    std::string heading;
    bool right_aligned = false;  // numbers
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Two columns without a heading: a name and its value.
  static Table OfPairs() { return Table({{"", false}, {"", false}}); }

  // As many cells as there are columns; made harmless.
  void Add(std::vector<std::string> cells);
  size_t size() const { return rows_.size(); }
  // One line each, the heading first if there is one and there are rows; no blanks at the end of a line.
  std::string Layout() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace meguri::client
