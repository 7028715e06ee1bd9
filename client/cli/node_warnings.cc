// SPDX-License-Identifier: Apache-2.0
#include "client/cli/node_warnings.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "client/rpc_error.h"
#include "passport/validate.h"
#include "record/header.h"

namespace meguri::client {
namespace {

constexpr char kPublications[] = "publications[";

// What the rules warn of in the publications of one request. Each is judged once, and only if the node warned of it.
class KnownWarnings {
 public:
  explicit KnownWarnings(const record::v1::PublishRequest& request) : request_(request) {}

  bool Has(const PublicationField& field, const std::string& reason) {
    const std::vector<Violation>& known = Of(field.index);
    return std::any_of(known.begin(), known.end(), [&](const Violation& violation) {
      return violation.field == field.rest && violation.reason == reason;
    });
  }

 private:
  const std::vector<Violation>& Of(size_t index) {
    const auto [known, is_new] = by_index_.try_emplace(index);
    if (is_new && index < static_cast<size_t>(request_.publications_size())) {
      const record::v1::Envelope& envelope = request_.publications(static_cast<int>(index)).envelope();
      const absl::StatusOr<record::Header> header = record::Header::Parse(envelope.header());
      if (header.ok()) {
        const std::vector<record::v1::Section> sections(envelope.sections().begin(), envelope.sections().end());
        known->second = passport::ValidateRecord(*header, sections);
      }
    }
    return known->second;
  }

  const record::v1::PublishRequest& request_;
  std::map<size_t, std::vector<Violation>> by_index_;
};

}  // namespace

absl::optional<PublicationField> ParsePublicationField(absl::string_view field) {
  PublicationField parsed;
  if (!absl::ConsumePrefix(&field, kPublications)) {
    return absl::nullopt;
  }
  const size_t end = field.find(']');
  if (end == absl::string_view::npos || !absl::SimpleAtoi(field.substr(0, end), &parsed.index)) {
    return absl::nullopt;
  }
  field.remove_prefix(end + 1);
  absl::ConsumePrefix(&field, ".");
  parsed.rest = std::string(field);
  return parsed;
}

std::vector<Violation> WarningsOfTheNode(const record::v1::PublishResponse& answer,
                                         const record::v1::PublishRequest& request) {
  KnownWarnings known(request);
  std::vector<Violation> warnings;
  bool is_any_known = false;
  for (Violation& warning : ParseViolations(answer.warnings())) {
    const absl::optional<PublicationField> field = ParsePublicationField(warning.field);
    // What names no record counts those left out. They come last: behind a known one, all of them are known.
    if (field.has_value() ? known.Has(*field, warning.reason) : is_any_known) {
      is_any_known = true;
      continue;
    }
    warning.severity = Severity::kWarning;
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace meguri::client
