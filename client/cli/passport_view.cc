// SPDX-License-Identifier: Apache-2.0
#include "client/cli/passport_view.h"

namespace meguri::client {

std::string TextIn(Language language, const passport::v1::Text& text) {
  const std::string& first = language == Language::kJapanese ? text.ja() : text.en();
  const std::string& second = language == Language::kJapanese ? text.en() : text.ja();
  return first.empty() ? second : first;
}

std::string ProductName(const record::v1::RecordView& view, Language language) {
  const auto identity = SectionOf<passport::v1::Identity>(view, record::v1::SECTION_TYPE_IDENTITY);
  return identity.has_value() ? TextIn(language, identity->name()) : "";
}

}  // namespace meguri::client
