// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/json_guard.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "nlohmann/json.hpp"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

using Json = nlohmann::json;

constexpr passport::JsonLimits kNoLimits{100'000, 10'000'000};

// Whether a text that is JSON repeats a key, seen as the library reads it.
struct Seen {
  bool is_json = false;
  bool repeats = false;
  size_t depth = 0;
  size_t values = 0;
};

Seen LookAt(absl::string_view text) {
  Seen seen;
  std::vector<std::set<std::string>> open;
  const auto look = [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        open.emplace_back();
        seen.depth = std::max(seen.depth, open.size());
        ++seen.values;
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        open.pop_back();
        break;
      case Json::parse_event_t::key:
        seen.repeats = !open.back().insert(parsed.get<std::string>()).second || seen.repeats;
        break;
      case Json::parse_event_t::value:
        ++seen.values;
        break;
    }
    return true;
  };
  seen.is_json = !Json::parse(text.begin(), text.end(), look, /*allow_exceptions=*/false).is_discarded();
  return seen;
}

}  // namespace
}  // namespace meguri::fuzz

// The guard, which builds nothing, says of JSON what the library sees.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const absl::string_view text = meguri::fuzz::BytesOf(data, size);
  const auto offence = passport::FindJsonOffence(text, meguri::fuzz::kNoLimits);
  if (text.find('\0') != absl::string_view::npos) {
    Invariant(offence.has_value() && offence->reason == "JSON_SYNTAX", "the library would stop reading there");
    return 0;
  }
  const meguri::fuzz::Seen seen = meguri::fuzz::LookAt(text);
  if (!seen.is_json) {
    return 0;
  }
  Invariant(offence.has_value() == seen.repeats, "a repeated key is found, and nothing else");
  Invariant(!offence.has_value() || offence->reason == "JSON_DUPLICATE_KEY", "as what it is");
  if (!seen.repeats && seen.values > 1) {
    const auto shallow = passport::FindJsonOffence(text, {seen.depth - 1, seen.values});
    Invariant(shallow.has_value() && shallow->reason == "JSON_DEPTH", "one level too many is found");
    Invariant(!passport::FindJsonOffence(text, {seen.depth, seen.values}).has_value(), "what is allowed is not");
    const auto few = passport::FindJsonOffence(text, {seen.depth, seen.values - 1});
    Invariant(few.has_value() && few->reason == "JSON_NODES", "one value too many is found");
  }
  return 0;
}
