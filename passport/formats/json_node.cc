// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/json_node.h"

#include "absl/strings/str_cat.h"
#include "passport/formats/json.h"

namespace meguri::passport {
namespace {

constexpr size_t kIndent = 2;

std::string Quote(const std::string& text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

JsonNode& JsonNode::Set(absl::string_view name, JsonNode value) {
  children_.emplace_back(std::string(name), std::move(value));
  return *this;
}

JsonNode& JsonNode::Add(JsonNode value) {
  children_.emplace_back("", std::move(value));
  return *this;
}

std::string JsonNode::Print() const {
  std::string out;
  Append(0, out);
  return out + "\n";
}

// Recursion is bounded: formats nest no deeper than the sections that they are made of.
void JsonNode::Append(size_t depth, std::string& out) const {
  if (kind_ == Kind::kText || kind_ == Kind::kLiteral) {
    out += kind_ == Kind::kText ? Quote(text_) : text_;
    return;
  }
  const bool is_object = kind_ == Kind::kObject;
  out += is_object ? "{" : "[";
  for (size_t i = 0; i < children_.size(); ++i) {
    const auto& [name, value] = children_[i];
    absl::StrAppend(&out, i == 0 ? "\n" : ",\n", std::string((depth + 1) * kIndent, ' '));
    if (is_object) {
      absl::StrAppend(&out, Quote(name), ": ");
    }
    value.Append(depth + 1, out);
  }
  if (!children_.empty()) {
    absl::StrAppend(&out, "\n", std::string(depth * kIndent, ' '));
  }
  out += is_object ? "}" : "]";
}

}  // namespace meguri::passport
