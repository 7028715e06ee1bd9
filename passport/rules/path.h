// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace meguri::passport {

// Where a value lies in a payload: sections.composition.nodes[0].name. A path refers to its parent and to the names it
// is made of, so that it costs nothing until somebody reads it. It must not outlive them.
class Path {
 public:
  explicit Path(absl::string_view root) : name_(root) {}

  Path Field(absl::string_view name) const& { return Path(this, name, kNoIndex); }
  Path Element(absl::string_view name, int index) const& { return Path(this, name, index); }
  // A parent that is gone at the end of the statement is none.
  Path Field(absl::string_view name) const&& = delete;
  Path Element(absl::string_view name, int index) const&& = delete;

  std::string ToString() const;
  // The text of Field(name).
  std::string At(absl::string_view name) const;

 private:
  static constexpr int kNoIndex = -1;
  Path(const Path* parent, absl::string_view name, int index) : parent_(parent), name_(name), index_(index) {}
  void AppendTo(std::string& text) const;

  const Path* parent_ = nullptr;
  absl::string_view name_;
  int index_ = kNoIndex;
};

}  // namespace meguri::passport
