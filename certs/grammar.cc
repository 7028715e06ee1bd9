// SPDX-License-Identifier: Apache-2.0
#include "certs/grammar.h"

#include <algorithm>

#include <arpa/inet.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "certs/limits.h"
#include "record/feed.h"

namespace meguri::certs {
namespace {

constexpr size_t kQuotedBytesMax = 64;

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

bool IsLowerAlphanumericOrHyphen(unsigned char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
}

bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kDomainLabelBytesMax && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), IsLowerAlphanumericOrHyphen);
}

bool IsIpAddress(int family, absl::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(family, std::string(text).c_str(), address) == 1;
}

bool IsHost(absl::string_view host) {
  if (host.size() > kDomainNameBytesMax) {
    return false;
  }
  if (absl::ConsumePrefix(&host, "[")) {
    return absl::ConsumeSuffix(&host, "]") && IsIpAddress(AF_INET6, host);
  }
  return IsDomainName(absl::AsciiStrToLower(host)) || IsIpAddress(AF_INET, host);
}

// Length of `scheme:`, or of `scheme://authority`.
size_t RootSize(absl::string_view uri) {
  const size_t colon = uri.find(':');
  if (colon == absl::string_view::npos) {
    return uri.size();
  }
  if (!absl::StartsWith(uri.substr(colon), "://")) {
    return colon + 1;
  }
  const size_t end = uri.find_first_of("/?#", colon + 3);
  return end == absl::string_view::npos ? uri.size() : end;
}

// The third byte of a character that begins with `lead`; 0 if the text begins otherwise.
unsigned char ThirdAfter(absl::string_view lead, absl::string_view text) {
  return absl::StartsWith(text, lead) && text.size() > lead.size() ? static_cast<unsigned char>(text[lead.size()]) : 0;
}

bool IsWithin(unsigned char byte, unsigned char first, unsigned char last) { return first <= byte && byte <= last; }

// U+0080-U+009F, the second set of control characters, and what is not seen but changes what is: U+00AD,
// U+200B-U+200F, U+2028-U+202E, U+2060-U+206F, U+FEFF.
bool BeginsUnseen(absl::string_view text) {
  const unsigned char after_c2 = ThirdAfter("\xC2", text);
  const unsigned char after_e280 = ThirdAfter("\xE2\x80", text);
  const unsigned char after_e281 = ThirdAfter("\xE2\x81", text);
  return IsWithin(after_c2, 0x80, 0x9F) || after_c2 == 0xAD || IsWithin(after_e280, 0x8B, 0x8F) ||
         IsWithin(after_e280, 0xA8, 0xAE) || IsWithin(after_e281, 0xA0, 0xAF) || absl::StartsWith(text, "\xEF\xBB\xBF");
}

// Bytes of the space that the text begins with: U+0020, U+00A0, U+2000-U+200A or U+3000; 0 if it begins otherwise.
size_t SpaceSize(absl::string_view text) {
  if (absl::StartsWith(text, " ")) {
    return 1;
  }
  if (absl::StartsWith(text, "\xC2\xA0")) {
    return 2;
  }
  return IsWithin(ThirdAfter("\xE2\x80", text), 0x80, 0x8A) || absl::StartsWith(text, "\xE3\x80\x80") ? 3 : 0;
}

}  // namespace

bool IsDomainName(absl::string_view text) {
  if (text.empty() || text.size() > kDomainNameBytesMax) {
    return false;
  }
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return std::all_of(labels.begin(), labels.end(), IsLabel) && !IsDigits(labels.back());
}

bool IsAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) {
    return false;
  }
  const absl::string_view port_text = text.substr(colon + 1);
  int port = 0;
  return IsHost(text.substr(0, colon)) && IsDigits(port_text) && port_text.front() != '0' &&
         absl::SimpleAtoi(port_text, &port) && port <= 65535;
}

// The same words as in feed names: a role's scope decides which feed its holder reads.
bool IsProductGroup(absl::string_view text) { return record::FeedName::Parse(absl::StrCat("recyclers/", text)).ok(); }

bool IsJurisdiction(absl::string_view text) { return record::FeedName::Parse(absl::StrCat("authorities/", text)).ok(); }

bool IsCompanyPrefix(absl::string_view text) {
  return text.size() >= kCompanyPrefixDigitsMin && text.size() <= kCompanyPrefixDigitsMax && IsDigits(text);
}

bool IsNameSpace(absl::string_view text) {
  if (text.empty() || text.size() > kNameSpaceBytesMax || !absl::ascii_islower(static_cast<unsigned char>(text[0])) ||
      !std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isgraph(c); }) ||
      absl::string_view("/:#?=").find(text.back()) == absl::string_view::npos || NormalUri(text) != text) {
    return false;
  }
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos || !std::all_of(text.begin(), text.begin() + colon, [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '+' || c == '.' || c == '-';
      })) {
    return false;
  }
  absl::string_view rest = text.substr(colon + 1);
  if (!absl::ConsumePrefix(&rest, "//")) {
    return rest.size() > 1;
  }
  // At least the slash after the authority: https://example.co: would claim a part of https://example.co:8443/.
  const size_t end = rest.find_first_of("/?#");
  return end != absl::string_view::npos && end > 0;
}

bool IsPlainText(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(text[i])) || BeginsUnseen(text.substr(i))) {
      return false;
    }
  }
  return true;
}

bool ShowsSomething(absl::string_view text) {
  while (!text.empty()) {
    const size_t space = SpaceSize(text);
    if (space == 0) {
      return true;
    }
    text.remove_prefix(space);
  }
  return false;
}

std::string NormalUri(absl::string_view uri) {
  const size_t root = RootSize(uri);
  return absl::StrCat(absl::AsciiStrToLower(uri.substr(0, root)), uri.substr(root));
}

std::string Quoted(absl::string_view text) {
  const bool is_long = text.size() > kQuotedBytesMax;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kQuotedBytesMax)), is_long ? "…\"" : "\"");
}

}  // namespace meguri::certs
