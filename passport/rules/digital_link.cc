// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/digital_link.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/rules/finding.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/rules/gs1_key.h"
#include "passport/rules/rule.h"

namespace meguri::passport {
namespace {

// A qualifier may follow its key if all that precede it in the table for that key were skipped or came before it.
struct Qualifier {
  absl::string_view key;
  absl::string_view ai;
  size_t size_max;
  std::string DigitalLink::* field;
  bool alone = false;  // excludes every other qualifier
};

const Qualifier kQualifiers[] = {
    {"01", "22", 20, &DigitalLink::variant},
    {"01", "10", kGs1LotBytesMax, &DigitalLink::lot},
    {"01", "21", kGs1SerialBytesMax, &DigitalLink::serial},
    {"01", "235", 28, &DigitalLink::third_party_serial, true},
    {"8006", "22", 20, &DigitalLink::variant},
    {"8006", "10", kGs1LotBytesMax, &DigitalLink::lot},
    {"8006", "21", kGs1SerialBytesMax, &DigitalLink::serial},
    {"8010", "8011", 12, &DigitalLink::serial},
    {"414", "254", 20, &DigitalLink::extension, true},
    {"414", "7040", 4, &DigitalLink::extension, true},
    {"417", "7040", 4, &DigitalLink::extension, true},
};

absl::Status Refuse(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "V4_DIGITAL_LINK",
               absl::StrCat("this is no GS1 Digital Link: ", why));
}

absl::optional<std::string> PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    std::string byte;
    if (text.size() - i < 3 || !FromHex(text.substr(i + 1, 2), byte)) {
      return absl::nullopt;
    }
    decoded += byte;
    i += 2;
  }
  return decoded;
}

bool IsHost(absl::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == ':';
  });
}

absl::Status TakeQualifiers(absl::Span<const std::string> pairs, DigitalLink& link) {
  const Qualifier* next = std::begin(kQualifiers);
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const Qualifier* qualifier = std::find_if(next, std::end(kQualifiers), [&](const Qualifier& known) {
      return known.key == link.primary_ai && known.ai == pairs[i];
    });
    if (qualifier == std::end(kQualifiers) || (qualifier->alone && pairs.size() > 2)) {
      return Refuse(absl::StrCat("(", pairs[i], ") cannot stand there after the key (", link.primary_ai, ")"));
    }
    if (!IsGs1Text(pairs[i + 1], qualifier->size_max)) {
      return Refuse(absl::StrCat("the value ", Quoted(pairs[i + 1]), " of (", pairs[i], ") is not 1-",
                                 qualifier->size_max, " characters of GS1 character set 82"));
    }
    link.*(qualifier->field) = pairs[i + 1];
    next = qualifier + 1;
  }
  return absl::OkStatus();
}

// `pairs`: primary key, its value, qualifier, its value …
absl::StatusOr<DigitalLink> ParsePairs(absl::string_view host, absl::Span<const std::string> pairs) {
  DigitalLink link;
  link.host = absl::AsciiStrToLower(host);
  link.primary_ai = pairs[0];
  MEGURI_RETURN_IF_ERROR(CheckGs1Key(pairs[0], pairs[1]));
  link.primary_key = pairs[1];
  if (link.primary_ai == "01") {
    link.primary_key = *NormalisedGtin(pairs[1]);
    link.gtin = link.primary_key;
  }
  MEGURI_RETURN_IF_ERROR(TakeQualifiers(pairs.subspan(2), link));
  return link;
}

absl::StatusOr<std::vector<std::string>> SplitPath(absl::string_view path) {
  std::vector<std::string> segments;
  for (const absl::string_view segment : absl::StrSplit(absl::StripSuffix(path, "/"), '/')) {
    absl::optional<std::string> decoded = PercentDecoded(segment);
    if (!decoded.has_value()) {
      return Refuse(absl::StrCat(Quoted(segment), " has a broken percent sign"));
    }
    segments.push_back(*std::move(decoded));
  }
  return segments;
}

// What scanners and resolvers of today read, but the standard asks or recommends to write in another way.
void CheckLinkForm(absl::string_view uri, const DigitalLink& link, const Path& field, Findings& findings) {
  if (!absl::StartsWithIgnoreCase(uri, "https://")) {
    Report(findings, field.ToString(), "V4_DIGITAL_LINK_FORM", "a link that does not begin with https://",
           {"https, as GS1 recommends", "write https:// if the host answers there",
            "Digital Link は https:// で始めることが推奨されています。"},
           Severity::kWarning);
  }
  if (!link.gtin.empty() && !absl::StrContains(uri, absl::StrCat("/01/", link.gtin))) {
    Report(findings, field.ToString(), "V4_DIGITAL_LINK_FORM", "a GTIN of fewer than 14 digits",
           {absl::StrCat("/01/", link.gtin, ": 14 digits, as GS1 Digital Link asks for"),
            "put zeros before the GTIN; codes that are printed already still resolve",
            "Digital Link の GTIN は先頭に0を補い14桁で記載してください。"},
           Severity::kWarning);
  }
}

}  // namespace

absl::StatusOr<DigitalLink> ParseDigitalLink(absl::string_view uri) {
  if (uri.size() > kDigitalLinkBytesMax) {
    return Refuse(absl::StrCat("it is longer than ", kDigitalLinkBytesMax, " bytes"));
  }
  const size_t scheme_end = uri.find("://");
  const absl::string_view scheme = uri.substr(0, scheme_end);
  if (scheme_end == absl::string_view::npos ||
      !(absl::EqualsIgnoreCase(scheme, "https") || absl::EqualsIgnoreCase(scheme, "http"))) {
    return Refuse("it does not begin with https://");
  }
  uri.remove_prefix(scheme_end + 3);
  uri = uri.substr(0, uri.find_first_of("?#"));
  const size_t slash = uri.find('/');
  const absl::string_view host = uri.substr(0, slash);
  if (slash == absl::string_view::npos || !IsHost(host)) {
    return Refuse("it has no host or no path");
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> segments, SplitPath(uri.substr(slash + 1)));
  // Other path segments may lead: the key is the first segment from which everything reads as pairs.
  absl::Status refusal = Refuse("no segment of its path is a GS1 primary key");
  for (size_t first = segments.size() % 2; first + 1 < segments.size(); first += 2) {
    if (!IsGs1PrimaryKey(segments[first])) {
      continue;
    }
    absl::StatusOr<DigitalLink> link = ParsePairs(host, absl::MakeConstSpan(segments).subspan(first));
    if (link.ok()) {
      return link;
    }
    refusal = link.status();
  }
  return refusal;
}

void CheckIdentityDigitalLink(const v1::Identity& identity, const Path& path, Findings& findings) {
  if (identity.digital_link().empty()) {
    return;
  }
  const Path field = path.Field("digital_link");
  const absl::StatusOr<DigitalLink> link = ParseDigitalLink(identity.digital_link());
  if (!link.ok()) {
    findings.Add({.field = field.ToString(),
                  .reason = ReasonOf(link.status()),
                  .found = std::string(link.status().message()),
                  .expected = "a GS1 Digital Link such as https://id.example.jp/01/04912345678904/21/A1",
                  .cure = "correct the link, or leave it out",
                  .message_ja = "GS1 Digital Link の形式が正しくありません。"});
    return;
  }
  CheckLinkForm(identity.digital_link(), *link, field, findings);
  if (link->primary_ai != "01") {
    return;
  }
  const struct {
    absl::string_view name;
    const std::string& in_link;
    const std::string& in_field;
  } pairs[] = {{"gtin", link->gtin, identity.gtin()},
               {"lot", link->lot, identity.lot()},
               {"serial", link->serial, identity.serial()}};
  for (const auto& pair : pairs) {
    if (pair.in_link != pair.in_field) {
      findings.Add({.field = field.ToString(),
                    .reason = "V4_DIGITAL_LINK_MISMATCH",
                    .found = absl::StrCat(pair.name, " ", Quoted(pair.in_link)),
                    .expected = pair.in_field.empty()
                                    ? absl::StrCat("the same in the field ", pair.name, ", which is empty")
                                    : absl::StrCat(Quoted(pair.in_field), " as in the field ", pair.name),
                    .cure = "make the link and the fields say the same",
                    .message_ja = absl::StrCat("Digital Link の ", pair.name, " が項目の値と一致しません。")});
    }
  }
}

}  // namespace meguri::passport
