// SPDX-License-Identifier: Apache-2.0
#include "record/participant_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "record/limits.h"

namespace meguri::record {
namespace {

constexpr size_t kIcdSize = 4;
constexpr size_t kCheckedDigits = 13;  // of a corporate number and of a GLN

bool IsDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

bool IsIdentifierCharacter(unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; }

int Digit(char c) { return c - '0'; }

// The check digit leads: 9 - (sum of the other digits, weighted 1, 2, 1, 2 … from the right) mod 9.
bool IsCorporateNumber(absl::string_view number) {
  if (number.size() != kCheckedDigits || !IsDigits(number)) {
    return false;
  }
  int sum = 0;
  for (size_t from_right = 1; from_right < kCheckedDigits; ++from_right) {
    sum += Digit(number[kCheckedDigits - from_right]) * (from_right % 2 == 1 ? 1 : 2);
  }
  return Digit(number[0]) == 9 - sum % 9;
}

// The check digit ends: it fills the sum of the others, weighted 3, 1, 3, 1 … from the right, up to a multiple of 10.
bool IsGln(absl::string_view number) {
  if (number.size() != kCheckedDigits || !IsDigits(number)) {
    return false;
  }
  int sum = 0;
  for (size_t from_right = 1; from_right < kCheckedDigits; ++from_right) {
    sum += Digit(number[kCheckedDigits - 1 - from_right]) * (from_right % 2 == 1 ? 3 : 1);
  }
  return Digit(number[kCheckedDigits - 1]) == (10 - sum % 10) % 10;
}

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "PARTICIPANT_ID", message);
}

}  // namespace

absl::StatusOr<ParticipantId> ParticipantId::Parse(absl::string_view text) {
  if (text.size() < kIcdSize + 2 || text.size() > kIcdSize + 1 + kParticipantIdentifierMax ||
      !IsDigits(text.substr(0, kIcdSize)) || text[kIcdSize] != ':' ||
      !std::all_of(text.begin() + kIcdSize + 1, text.end(), IsIdentifierCharacter)) {
    return Refuse(
        "a participant ID is four digits, a colon and 1-35 characters of A-Z a-z 0-9 . _ -, "
        "for example 0188:7123456789012");
  }
  const absl::string_view icd = text.substr(0, kIcdSize);
  const absl::string_view identifier = text.substr(kIcdSize + 1);
  if (icd == "0188" && !IsCorporateNumber(identifier)) {
    return Refuse(absl::StrCat(identifier,
                               " is not a Japanese corporate number: 13 digits of which the first checks "
                               "the others"));
  }
  if (icd == "0088" && !IsGln(identifier)) {
    return Refuse(absl::StrCat(identifier, " is not a GLN: 13 digits of which the last checks the others"));
  }
  return ParticipantId(std::string(text));
}

}  // namespace meguri::record
