// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/path.h"

#include "absl/strings/str_cat.h"

namespace meguri::passport {

std::string Path::ToString() const {
  std::string text;
  AppendTo(text);
  return text;
}

std::string Path::At(absl::string_view name) const { return Field(name).ToString(); }

void Path::AppendTo(std::string& text) const {
  if (parent_ != nullptr) {
    parent_->AppendTo(text);
    text.push_back('.');
  }
  absl::StrAppend(&text, name_);
  if (index_ != kNoIndex) {
    absl::StrAppend(&text, "[", index_, "]");
  }
}

}  // namespace meguri::passport
