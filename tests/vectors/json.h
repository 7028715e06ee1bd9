// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "record/hash.h"

namespace meguri::vectors {

// A JSON value as the vector files use it: text, whole numbers up to 2^53, lists, and objects that keep their order.
// Reading aborts on anything that is not there: these files are ours.
class Json {
 public:
  using Members = std::vector<std::pair<std::string, Json>>;

  Json(absl::string_view text) : kind_(Kind::kText), text_(text) {}
  Json(const char* text) : Json(absl::string_view(text)) {}
  Json(const std::string& text) : Json(absl::string_view(text)) {}
  Json(uint64_t number) : kind_(Kind::kNumber), number_(number) {}
  Json(int number) : Json(static_cast<uint64_t>(number)) {}
  Json(std::vector<Json> items) : kind_(Kind::kList), items_(std::move(items)) {}
  static Json Object(Members members);
  static Json Hex(absl::string_view bytes) { return Json(ToHex(bytes)); }
  static Json HexList(const std::vector<record::Hash>& hashes);

  static Json Parse(const std::string& text);
  // Indented by two spaces; ends with a newline.
  std::string ToText() const;

  const std::string& text() const;
  uint64_t number() const;
  const std::vector<Json>& items() const;
  bool Has(absl::string_view name) const;
  const Json& operator[](absl::string_view name) const;
  // The bytes of a text in hexadecimal, or of the member `name`.
  std::string bytes() const;
  std::string bytes(absl::string_view name) const { return (*this)[name].bytes(); }
  record::Hash hash() const;
  record::Hash hash(absl::string_view name) const { return (*this)[name].hash(); }

 private:
  enum class Kind { kText, kNumber, kList, kObject };
  Json() = default;
  void AppendTo(std::string& out, const std::string& indent) const;

  Kind kind_ = Kind::kObject;
  std::string text_;
  uint64_t number_ = 0;
  std::vector<Json> items_;
  Members members_;
};

// Reads tests/vectors/<name>.
Json ReadVectors(absl::string_view name);

}  // namespace meguri::vectors
