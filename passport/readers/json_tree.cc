// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/json_tree.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "passport/readers/json_guard.h"
#include "passport/readers/text_encoding.h"

namespace meguri::passport {
namespace {

using nlohmann::json;

constexpr int kNumberOutOfRange = 406;  // the parser's number for it

// Builds the tree of a text that the guard has let pass, and stops where it is no JSON.
class TreeBuilder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return Leaf(InputNode::Kind::kNull, "null"); }
  bool boolean(bool value) override { return Leaf(InputNode::Kind::kBool, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Leaf(InputNode::Kind::kNumber, absl::StrCat(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Leaf(InputNode::Kind::kNumber, absl::StrCat(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Leaf(InputNode::Kind::kNumber, text); }
  bool string(string_t& text) override { return Leaf(InputNode::Kind::kString, std::move(text)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Enter(InputNode::Kind::kObject); }
  bool start_array(std::size_t) override { return Enter(InputNode::Kind::kArray); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    name_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    return error.id == kNumberOutOfRange
               ? Refuse("JSON_NUMBER", absl::StrCat("the number that ends at byte ", position, " is beyond 1.8e308"))
               : Refuse("JSON_SYNTAX", absl::StrCat("there is no JSON at byte ", position));
  }

  const absl::Status& status() const { return status_; }
  InputNode TakeRoot() { return std::move(root_); }

 private:
  bool Leaf(InputNode::Kind kind, std::string text) { return Add({kind, std::move(name_), std::move(text), {}}); }

  bool Add(InputNode node) {
    name_.clear();
    (levels_.empty() ? root_ : levels_.back().children.emplace_back()) = std::move(node);
    return true;
  }

  bool Enter(InputNode::Kind kind) {
    levels_.push_back({kind, std::move(name_), "", {}});
    name_.clear();
    return true;
  }

  bool Leave() {
    InputNode node = std::move(levels_.back());
    levels_.pop_back();
    name_ = node.name;  // Add forgets it
    return Add(std::move(node));
  }

  bool Refuse(absl::string_view reason, absl::string_view message) {
    status_ = Error(absl::StatusCode::kInvalidArgument, reason, message);
    return false;
  }

  std::vector<InputNode> levels_;
  std::string name_;  // of the value that comes next
  InputNode root_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<InputNode> ReadJsonTree(absl::string_view bytes) {
  const absl::optional<absl::string_view> plain = ViewUtf8(bytes);
  // Decoding makes a copy of up to one and a half times the size.
  const size_t bytes_max = plain.has_value() ? kJsonTreeBytesMax : kJsonTreeBytesMax / 2;
  if (bytes.size() > bytes_max) {
    return Error(absl::StatusCode::kInvalidArgument, "JSON_SIZE",
                 absl::StrCat("the JSON text has ", bytes.size(), " bytes; at most ", bytes_max, " are allowed"));
  }
  std::string decoded;
  if (!plain.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(decoded, DecodeText(bytes));
  }
  const absl::string_view text = plain.value_or(decoded);
  const absl::optional<JsonOffence> offence =
      FindJsonOffence(text, {.depth = kJsonTreeDepthMax, .values = kInputNodesMax});
  if (offence.has_value()) {
    return Error(absl::StatusCode::kInvalidArgument, offence->reason,
                 absl::StrCat(offence->path, offence->path.empty() ? "" : ": ", offence->found));
  }
  TreeBuilder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder)) {
    return builder.status().ok() ? Error(absl::StatusCode::kInvalidArgument, "JSON_SYNTAX", "the text is not JSON")
                                 : builder.status();
  }
  return builder.TakeRoot();
}

}  // namespace meguri::passport
