// SPDX-License-Identifier: Apache-2.0
#include "tests/vectors/json.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "nlohmann/json.hpp"

namespace meguri::vectors {
namespace {

std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", std::string(1, c));
    } else if (c == '\n') {
      absl::StrAppend(&out, "\\n");
    } else {
      Invariant(static_cast<unsigned char>(c) >= 0x20, "vectors hold control characters in hexadecimal only");
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace

Json Json::Object(Members members) {
  Json json;
  json.members_ = std::move(members);
  return json;
}

Json Json::HexList(const std::vector<record::Hash>& hashes) {
  std::vector<Json> items;
  items.reserve(hashes.size());
  for (const record::Hash& hash : hashes) {
    items.push_back(Hex(hash.view()));
  }
  return Json(std::move(items));
}

std::string Json::ToText() const {
  std::string out;
  AppendTo(out, "\n");
  return out + "\n";
}

void Json::AppendTo(std::string& out, const std::string& indent) const {
  const std::string inner = indent + "  ";
  absl::string_view separator;
  switch (kind_) {
    case Kind::kText:
      absl::StrAppend(&out, Quoted(text_));
      return;
    case Kind::kNumber:
      absl::StrAppend(&out, number_);
      return;
    case Kind::kList:
      absl::StrAppend(&out, "[");
      for (const Json& item : items_) {
        absl::StrAppend(&out, separator, inner);
        item.AppendTo(out, inner);
        separator = ",";
      }
      absl::StrAppend(&out, items_.empty() ? "" : indent, "]");
      return;
    case Kind::kObject:
      absl::StrAppend(&out, "{");
      for (const auto& [name, value] : members_) {
        absl::StrAppend(&out, separator, inner, Quoted(name), ": ");
        value.AppendTo(out, inner);
        separator = ",";
      }
      absl::StrAppend(&out, members_.empty() ? "" : indent, "}");
      return;
  }
}

namespace {

Json FromValue(const nlohmann::ordered_json& value) {
  if (value.is_array()) {
    std::vector<Json> items;
    items.reserve(value.size());
    for (const nlohmann::ordered_json& item : value) {
      items.push_back(FromValue(item));
    }
    return Json(std::move(items));
  }
  if (value.is_object()) {
    Json::Members members;
    for (const auto& [name, member] : value.items()) {
      members.emplace_back(name, FromValue(member));
    }
    return Json::Object(std::move(members));
  }
  if (value.is_number_unsigned()) {
    return Json(value.get<uint64_t>());
  }
  Invariant(value.is_string(), "vectors hold text, numbers, lists and objects");
  return Json(value.get<std::string>());
}

}  // namespace

// Not protobuf's: under ThreadSanitizer its maps are laid out in another way than in Debian's library.
Json Json::Parse(const std::string& text) {
  const nlohmann::ordered_json value = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  Invariant(!value.is_discarded(), "vectors are JSON");
  return FromValue(value);
}

const std::string& Json::text() const {
  Invariant(kind_ == Kind::kText, "the vector holds a text here");
  return text_;
}

uint64_t Json::number() const {
  Invariant(kind_ == Kind::kNumber, "the vector holds a number here");
  return number_;
}

const std::vector<Json>& Json::items() const {
  Invariant(kind_ == Kind::kList, "the vector holds a list here");
  return items_;
}

bool Json::Has(absl::string_view name) const {
  return std::any_of(members_.begin(), members_.end(), [&](const auto& member) { return member.first == name; });
}

const Json& Json::operator[](absl::string_view name) const {
  const auto found =
      std::find_if(members_.begin(), members_.end(), [&](const auto& member) { return member.first == name; });
  Invariant(found != members_.end(), absl::StrCat("the vector has a member ", name));
  return found->second;
}

std::string Json::bytes() const {
  std::string bytes;
  Invariant(FromHex(text(), bytes), absl::StrCat("hexadecimal: ", text()));
  return bytes;
}

record::Hash Json::hash() const { return record::Hash::Parse(bytes()).value(); }

Json ReadVectors(absl::string_view name) {
  const std::string path = absl::StrCat(MEGURI_SOURCE_DIR, "/tests/vectors/", name);
  std::ifstream file(path);
  Invariant(file.good(), absl::StrCat("can read ", path));
  std::stringstream text;
  text << file.rdbuf();
  return Json::Parse(text.str());
}

}  // namespace meguri::vectors
