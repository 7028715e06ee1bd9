// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/local_government_code.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

constexpr size_t kBaseSize = 5;
constexpr int kPrefectures = 47;  // JIS X 0401
constexpr char kCorporateNumberScheme[] = "0188:";

}  // namespace

char LocalGovernmentCheckDigit(absl::string_view base) {
  int sum = 0;
  int weight = 6;
  for (const char digit : base) {
    sum += (digit - '0') * weight;
    --weight;
  }
  // The last digit of 11 - sum mod 11; a sum below 11 fits the same formula.
  return static_cast<char>('0' + (11 - sum % 11) % 10);
}

bool IsLocalGovernmentCode(absl::string_view code) {
  if (code.size() != kBaseSize + 1 ||
      !std::all_of(code.begin(), code.end(), [](unsigned char c) { return absl::ascii_isdigit(c); })) {
    return false;
  }
  const int prefecture = (code[0] - '0') * 10 + (code[1] - '0');
  return prefecture >= 1 && prefecture <= kPrefectures &&
         code.back() == LocalGovernmentCheckDigit(code.substr(0, kBaseSize));
}

void CheckMunicipality(const registry::v1::MemberEntry& member, const Path& path, Findings& findings) {
  const absl::string_view id = member.participant_id();
  if (member.kind() != registry::v1::MEMBER_KIND_MUNICIPALITY || !absl::StartsWith(id, kCorporateNumberScheme) ||
      id.size() < kBaseSize + 1) {
    return;
  }
  const absl::string_view code = id.substr(id.size() - (kBaseSize + 1));
  if (!IsLocalGovernmentCode(code)) {
    findings.Add({.field = path.At("participant_id"),
                  .reason = "V2_LOCAL_GOVERNMENT_CODE",
                  .found = Quoted(id),
                  .expected = "a corporate number whose last six digits are a local government code",
                  .cure = "give the municipality's own corporate number, or another kind of member",
                  .message_ja = "法人番号の下6桁が全国地方公共団体コードではありません。"});
  }
}

}  // namespace meguri::passport
