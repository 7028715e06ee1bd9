// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/gs1_check_digit.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

constexpr size_t kGtinSize = 14;
constexpr char kDemonstrationPrefix[] = "952";

bool IsDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

char Gs1CheckDigit(absl::string_view body) {
  int sum = 0;
  int weight = 3;
  for (auto digit = body.rbegin(); digit != body.rend(); ++digit) {
    // Only the sum modulo 10 counts; reducing at once keeps any length from overflowing.
    sum = (sum + (*digit - '0') * weight) % 10;
    weight = 4 - weight;
  }
  return static_cast<char>('0' + (10 - sum) % 10);
}

bool HasGs1CheckDigit(absl::string_view key) {
  return key.size() >= 2 && IsDigits(key) && key.back() == Gs1CheckDigit(key.substr(0, key.size() - 1));
}

absl::optional<std::string> NormalisedGtin(absl::string_view gtin) {
  const bool is_size_of_gtin = gtin.size() == 8 || (gtin.size() >= 12 && gtin.size() <= kGtinSize);
  if (!is_size_of_gtin || !HasGs1CheckDigit(gtin)) {
    return absl::nullopt;
  }
  return std::string(kGtinSize - gtin.size(), '0').append(gtin.data(), gtin.size());
}

bool IsDemonstrationGtin(absl::string_view gtin14) {
  // The first digit says how the product is packed; the company prefix follows.
  return gtin14.size() == kGtinSize && gtin14.substr(1, 3) == kDemonstrationPrefix;
}

void CheckGtin(absl::string_view value, const Path& path, Findings& findings) {
  const absl::optional<std::string> normalised = NormalisedGtin(value);
  if (normalised.has_value() && *normalised != value) {
    findings.Add({.field = path.ToString(),
                  .reason = "V3_GTIN_LENGTH",
                  .found = Quoted(value),
                  .expected = "14 digits",
                  .cure = absl::StrCat("pad it with zeros: ", *normalised),
                  .message_ja = absl::StrCat("GTIN は14桁で記載してください（例: ", *normalised, "）。")});
  } else if (!normalised.has_value()) {
    const bool has_form = value.size() == kGtinSize && IsDigits(value);
    findings.Add({.field = path.ToString(),
                  .reason = "V3_CHECK_DIGIT",
                  .found = Quoted(value),
                  .expected = has_form ? absl::StrCat("the check digit ",
                                                      std::string(1, Gs1CheckDigit(value.substr(0, kGtinSize - 1))))
                                       : "a GTIN of 14 digits, the last of which checks the others",
                  .cure = "compare it with the GTIN as issued",
                  .message_ja = "GTIN のチェックデジットまたは桁数が正しくありません。"});
  } else if (IsDemonstrationGtin(value)) {
    findings.Add({.field = path.ToString(),
                  .reason = "V3_DEMO_PREFIX",
                  .found = Quoted(value),
                  .expected = "a GTIN under a company's own prefix",
                  .cure = "use the GTIN as issued; 952 is kept for demonstrations",
                  .message_ja = "952 はデモ用プレフィックスです。自社の GTIN を使用してください。"});
  }
}

}  // namespace meguri::passport
