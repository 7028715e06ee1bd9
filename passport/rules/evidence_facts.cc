// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/evidence_facts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/finding.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {
namespace {

constexpr size_t kGlnSize = 13;
constexpr size_t kBusinessPartnerNumberSize = 12;  // after its prefix
constexpr size_t kOpenPlantIdMax = 26;

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

bool IsPartnerNumber(absl::string_view text, absl::string_view prefix) {
  return absl::ConsumePrefix(&text, prefix) && text.size() == kBusinessPartnerNumberSize &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isalnum(c); });
}

bool Fits(const v1::FacilityIdentifier& identifier) {
  const std::string& value = identifier.value();
  switch (identifier.scheme()) {
    case v1::FACILITY_IDENTIFIER_SCHEME_BPNS:
      return IsPartnerNumber(value, "BPNS");
    case v1::FACILITY_IDENTIFIER_SCHEME_BPNA:
      return IsPartnerNumber(value, "BPNA");
    case v1::FACILITY_IDENTIFIER_SCHEME_OPEN_PLANT_ID:
      return value.size() <= kOpenPlantIdMax;
    case v1::FACILITY_IDENTIFIER_SCHEME_URI:
      return IsUri(value);
    default:
      return true;
  }
}

}  // namespace

void CheckCertification(const v1::Certification& certification, const Path& path, Findings& findings) {
  CheckDateOrder(certification.issue_date(), certification.expiry_date(), path.Field("expiry_date"), findings);
  if (certification.label_use().allowed() == v1::ANSWER_YES &&
      certification.status() != v1::CERTIFICATION_STATUS_ACTIVE) {
    Report(findings, path.Field("label_use").At("allowed"), "CERTIFICATION_LABEL",
           "a mark of a certification that is not active",
           {"a mark only while the certification is active", "take the mark back",
            "有効でない認証のマークは使用できません。"});
  }
}

void CheckFacilityIdentifier(const v1::FacilityIdentifier& identifier, const Path& path, Findings& findings) {
  const std::string& value = identifier.value();
  if (identifier.scheme() == v1::FACILITY_IDENTIFIER_SCHEME_GLN &&
      (value.size() != kGlnSize || !AreDigits(value) || !HasGs1CheckDigit(value))) {
    Report(findings, path.At("value"), "V3_CHECK_DIGIT", Quoted(value),
           {"a GLN of 13 digits, the last checking the others", "compare it with the GLN registry",
            "GLN（13桁）の形式またはチェックデジットが正しくありません。"});
  } else if (!value.empty() && !Fits(identifier)) {
    Report(findings, path.At("value"), "FACILITY_IDENTIFIER", Quoted(value),
           {"BPNS or BPNA with 12 letters and digits, at most 26 characters of openPlantId, or a URI",
            "correct the identifier or its scheme", "事業所識別子の形式が正しくありません。"});
  }
}

void CheckTestResult(const v1::TestResult& result, const Path& path, Findings& findings) {
  const auto value = UnitsOf(result.has_value(), result.value());
  const auto low = UnitsOf(result.has_limit_min(), result.limit_min());
  const auto high = UnitsOf(result.has_limit_max(), result.limit_max());
  if (value.has_value() && result.unit().empty()) {
    Report(findings, path.At("unit"), "TEST_UNIT", "a value without unit",
           {"the unit of the value; 1 if it has none", "fill it in", "測定値には単位の記載が必要です。"});
  }
  if (low.has_value() && high.has_value() && *high < *low) {
    Report(findings, path.At("limit_max"), "TEST_LIMITS", result.limit_max().value(),
           {absl::StrCat(result.limit_min().value(), " or more"), "check both limits",
            "上限値が下限値より小さくなっています。"});
  }
  const bool outside =
      value.has_value() && ((low.has_value() && *value < *low) || (high.has_value() && *value > *high));
  if (outside && result.conformant() == v1::ANSWER_YES) {
    Report(findings, path.At("conformant"), "TEST_VERDICT", "conformant outside the limits",
           {"no, as the value lies outside its limits", "correct the value, the limits or the verdict",
            "測定値が規格値の外にあるにもかかわらず適合とされています。"});
  }
}

}  // namespace meguri::passport
