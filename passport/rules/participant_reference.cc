// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/participant_reference.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "passport/rules/corporate_number.h"
#include "passport/rules/gs1_check_digit.h"
#include "record/participant_id.h"
#include "record/record_id.h"

namespace meguri::passport {
namespace {

constexpr size_t kCheckedDigits = 13;  // of a corporate number and of a GLN

bool IsThirteenDigits(absl::string_view text) {
  return text.size() == kCheckedDigits &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

Violation BadCorporateNumber(absl::string_view value, absl::string_view number, const Path& path) {
  return {.field = path.ToString(),
          .reason = "V1_CORPORATE_NUMBER",
          .found = Quoted(value),
          .expected = IsThirteenDigits(number)
                          ? absl::StrCat("the leading check digit ",
                                         std::string(1, CorporateNumberCheckDigit(number.substr(1))))
                          : "a corporate number of 13 digits",
          .cure = "compare it with the number that the National Tax Agency publishes",
          .message_ja = "法人番号の桁数または検査用数字が正しくありません。国税庁の公表サイトで確認してください。"};
}

Violation BadLocationNumber(absl::string_view value, absl::string_view number, const Path& path) {
  return {.field = path.ToString(),
          .reason = "V3_CHECK_DIGIT",
          .found = Quoted(value),
          .expected = IsThirteenDigits(number)
                          ? absl::StrCat("the check digit ",
                                         std::string(1, Gs1CheckDigit(number.substr(0, kCheckedDigits - 1))))
                          : "a GLN of 13 digits",
          .cure = "compare it with the GLN as issued",
          .message_ja = "GLN の桁数またはチェックデジットが正しくありません。"};
}

}  // namespace

void CheckParticipantId(absl::string_view value, const Path& path, Findings& findings) {
  if (record::ParticipantId::Parse(value).ok()) {
    return;
  }
  absl::string_view number = value;
  if (absl::ConsumePrefix(&number, "0188:")) {
    findings.Add(BadCorporateNumber(value, number, path));
  } else if (absl::ConsumePrefix(&number, "0088:")) {
    findings.Add(BadLocationNumber(value, number, path));
  } else {
    findings.Add({.field = path.ToString(),
                  .reason = "PARTICIPANT_ID",
                  .found = Quoted(value),
                  .expected = "ICD:identifier of ISO/IEC 6523, for example 0188:7123456789012",
                  .cure = "give the member's participant ID",
                  .message_ja = "参加者IDの形式が正しくありません（例: 0188:7123456789012）。"});
  }
}

void CheckRecordId(absl::string_view value, const Path& path, Findings& findings) {
  const absl::StatusOr<record::RecordId> id = record::RecordId::ParseHex(value);
  if (!id.ok() || id->ToHex() != value) {
    findings.Add({.field = path.ToString(),
                  .reason = "RECORD_ID",
                  .found = Quoted(value),
                  .expected = "32 lower-case hexadecimal digits",
                  .cure = "give the record ID of the passport that is meant",
                  .message_ja = "レコードIDは小文字16進32桁で記載してください。"});
  }
}

}  // namespace meguri::passport
