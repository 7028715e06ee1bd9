// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace meguri::passport {

// A JSON value that is written with its numbers as they are: they never pass through binary floating point. Members
// keep their order.
class JsonNode {
 public:
  static JsonNode Object() { return JsonNode(Kind::kObject, ""); }
  static JsonNode Array() { return JsonNode(Kind::kArray, ""); }
  static JsonNode Text(absl::string_view utf8) { return JsonNode(Kind::kText, utf8); }
  // `text` follows the number grammar of JSON, as that of decimal.proto does.
  static JsonNode Number(absl::string_view text) { return JsonNode(Kind::kLiteral, text); }
  static JsonNode Bool(bool value) { return JsonNode(Kind::kLiteral, value ? "true" : "false"); }

  // Of an object: adds a member. The name is new.
  JsonNode& Set(absl::string_view name, JsonNode value);
  JsonNode& Set(absl::string_view name, absl::string_view text) { return Set(name, Text(text)); }
  // Of an array.
  JsonNode& Add(JsonNode value);

  // Of an object or array: its members or elements.
  size_t size() const { return children_.size(); }
  // With two spaces of indentation and a last newline.
  std::string Print() const;

 private:
  enum class Kind { kObject, kArray, kText, kLiteral };
  JsonNode(Kind kind, absl::string_view text) : kind_(kind), text_(text) {}
  void Append(size_t depth, std::string& out) const;

  Kind kind_;
  std::string text_;
  std::vector<std::pair<std::string, JsonNode>> children_;  // of an array: without names
};

}  // namespace meguri::passport
