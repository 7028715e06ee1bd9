// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/cas_number.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

bool AreDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// "7439-93-2" with groups of 2-7, 2 and 1 digits.
constexpr size_t kCasSizeMin = 7;
constexpr size_t kCasSizeMax = 12;
// "231-102-5"
constexpr size_t kEcSize = 9;

}  // namespace

bool IsCasNumber(absl::string_view text) {
  if (text.size() < kCasSizeMin || text.size() > kCasSizeMax) {
    return false;
  }
  const absl::string_view first = text.substr(0, text.size() - 5);
  const absl::string_view second = text.substr(text.size() - 4, 2);
  if (text[text.size() - 5] != '-' || text[text.size() - 2] != '-' || !AreDigits(first) || first[0] == '0' ||
      !AreDigits(second) || !AreDigits(text.substr(text.size() - 1))) {
    return false;
  }
  std::string digits(second.rbegin(), second.rend());
  digits.append(first.rbegin(), first.rend());
  int sum = 0;
  int weight = 1;
  for (const char digit : digits) {
    sum += (digit - '0') * weight;
    ++weight;
  }
  return text.back() - '0' == sum % 10;
}

bool IsEcNumber(absl::string_view text) {
  if (text.size() != kEcSize || text[3] != '-' || text[7] != '-') {
    return false;
  }
  const std::string digits = std::string(text.substr(0, 3)).append(text.substr(4, 3).data(), 3);
  if (!AreDigits(digits) || !AreDigits(text.substr(8))) {
    return false;
  }
  int sum = 0;
  int weight = 1;
  for (const char digit : digits) {
    sum += (digit - '0') * weight;
    ++weight;
  }
  return text.back() - '0' == sum % 11;
}

void CheckSubstanceIdentifier(const v1::SubstanceIdentifier& identifier, const Path& path, Findings& findings) {
  const Path field = path.Field("value");
  const std::string& value = identifier.value();
  if (identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS && !IsCasNumber(value)) {
    findings.Add(
        {.field = field.ToString(),
         .reason = "V5_CAS",
         .found = Quoted(value),
         .expected = "a CAS number such as 7439-93-2, its last digit checking the others",
         .cure = IsEcNumber(value) ? "this is an EC number: give it the scheme EC" : "compare it with the CAS Registry",
         .message_ja = IsEcNumber(value) ? "これは EC 番号です。scheme を EC にしてください。"
                                         : "CAS 番号の形式またはチェックデジットが正しくありません。"});
  }
  if (identifier.scheme() == v1::SUBSTANCE_IDENTIFIER_SCHEME_EC && !IsEcNumber(value)) {
    findings.Add({.field = field.ToString(),
                  .reason = "V5_EC",
                  .found = Quoted(value),
                  .expected = "an EC number such as 231-102-5, its last digit checking the others",
                  .cure = IsCasNumber(value) ? "this is a CAS number: give it the scheme CAS"
                                             : "compare it with the EC inventory",
                  .message_ja = IsCasNumber(value) ? "これは CAS 番号です。scheme を CAS にしてください。"
                                                   : "EC 番号の形式またはチェックデジットが正しくありません。"});
  }
}

}  // namespace meguri::passport
