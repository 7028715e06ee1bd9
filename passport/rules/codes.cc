// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/codes.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "passport/rules/cas_number.h"
#include "passport/rules/country_code.h"
#include "passport/rules/jurisdiction.h"
#include "passport/rules/local_government_code.h"

namespace meguri::passport {
namespace {

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

void Add(const Path& path, absl::string_view reason, absl::string_view value, absl::string_view expected,
         absl::string_view cure, absl::string_view message_ja, Findings& findings) {
  findings.Add({.field = path.ToString(),
                .reason = std::string(reason),
                .found = Quoted(value),
                .expected = std::string(expected),
                .cure = std::string(cure),
                .message_ja = std::string(message_ja)});
}

bool IsHazardStatement(absl::string_view code) {
  if (!absl::ConsumePrefix(&code, "EUH") && !absl::ConsumePrefix(&code, "H")) {
    return false;
  }
  return code.size() >= 3 && code.size() <= 5 && AreDigits(code.substr(0, 3)) &&
         std::all_of(code.begin() + 3, code.end(), [](unsigned char c) { return absl::ascii_isalpha(c); });
}

}  // namespace

bool IsPrefecture(absl::string_view code) { return code != "JP" && IsJurisdiction(code); }

void CheckPrefecture(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsPrefecture(value)) {
    Add(path, "PREFECTURE_CODE", value, "a prefecture code 01-47 of JIS X 0401", "write 13 for Tokyo",
        "都道府県コード（01〜47）で記載してください。", findings);
  }
}

void CheckRegion(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsPrefecture(value) && !IsCountryCode(value)) {
    Add(path, "REGION_CODE", value, "a prefecture code 01-47 of JIS X 0401 or a country code of ISO 3166-1",
        "write 13 for Tokyo, TH for Thailand", "都道府県コードまたは国コードで記載してください。", findings);
  }
}

void CheckOriginCountry(absl::string_view value, const Path& path, Findings& findings) {
  if (value != "XX") {
    CheckCountryCode(value, path, findings);
  }
}

void CheckMunicipalityCode(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsLocalGovernmentCode(value)) {
    Add(path, "V2_LOCAL_GOVERNMENT_CODE", value, "a local government code of six digits, the last checking the others",
        "write 131016 for Chiyoda, Tokyo", "全国地方公共団体コード（6桁）で記載してください。", findings);
  }
}

void CheckCas(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsCasNumber(value)) {
    Add(path, "V5_CAS", value, "a CAS number such as 7439-93-2, its last digit checking the others",
        IsEcNumber(value) ? "this is an EC number: look up the CAS number" : "compare it with the CAS Registry",
        "CAS 番号の形式またはチェックデジットが正しくありません。", findings);
  }
}

void CheckYear(absl::string_view value, const Path& path, Findings& findings) {
  if (value.size() != 4 || !AreDigits(value) || value < "1900") {
    Add(path, "YEAR", value, "a year such as 2025", "write four digits", "西暦4桁で記載してください。", findings);
  }
}

void CheckHazardStatement(absl::string_view value, const Path& path, Findings& findings) {
  for (const absl::string_view code : absl::StrSplit(value, '+')) {
    if (!IsHazardStatement(code)) {
      Add(path, "HAZARD_STATEMENT", value, "codes such as H225 or EUH014, several joined by +",
          "write the code, not its words", "H225 のような危険有害性情報コードで記載してください。", findings);
      return;
    }
  }
}

}  // namespace meguri::passport
