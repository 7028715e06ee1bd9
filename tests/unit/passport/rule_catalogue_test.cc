// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/rules/catalogue.h"

namespace meguri::passport {
namespace {

using ::testing::IsEmpty;

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Capital words in the sources that are no names of rules.
bool IsOther(const std::string& word) {
  for (const char* prefix :
       {"SECTION_TYPE_", "RECORD_TYPE_", "AUDIENCE_", "GRANULARITY_", "PROFILE_", "CHAIN_OF_CUSTODY_",
        "PRODUCT_STATUS_", "MCI_", "RECYCLED_FRACTION", "LEDGER_BALANCE", "TOMBSTONE_REASON_"}) {
    if (word.rfind(prefix, 0) == 0 && word != "AUDIENCE_LOOSENED" && word != "AUDIENCE_LOCKED" &&
        word != "RECORD_TYPE_NOT_UNDERSTOOD") {
      return true;
    }
  }
  return false;
}

// The names in quotes in passport/*.cc and passport/rules/*.cc. Formats have reasons of their own: they read files.
std::set<std::string> ReasonsInSources() {
  const std::regex quoted("\"([A-Z][A-Z0-9]*(_[A-Z0-9]+)+)\"");
  std::set<std::string> reasons;
  for (const char* folder : {"/passport", "/passport/rules"}) {
    for (const auto& entry : std::filesystem::directory_iterator(std::string(MEGURI_SOURCE_DIR) + folder)) {
      if (entry.path().extension() != ".cc" || entry.path().filename() == "catalogue.cc") {
        continue;
      }
      const std::string text = ReadText(entry.path());
      for (std::sregex_iterator it(text.begin(), text.end(), quoted), end; it != end; ++it) {
        if (!IsOther((*it)[1])) {
          reasons.insert((*it)[1]);
        }
      }
    }
  }
  return reasons;
}

TEST(RuleCatalogue, DescribesEachReasonOfTheRulesOnce) {
  std::set<std::string> described;
  for (const RuleDescription& rule : RuleCatalogue()) {
    const std::string reason(rule.reason.data(), rule.reason.size());
    EXPECT_TRUE(described.insert(reason).second) << reason;
    EXPECT_FALSE(rule.what.empty() || rule.what_ja.empty()) << reason;
    EXPECT_EQ(FindRule(rule.reason), &rule);
  }
  std::set<std::string> missing;
  for (const std::string& reason : ReasonsInSources()) {
    if (described.count(reason) == 0) {
      missing.insert(reason);
    }
  }
  EXPECT_THAT(missing, IsEmpty()) << "describe them in passport/rules/catalogue.cc";
  EXPECT_GT(described.size(), 100U);
  EXPECT_EQ(FindRule("NO_SUCH_RULE"), nullptr);
}

// MEGURI_WRITE_DOCS=1 writes the page instead.
TEST(RuleCatalogue, IsThePageOfRules) {
  const std::string path = MEGURI_SOURCE_DIR "/docs/rules.md";
  if (std::getenv("MEGURI_WRITE_DOCS") != nullptr) {
    std::ofstream(path) << RulesPage();
  }
  EXPECT_EQ(ReadText(path), RulesPage())
      << "write it again: MEGURI_WRITE_DOCS=1 unit_passport --gtest_filter=RuleCatalogue.*";
}

}  // namespace
}  // namespace meguri::passport
