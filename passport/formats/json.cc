// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/json.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "passport/readers/json_guard.h"

namespace meguri::passport {
namespace {

constexpr int kIndent = 2;

absl::Status Refused(absl::string_view reason, std::string path, std::string found, std::string message_ja) {
  return InvalidInput({{.field = std::move(path),
                        .reason = std::string(reason),
                        .found = std::move(found),
                        .expected = "one JSON text in UTF-8 without repeated keys",
                        .cure = "correct the file there",
                        .message_ja = std::move(message_ja)}});
}

std::string InJapanese(absl::string_view reason) {
  if (reason == "JSON_DEPTH") {
    return "JSON の入れ子が深すぎます。";
  }
  if (reason == "JSON_SYNTAX") {
    return "JSON の構文が正しくありません。";
  }
  return reason == "JSON_DUPLICATE_KEY" ? "キーが重複しています。" : "JSON のキーまたは値が多すぎます。";
}

// Reads through a text without building anything, and says where it stops being JSON.
class SyntaxCheck final : public nlohmann::json_sax<Json> {
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
    levels_.back().key = name;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    status_ =
        Refused("JSON_SYNTAX", Path(), absl::StrCat("no JSON at byte ", position), "JSON の構文が正しくありません。");
    return false;
  }

  const absl::Status& status() const { return status_; }

 private:
  struct Level {
    bool is_array = false;
    uint64_t index = 0;  // of an array: elements so far
    std::string key;     // of an object: the one that is being read
  };

  // Counts an element of the array that holds it.
  bool Value() {
    if (!levels_.empty() && levels_.back().is_array) {
      ++levels_.back().index;
    }
    return true;
  }

  bool Enter(bool is_array) {
    levels_.push_back({.is_array = is_array, .index = 0, .key = {}});
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

  std::vector<Level> levels_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  if (text.size() > kJsonBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "JSON_SIZE",
                 absl::StrCat("the JSON text has ", text.size(), " bytes; at most ", kJsonBytesMax, " are allowed"));
  }
  // The parser takes the last of two equal keys in silence, and knows no limit of depth.
  const absl::optional<JsonOffence> offence = FindJsonOffence(text, {.depth = kJsonDepthMax, .values = kJsonValuesMax});
  if (offence.has_value()) {
    return Refused(offence->reason, offence->path, offence->found, InJapanese(offence->reason));
  }
  SyntaxCheck check;
  Json::sax_parse(text.begin(), text.end(), &check);
  if (!check.status().ok()) {
    return check.status();
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
