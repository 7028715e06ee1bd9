// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/registered_prefix.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace meguri::passport {
namespace {

constexpr size_t kCompanyPrefixMin = 4;
constexpr size_t kCompanyPrefixMax = 12;
constexpr size_t kDomainBytesMax = 253;
constexpr size_t kLabelBytesMax = 63;

bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](unsigned char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; });
}

bool IsDomain(absl::string_view domain) {
  if (domain.size() > kDomainBytesMax) {
    return false;
  }
  for (const absl::string_view label : absl::StrSplit(domain, '.')) {
    if (!IsLabel(label)) {
      return false;
    }
  }
  return true;
}

}  // namespace

void CheckCompanyPrefix(absl::string_view value, const Path& path, Findings& findings) {
  const bool is_prefix =
      value.size() >= kCompanyPrefixMin && value.size() <= kCompanyPrefixMax &&
      std::all_of(value.begin(), value.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  if (!is_prefix) {
    findings.Add(
        {.field = path.ToString(),
         .reason = "COMPANY_PREFIX",
         .found = Quoted(value),
         .expected = absl::StrCat("a GS1 company prefix of ", kCompanyPrefixMin, "-", kCompanyPrefixMax, " digits"),
         .cure = "compare it with the prefix as issued",
         .message_ja = "GS1 事業者コードは4〜12桁の数字で記載してください。"});
  }
}

void CheckDomain(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsDomain(value)) {
    findings.Add({.field = path.ToString(),
                  .reason = "DOMAIN_NAME",
                  .found = Quoted(value),
                  .expected = "a host name in lower case such as id.example.jp",
                  .cure = "leave out scheme, port and path",
                  .message_ja = "ドメイン名は小文字のホスト名のみを記載してください。"});
  }
}

}  // namespace meguri::passport
