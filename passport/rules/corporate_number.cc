// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/corporate_number.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace meguri::passport {
namespace {

constexpr size_t kBaseSize = 12;

}  // namespace

char CorporateNumberCheckDigit(absl::string_view base) {
  int sum = 0;
  int weight = 1;
  for (auto digit = base.rbegin(); digit != base.rend(); ++digit) {
    sum = (sum + (*digit - '0') * weight) % 9;
    weight = 3 - weight;
  }
  return static_cast<char>('0' + 9 - sum);
}

bool IsCorporateNumber(absl::string_view number) {
  return number.size() == kBaseSize + 1 &&
         std::all_of(number.begin(), number.end(), [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
         number[0] == CorporateNumberCheckDigit(number.substr(1));
}

}  // namespace meguri::passport
