// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/contact.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

constexpr absl::string_view kAtomMarks = "!#$%&'*+-/=?^_`{|}~";

// RFC 5322 dot-atom.
bool IsLocalPart(absl::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' && !absl::StrContains(text, "..") &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' ||
                  kAtomMarks.find(static_cast<char>(c)) != absl::string_view::npos;
         });
}

bool IsDomain(absl::string_view text) {
  const bool has_two_labels = absl::StrContains(text, ".") && !absl::StrContains(text, "..");
  return has_two_labels && absl::ascii_isalnum(static_cast<unsigned char>(text.front())) &&
         absl::ascii_isalnum(static_cast<unsigned char>(text.back())) &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '-'; });
}

}  // namespace

void CheckEmail(absl::string_view value, const Path& path, Findings& findings) {
  const size_t at = value.rfind('@');
  const bool is_address = at != absl::string_view::npos && value.size() <= kEmailBytesMax &&
                          IsLocalPart(value.substr(0, at)) && IsDomain(value.substr(at + 1));
  if (!is_address) {
    Report(findings, path.ToString(), "CONTACT_EMAIL", Quoted(value),
           {absl::StrCat("an e-mail address of at most ", kEmailBytesMax, " bytes"), "write name@example.jp",
            "メールアドレスの形式が正しくありません。"});
  }
}

void CheckTelephone(absl::string_view value, const Path& path, Findings& findings) {
  const absl::string_view digits = absl::StartsWith(value, "+") ? value.substr(1) : value;
  const bool is_number = value.size() >= kTelephoneBytesMin && value.size() <= kTelephoneBytesMax &&
                         std::all_of(digits.begin(), digits.end(),
                                     [](unsigned char c) { return absl::ascii_isdigit(c) || c == ' ' || c == '-'; }) &&
                         absl::ascii_isdigit(static_cast<unsigned char>(digits.front()));
  if (!is_number) {
    Report(findings, path.ToString(), "CONTACT_TELEPHONE", Quoted(value),
           {absl::StrCat(kTelephoneBytesMin, "-", kTelephoneBytesMax,
                         " digits, spaces and hyphens, with + before a "
                         "country code"),
            "write +81 3 1234 5678", "電話番号の形式が正しくありません（例: +81 3 1234 5678）。"});
  }
}

void CheckContact(const v1::Contact& contact, const Path& path, Findings& findings) {
  if (contact.email().empty() && contact.telephone().empty()) {
    Report(findings, path.ToString(), "CONTACT_MISSING", "neither e-mail address nor telephone number",
           {"one of them", "say how to reach the contact", "連絡先にはメールアドレスまたは電話番号が必要です。"});
  }
}

}  // namespace meguri::passport
