// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/media.pb.h"
#include "meguri/passport/v1/text.pb.h"
#include "passport/formats/document.h"

namespace meguri::passport {

// Whether a text has characters of Japanese writing.
bool IsJapanese(absl::string_view text);

// Writes a leaf that does not say its language into `text`: Japanese if it is written so, else English; only where
// nothing stands yet. Returns whether it was written.
bool SetText(DocumentDraft& draft, v1::Text& text, InputNode* leaf);

// Writes the ja and en of an array of {value, language} or {@value, @language}, or of an object {en: …}; other
// languages are left. A plain string goes by SetText.
void SetTexts(DocumentDraft& draft, v1::Text& text, InputNode* texts);

// Writes an https address into `media`; another address is left, as a passport cannot hold it. Returns whether it was
// written.
bool SetMedia(DocumentDraft& draft, v1::Media& media, InputNode* leaf);

}  // namespace meguri::passport
