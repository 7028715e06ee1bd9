// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/json_guard.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/cut_text.h"

namespace meguri::passport {
namespace {

constexpr size_t kShownKeyBytes = 80;

bool HasEscape(absl::string_view key) { return absl::StrContains(key, '\\'); }

void AppendUtf8(uint32_t unit, std::string& text) {
  if (unit < 0x80) {
    text.push_back(static_cast<char>(unit));
    return;
  }
  if (unit < 0x800) {
    text.push_back(static_cast<char>(0xC0 | (unit >> 6)));
  } else {
    if (unit < 0x10000) {
      text.push_back(static_cast<char>(0xE0 | (unit >> 12)));
    } else {
      text.push_back(static_cast<char>(0xF0 | (unit >> 18)));
      text.push_back(static_cast<char>(0x80 | ((unit >> 12) & 0x3F)));
    }
    text.push_back(static_cast<char>(0x80 | ((unit >> 6) & 0x3F)));
  }
  text.push_back(static_cast<char>(0x80 | (unit & 0x3F)));
}

// The four digits after \u, or nullopt.
absl::optional<uint32_t> HexUnit(absl::string_view digits) {
  uint32_t unit = 0;
  return digits.size() == 4 && absl::SimpleHexAtoi(digits, &unit) ? absl::make_optional(unit) : absl::nullopt;
}

// What stands between the quotes, without escapes: "\u0061" is "a".
std::string Unescaped(absl::string_view key) {
  constexpr absl::string_view kShort = "bfnrt";
  constexpr absl::string_view kMeaning = "\b\f\n\r\t";
  std::string text;
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] != '\\' || i + 1 == key.size()) {
      text.push_back(key[i]);
      continue;
    }
    ++i;
    const size_t place = kShort.find(key[i]);
    const absl::optional<uint32_t> first = key[i] == 'u' ? HexUnit(key.substr(i + 1, 4)) : absl::nullopt;
    if (!first.has_value()) {
      text.push_back(place == absl::string_view::npos ? key[i] : kMeaning[place]);
      continue;
    }
    i += 4;
    uint32_t unit = *first;
    const absl::string_view rest = key.substr(i + 1);
    const absl::optional<uint32_t> second = absl::StartsWith(rest, "\\u") ? HexUnit(rest.substr(2, 4)) : absl::nullopt;
    if ((unit & 0xFC00) == 0xD800 && second.has_value() && (*second & 0xFC00) == 0xDC00) {
      unit = 0x10000 + ((unit & 0x3FF) << 10) + (*second & 0x3FF);
      i += 6;
    }
    AppendUtf8(unit, text);
  }
  return text;
}

// Keys as they stand in the text, compared by what they mean.
struct KeyHash {
  size_t operator()(absl::string_view key) const {
    return HasEscape(key) ? absl::HashOf(absl::string_view(Unescaped(key))) : absl::HashOf(key);
  }
};
struct KeysEqual {
  bool operator()(absl::string_view a, absl::string_view b) const {
    return HasEscape(a) || HasEscape(b) ? Unescaped(a) == Unescaped(b) : a == b;
  }
};

class JsonGuard {
 public:
  JsonGuard(absl::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  absl::optional<JsonOffence> Run() {
    while (!offence_.has_value() && at_ < text_.size()) {
      Step();
    }
    return std::move(offence_);
  }

 private:
  struct Level {
    bool is_array = false;
    uint64_t index = 0;      // of an array: elements so far
    absl::string_view key;   // of an object: the one that is being read
    bool awaits_key = true;  // of an object
    absl::flat_hash_set<absl::string_view, KeyHash, KeysEqual> keys;
  };

  // Takes the next token.
  void Step() {
    const char c = text_[at_];
    if (c == '"') {
      TakeString();
    } else if (c == '{' || c == '[') {
      Enter(c == '[');
      ++at_;
    } else if (c == '}' || c == ']') {
      Leave();
      ++at_;
    } else if (c == ',') {
      if (!levels_.empty()) {
        ++levels_.back().index;
        levels_.back().awaits_key = true;
      }
      ++at_;
    } else if (c == ':' || absl::ascii_isspace(static_cast<unsigned char>(c))) {
      ++at_;
    } else {
      CountValue();
      while (at_ < text_.size() && !absl::StrContains("\"{}[],: \t\r\n", text_[at_])) {
        ++at_;
      }
    }
  }

  void TakeString() {
    const size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    const absl::string_view string = text_.substr(begin, at_ - begin);
    ++at_;
    if (levels_.empty() || levels_.back().is_array || !levels_.back().awaits_key) {
      CountValue();
      return;
    }
    Level& level = levels_.back();
    level.awaits_key = false;
    level.key = string;
    if (!level.keys.insert(string).second) {
      Refuse("JSON_DUPLICATE_KEY", "the key occurs twice");
    } else if (++open_keys_ > kJsonOpenKeysMax) {
      Refuse("JSON_KEYS", absl::StrCat("more than ", kJsonOpenKeysMax, " members in the objects around this place"));
    }
  }

  void CountValue() {
    if (++values_ > limits_.values) {
      Refuse("JSON_NODES", absl::StrCat("more than ", limits_.values, " values"));
    }
  }

  void Enter(bool is_array) {
    CountValue();
    if (levels_.size() == limits_.depth) {
      Refuse("JSON_DEPTH", absl::StrCat("nested deeper than ", limits_.depth, " levels"));
      return;
    }
    levels_.emplace_back().is_array = is_array;
  }

  void Leave() {
    if (!levels_.empty()) {
      open_keys_ -= levels_.back().keys.size();
      levels_.pop_back();
    }
  }

  void Refuse(absl::string_view reason, std::string found) {
    std::string path;
    for (const Level& level : levels_) {
      if (level.is_array) {
        absl::StrAppend(&path, "[", level.index, "]");
      } else if (!level.key.empty()) {
        absl::StrAppend(&path, path.empty() ? "" : ".", Unescaped(CutText(level.key, kShownKeyBytes)));
      }
    }
    offence_ = JsonOffence{std::string(reason), std::move(path), std::move(found)};
  }

  const absl::string_view text_;
  const JsonLimits limits_;
  size_t at_ = 0;
  size_t values_ = 0;
  size_t open_keys_ = 0;
  std::vector<Level> levels_;
  absl::optional<JsonOffence> offence_;
};

}  // namespace

absl::optional<JsonOffence> FindJsonOffence(absl::string_view text, const JsonLimits& limits) {
  // The parser takes a byte of value 0 for the end, and would leave out in silence what stands behind it.
  const size_t zero = text.find('\0');
  if (zero != absl::string_view::npos) {
    return JsonOffence{"JSON_SYNTAX", "", absl::StrCat("no JSON at byte ", zero, ": a byte of value 0")};
  }
  return JsonGuard(text, limits).Run();
}

}  // namespace meguri::passport
