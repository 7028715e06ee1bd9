// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/web_reference.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace meguri::passport {
namespace {

constexpr size_t kUriBytesMax = 2048;
constexpr size_t kMediaTypeBytesMax = 127;
constexpr size_t kSha256Digits = 64;
constexpr absl::string_view kUriPunctuation = "-._~:/?#[]@!$&'()*+,;=%";
constexpr absl::string_view kMediaTypePunctuation = "!#$&-^_.+";

bool IsScheme(absl::string_view text) {
  return !text.empty() && absl::ascii_isalpha(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.'; });
}

bool IsHttps(absl::string_view text) {
  if (!IsUri(text) || !absl::ConsumePrefix(&text, "https://")) {
    return false;
  }
  const absl::string_view authority = text.substr(0, text.find_first_of("/?#"));
  // A user name before @ can pose as a host.
  return !authority.empty() && !absl::StrContains(authority, '@');
}

bool IsMediaTypeName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains(kMediaTypePunctuation, static_cast<char>(c));
  });
}

}  // namespace

bool IsUri(absl::string_view text) {
  const size_t colon = text.find(':');
  return text.size() <= kUriBytesMax && colon != absl::string_view::npos && IsScheme(text.substr(0, colon)) &&
         colon + 1 < text.size() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || absl::StrContains(kUriPunctuation, static_cast<char>(c));
         });
}

void CheckUri(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsUri(value)) {
    findings.Add({.field = path.ToString(),
                  .reason = "URI_FORM",
                  .found = Quoted(value),
                  .expected = absl::StrCat("a URI of at most ", kUriBytesMax, " bytes"),
                  .cure = "percent-encode what is not plain ASCII",
                  .message_ja = "URI の形式が正しくありません。"});
  }
}

void CheckHttps(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsHttps(value)) {
    findings.Add({.field = path.ToString(),
                  .reason = "URI_FORM",
                  .found = Quoted(value),
                  .expected = "a link that begins with https:// and a host",
                  .cure = "put the file where it can be fetched over https",
                  .message_ja = "https:// で始まるリンクを記載してください。"});
  }
}

void CheckMediaType(absl::string_view value, const Path& path, Findings& findings) {
  const size_t slash = value.find('/');
  if (value.size() > kMediaTypeBytesMax || slash == absl::string_view::npos ||
      !IsMediaTypeName(value.substr(0, slash)) || !IsMediaTypeName(value.substr(slash + 1))) {
    findings.Add({.field = path.ToString(),
                  .reason = "MEDIA_TYPE",
                  .found = Quoted(value),
                  .expected = "an IANA media type",
                  .cure = "write for example application/pdf",
                  .message_ja = "メディアタイプの形式が正しくありません（例: application/pdf）。"});
  }
}

void CheckSha256(absl::string_view value, const Path& path, Findings& findings) {
  const bool is_hash = value.size() == kSha256Digits && std::all_of(value.begin(), value.end(), [](unsigned char c) {
                         return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
                       });
  if (!is_hash) {
    findings.Add({.field = path.ToString(),
                  .reason = "SHA256_FORM",
                  .found = Quoted(value),
                  .expected = "64 lower-case hexadecimal digits",
                  .cure = "take the SHA-256 of the file's bytes",
                  .message_ja = "SHA-256 は小文字16進64桁で記載してください。"});
  }
}

}  // namespace meguri::passport
