// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "node/query/query.h"
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

}  // namespace meguri::node
