// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace meguri::client {

enum class Language { kJapanese, kEnglish };

// Of `--lang` among `arguments`, else of LC_ALL, LC_MESSAGES or LANG: Japanese if it begins with "ja".
Language LanguageOf(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment);

}  // namespace meguri::client
