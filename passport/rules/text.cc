// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

// Characters that reorder what stands beside them (U+202A-202E, U+2066-2069) or that nobody sees (U+00AD, U+200B,
// U+200E, U+200F, U+2060, U+FEFF). A name that shows as another is a trap. Joiners stay: scripts and signs are written
// with them.
bool HasInvisible(absl::string_view text) {
  for (size_t i = text.find('\xE2'); i != absl::string_view::npos; i = text.find('\xE2', i + 1)) {
    const absl::string_view tail = text.substr(i + 1, 2);
    if ((tail >= "\x80\xAA" && tail <= "\x80\xAE") || (tail >= "\x81\xA6" && tail <= "\x81\xA9") ||
        tail == "\x80\x8B" || tail == "\x80\x8E" || tail == "\x80\x8F" || tail == "\x81\xA0") {
      return true;
    }
  }
  return absl::StrContains(text, "\xC2\xAD") || absl::StrContains(text, "\xEF\xBB\xBF");
}

bool HasControl(absl::string_view text, bool lines_allowed) {
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) && !(lines_allowed && (c == '\n' || c == '\t'))) {
      return true;
    }
  }
  return HasInvisible(text);
}

void CheckSize(absl::string_view value, size_t size_max, const Path& path, Findings& findings) {
  if (value.size() > size_max) {
    findings.Add({.field = path.ToString(),
                  .reason = "TEXT_SIZE",
                  .found = absl::StrCat(value.size(), " bytes"),
                  .expected = absl::StrCat("at most ", size_max),
                  .cure = "shorten it",
                  .message_ja = absl::StrCat("文字列が長すぎます（上限", size_max, "バイト）。")});
  }
}

void CheckVisible(absl::string_view value, bool lines_allowed, const Path& path, Findings& findings) {
  if (HasControl(value, lines_allowed)) {
    findings.Add({.field = path.ToString(),
                  .reason = "TEXT_CONTROL",
                  .found = Quoted(value),
                  .expected = "no control characters, and none that nobody sees",
                  .cure = "remove them, or type the text again",
                  .message_ja = "制御文字や目に見えない文字を取り除いてください。"});
  }
}

}  // namespace

void CheckWord(absl::string_view value, const Path& path, Findings& findings) {
  CheckSize(value, kWordBytesMax, path, findings);
  CheckVisible(value, /*lines_allowed=*/false, path, findings);
  if (absl::StripAsciiWhitespace(value).size() != value.size()) {
    findings.Add({.field = path.ToString(),
                  .reason = "TEXT_SPACE",
                  .found = Quoted(value),
                  .expected = "no space at either end",
                  .cure = "remove it",
                  .message_ja = "前後の空白を取り除いてください。"});
  }
}

void CheckNote(absl::string_view value, const Path& path, Findings& findings) {
  CheckSize(value, kNoteBytesMax, path, findings);
  CheckVisible(value, /*lines_allowed=*/true, path, findings);
}

void CheckText(const v1::Text& text, const Path& path, Findings& findings) {
  if (text.ja().empty() && text.en().empty()) {
    findings.Add({.field = path.ToString(),
                  .reason = "TEXT_MISSING",
                  .found = "no text",
                  .expected = "Japanese or English",
                  .cure = "fill in ja or en, or leave the field out",
                  .message_ja = "日本語または英語の記載が必要です。"});
  }
  CheckSize(text.ja(), kTextBytesMax, path.Field("ja"), findings);
  CheckSize(text.en(), kTextBytesMax, path.Field("en"), findings);
  CheckVisible(text.ja(), /*lines_allowed=*/true, path.Field("ja"), findings);
  CheckVisible(text.en(), /*lines_allowed=*/true, path.Field("en"), findings);
}

void RequireJapanese(const v1::Text& text, const Path& path, Findings& findings) {
  if (text.ja().empty()) {
    findings.Add({.field = path.At("ja"),
                  .reason = "TEXT_JA_MISSING",
                  .found = "no Japanese text",
                  .expected = "the name in Japanese",
                  .cure = "fill in ja",
                  .message_ja = "日本語名称は必須です。"});
  }
}

}  // namespace meguri::passport
