// SPDX-License-Identifier: Apache-2.0
#include "node/query/identifier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "passport/rules/digital_link.h"
#include "passport/rules/gs1_check_digit.h"

namespace meguri::node {
namespace {

constexpr size_t kIdentifierBytesMax = 2048;
constexpr size_t kSerialBytesMax = 20;

absl::Status IdentifierError(absl::string_view found) {
  return InvalidInput({{"identifier", "IDENTIFIER", std::string(found),
                        "a GS1 Digital Link, a GTIN, GTIN/serial, or a record ID of 32 hexadecimal digits",
                        "scan or type the identifier again",
                        "識別子は GS1 Digital Link、GTIN、GTIN/シリアル番号、または記録IDで指定してください。"}});
}

absl::Status QuestionError(absl::string_view found) {
  return InvalidInput(
      {{"identifier", "IDENTIFIER", std::string(found),
        "a GS1 Digital Link, a GTIN, GTIN/serial, a record ID of 32 hexadecimal digits, or a model number",
        "scan or type it again", "GS1 Digital Link、GTIN、GTIN/シリアル番号、記録ID、または型番を指定してください。"}});
}

// Digits as many as a GTIN has.
bool LooksLikeGtin(absl::string_view text) {
  const absl::string_view first = text.substr(0, text.find('/'));
  return (first.size() == 8 || (first.size() >= 12 && first.size() <= 14)) &&
         std::all_of(first.begin(), first.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

absl::StatusOr<Identifier> ParseIdentifier(absl::string_view text) {
  Identifier identifier;
  if (text.size() > kIdentifierBytesMax) {
    return IdentifierError(absl::StrCat(text.size(), " bytes"));
  }
  if (absl::StrContains(text, "://")) {
    absl::StatusOr<passport::DigitalLink> link = passport::ParseDigitalLink(text);
    if (!link.ok()) {
      return IdentifierError(link.status().message());
    }
    identifier.uri = std::string(text);
    identifier.host = link->host;
    identifier.gtin = link->gtin;
    identifier.lot = link->lot;
    identifier.serial = link->serial;
    return identifier;
  }
  absl::StatusOr<record::RecordId> record_id = record::RecordId::ParseHex(text);
  if (record_id.ok()) {
    identifier.record_id = *record_id;
    return identifier;
  }
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  const absl::optional<std::string> gtin = passport::NormalisedGtin(parts[0]);
  if (!gtin.has_value()) {
    return IdentifierError(absl::StrCat("'", text.substr(0, 80), "'"));
  }
  identifier.gtin = *gtin;
  if (parts.size() == 2) {
    if (parts[1].empty() || parts[1].size() > kSerialBytesMax) {
      return IdentifierError("a serial number that is empty or longer than 20 characters");
    }
    identifier.serial = parts[1];
  }
  return identifier;
}

absl::StatusOr<Identifier> ParseQuestion(const ProductQuestion& question) {
  const std::string half_width = HalfWidth(question.identifier);
  const absl::string_view text = absl::StripAsciiWhitespace(half_width);
  if (question.maker.size() > kPlateTextBytesMax || question.serial.size() > kPlateTextBytesMax) {
    return QuestionError(absl::StrCat("a maker or serial number of more than ", kPlateTextBytesMax, " bytes"));
  }
  if (!question.is_model_number) {
    absl::StatusOr<Identifier> identifier = ParseIdentifier(text);
    if (identifier.ok()) {
      if (!identifier->gtin.empty() && identifier->serial.empty()) {
        identifier->serial = question.serial;
      }
      return identifier;
    }
    if (absl::StrContains(text, "://") || LooksLikeGtin(text)) {
      return identifier.status();
    }
  }
  if (text.empty() || text.size() > kModelBytesMax) {
    return QuestionError(text.empty() ? std::string("nothing") : absl::StrCat(text.size(), " bytes"));
  }
  Identifier identifier;
  identifier.model = std::string(absl::StripAsciiWhitespace(question.identifier));
  identifier.maker = question.maker;
  identifier.serial = question.serial;
  return identifier;
}

std::string HalfWidth(absl::string_view text) {
  std::string half;
  for (size_t i = 0; i < text.size();) {
    const absl::string_view three = text.substr(i, 3);
    const auto third = three.size() == 3 ? static_cast<unsigned char>(three[2]) : 0U;
    char ascii = 0;
    if (absl::StartsWith(three, "\xEF\xBC") && third > 0x80) {  // U+FF01 to U+FF3F
      ascii = static_cast<char>(third - 0x80 + ' ');
    } else if (absl::StartsWith(three, "\xEF\xBD") && third < 0x9F) {  // U+FF40 to U+FF5E
      ascii = static_cast<char>(third - 0x80 + '`');
    } else if (three == "\xE2\x88\x92") {  // U+2212, the minus sign of CP932
      ascii = '-';
    } else if (three == "\xE3\x80\x80") {  // U+3000
      ascii = ' ';
    }
    half.push_back(ascii != 0 ? ascii : text[i]);
    i += ascii != 0 ? 3 : 1;
  }
  return half;
}

}  // namespace meguri::node
