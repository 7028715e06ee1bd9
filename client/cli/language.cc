// SPDX-License-Identifier: Apache-2.0
#include "client/cli/language.h"

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace meguri::client {

Language LanguageOf(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment) {
  std::string choice;
  for (const char* name : {"LANG", "LC_MESSAGES", "LC_ALL"}) {
    const auto found = environment.find(name);
    choice = found != environment.end() && !found->second.empty() ? found->second : choice;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument == "--lang" && i + 1 < arguments.size()) {
      choice = arguments[i + 1];
    } else if (absl::ConsumePrefix(&argument, "--lang=")) {
      choice = std::string(argument);
    }
  }
  return absl::StartsWith(choice, "ja") ? Language::kJapanese : Language::kEnglish;
}

}  // namespace meguri::client
