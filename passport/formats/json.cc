// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/json.h"

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "passport/rules/rule.h"

namespace meguri::passport {
namespace {

constexpr int kIndent = 2;

// Reads through a text without building anything, and stops at the first thing that ParseJson refuses. The parser takes
// the last of two equal keys in silence, and knows no limit of depth.
class JsonGuard final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return Value(); }
  bool boolean(bool) override { return Value(); }
  bool number_integer(number_integer_t) override { return Value(); }
  bool number_unsigned(number_unsigned_t) override { return Value(); }
  bool number_float(number_float_t, const string_t&) override { return Value(); }
  bool string(string_t&) override { return Value(); }
  bool binary(binary_t&) override { return Value(); }
  bool start_object(std::size_t) override { return Enter(/*is_array=*/false); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return Enter(/*is_array=*/true); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.key = name;
    if (!level.keys.insert(name).second) {
      Refuse("JSON_DUPLICATE_KEY", Path(), "the key occurs twice", "キーが重複しています。");
      return false;
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    Refuse("JSON_SYNTAX", Path(), absl::StrCat("no JSON at byte ", position), "JSON の構文が正しくありません。");
    return false;
  }

  const absl::Status& status() const { return status_; }

 private:
  struct Level {
    bool is_array = false;
    uint64_t index = 0;          // of an array: elements so far
    std::string key;             // of an object: the one that is being read
    std::set<std::string> keys;  // of an object
  };

  // Counts an element of the array that holds it.
  bool Value() {
    if (!levels_.empty() && levels_.back().is_array) {
      ++levels_.back().index;
    }
    return true;
  }

  bool Enter(bool is_array) {
    if (levels_.size() == kJsonDepthMax) {
      Refuse("JSON_DEPTH", Path(), absl::StrCat("nested deeper than ", kJsonDepthMax, " levels"),
             "JSON の入れ子が深すぎます。");
      return false;
    }
    levels_.push_back({.is_array = is_array, .index = 0, .key = {}, .keys = {}});
    return true;
  }

  bool Leave() {
    levels_.pop_back();
    return Value();
  }

  std::string Path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.is_array) {
        absl::StrAppend(&path, "[", level.index, "]");
      } else if (!level.key.empty()) {
        absl::StrAppend(&path, path.empty() ? "" : ".", level.key);
      }
    }
    return path;
  }

  void Refuse(absl::string_view reason, std::string path, std::string found, std::string message_ja) {
    status_ = InvalidInput({{.field = std::move(path),
                             .reason = std::string(reason),
                             .found = std::move(found),
                             .expected = "one JSON text in UTF-8 without repeated keys",
                             .cure = "correct the file there",
                             .message_ja = std::move(message_ja)}});
  }

  std::vector<Level> levels_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  if (text.size() > kJsonBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "JSON_SIZE",
                 absl::StrCat("the JSON text has ", text.size(), " bytes; at most ", kJsonBytesMax, " are allowed"));
  }
  JsonGuard guard;
  Json::sax_parse(text.begin(), text.end(), &guard);
  if (!guard.status().ok()) {
    return guard.status();
  }
  Json value = Json::parse(text.begin(), text.end(), /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    return Error(absl::StatusCode::kInvalidArgument, "JSON_SYNTAX", "the text is not JSON");
  }
  return value;
}

std::string PrintJson(const Json& value) {
  return absl::StrCat(value.dump(kIndent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace), "\n");
}

}  // namespace meguri::passport
