// SPDX-License-Identifier: Apache-2.0
#include "client/cli/messages.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/message_row.h"
#include "client/cli/messages_errors.h"
#include "client/cli/messages_help.h"
#include "client/cli/messages_results.h"
#include "client/cli/messages_words.h"

namespace meguri::client {
namespace {

constexpr size_t kMessages = static_cast<size_t>(Message::kCount);
static_assert(std::size(kHelpRows) + std::size(kWordsRows) + std::size(kResultsRows) + std::size(kErrorsRows) ==
                  kMessages,
              "one row for every message");

constexpr std::array<MessageRow, kMessages> AllRows() {
  std::array<MessageRow, kMessages> rows{};
  auto* end = std::copy(std::begin(kHelpRows), std::end(kHelpRows), rows.begin());
  end = std::copy(std::begin(kWordsRows), std::end(kWordsRows), end);
  end = std::copy(std::begin(kResultsRows), std::end(kResultsRows), end);
  std::copy(std::begin(kErrorsRows), std::end(kErrorsRows), end);
  return rows;
}

constexpr std::array<MessageRow, kMessages> kRows = AllRows();

constexpr bool StandInOrder() {
  for (size_t i = 0; i < kMessages; ++i) {
    if (static_cast<size_t>(kRows[i].message) != i) {
      return false;
    }
  }
  return true;
}
static_assert(StandInOrder(), "rows stand in the order of the enum");

}  // namespace

std::string Text(Language language, Message message, std::initializer_list<absl::string_view> values) {
  const MessageRow& row = kRows[static_cast<size_t>(message)];
  std::vector<std::pair<std::string, absl::string_view>> replacements;
  for (const absl::string_view value : values) {
    replacements.emplace_back(absl::StrCat("$", replacements.size()), value);
  }
  return absl::StrReplaceAll(language == Language::kJapanese ? row.ja : row.en, replacements);
}

}  // namespace meguri::client
