// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/document_text.h"

#include <cstdint>

#include "absl/strings/match.h"

namespace meguri::passport {
namespace {

// One element of an array of texts.
void SetTagged(DocumentDraft& draft, v1::Text& text, InputNode& element) {
  InputNode* value = element.Find("value");
  InputNode* language = element.Find("language");
  if (value == nullptr || language == nullptr) {
    value = element.Find("@value");
    language = element.Find("@language");
  }
  if (value == nullptr || language == nullptr || (language->text != "ja" && language->text != "en")) {
    return;
  }
  if (draft.Set(text, language->text, value)) {
    DocumentDraft::Imply(language);
  }
}

}  // namespace

bool IsJapanese(absl::string_view text) {
  // Kana and CJK ideographs lie in U+3040 to U+9FFF: three bytes, the first of which is E3 to E9.
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if ((lead == 0xE3 && static_cast<uint8_t>(text[i + 1]) >= 0x81) || (lead > 0xE3 && lead <= 0xE9)) {
      return true;
    }
  }
  return false;
}

bool SetText(DocumentDraft& draft, v1::Text& text, InputNode* leaf) {
  if (leaf == nullptr) {
    return false;
  }
  const bool is_japanese = IsJapanese(leaf->text);
  if (!(is_japanese ? text.ja() : text.en()).empty()) {
    return false;
  }
  return draft.Set(text, is_japanese ? "ja" : "en", leaf);
}

void SetTexts(DocumentDraft& draft, v1::Text& text, InputNode* texts) {
  if (texts == nullptr) {
    return;
  }
  if (texts->is_leaf()) {
    SetText(draft, text, texts);
    return;
  }
  if (texts->kind == InputNode::Kind::kArray) {
    for (InputNode& element : texts->children) {
      if (element.is_leaf()) {
        SetText(draft, text, &element);
      } else {
        SetTagged(draft, text, element);
      }
    }
    return;
  }
  SetTagged(draft, text, *texts);
  draft.Set(text, "ja", texts->Find("ja"));
  draft.Set(text, "en", texts->Find("en"));
}

bool SetMedia(DocumentDraft& draft, v1::Media& media, InputNode* leaf) {
  return leaf != nullptr && absl::StartsWith(leaf->text, "https://") && draft.Set(media, "uri", leaf);
}

}  // namespace meguri::passport
