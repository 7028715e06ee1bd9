// SPDX-License-Identifier: Apache-2.0
#include "client/cli/messages.h"

#include <set>

#include "client/cli/language.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri::client {
namespace {

std::set<char> PlaceholdersOf(const std::string& text) {
  std::set<char> placeholders;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '$') {
      placeholders.insert(text[i + 1]);
    }
  }
  return placeholders;
}

TEST(Messages, HaveBothLanguagesWithTheSameGaps) {
  for (int i = 0; i < static_cast<int>(Message::kCount); ++i) {
    const std::string japanese = Text(Language::kJapanese, static_cast<Message>(i));
    const std::string english = Text(Language::kEnglish, static_cast<Message>(i));
    EXPECT_FALSE(japanese.empty()) << i;
    EXPECT_FALSE(english.empty()) << i;
    EXPECT_EQ(PlaceholdersOf(japanese), PlaceholdersOf(english)) << english;
  }
}

TEST(Messages, FillGapsOnceWhateverTheValuesHold) {
  EXPECT_EQ(Text(Language::kEnglish, Message::kStatusSet, {"$1", "active"}), "$1 is active");
}

TEST(LanguageOf, PrefersTheFlagThenTheEnvironment) {
  const std::map<std::string, std::string> japan = {{"LANG", "ja_JP.UTF-8"}};
  EXPECT_EQ(LanguageOf({"record", "list"}, japan), Language::kJapanese);
  EXPECT_EQ(LanguageOf({"record", "--lang", "en", "list"}, japan), Language::kEnglish);
  EXPECT_EQ(LanguageOf({"--lang=ja"}, {}), Language::kJapanese);
  EXPECT_EQ(LanguageOf({}, {{"LANG", "ja_JP.UTF-8"}, {"LC_ALL", "C.UTF-8"}}), Language::kEnglish);
  EXPECT_EQ(LanguageOf({}, {{"LANG", "C"}, {"LC_MESSAGES", "ja_JP"}, {"LC_ALL", ""}}), Language::kJapanese);
  EXPECT_EQ(LanguageOf({}, {}), Language::kEnglish);
}

}  // namespace
}  // namespace meguri::client
