// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace meguri {
namespace {

constexpr char kReasonUrl[] = "meguri/reason";
constexpr char kViolationsUrl[] = "meguri/violations";

// Violations travel inside a Status as length-prefixed strings: base knows no protobuf.
void AppendString(absl::string_view text, std::string& out) { absl::StrAppend(&out, text.size(), ":", text); }

bool TakeString(absl::string_view& in, std::string& text) {
  size_t size = 0;
  size_t used = 0;
  while (used < in.size() && in[used] != ':') {
    size = size * 10 + static_cast<size_t>(in[used] - '0');
    ++used;
  }
  if (used >= in.size() || in.size() - used - 1 < size) {
    return false;
  }
  text = std::string(in.substr(used + 1, size));
  in.remove_prefix(used + 1 + size);
  return true;
}

}  // namespace

std::string ToSentence(const Violation& violation) {
  std::string sentence = violation.field.empty() ? "" : absl::StrCat(violation.field, ": ");
  absl::StrAppend(&sentence, violation.found);
  if (!violation.expected.empty()) {
    absl::StrAppend(&sentence, ", expected ", violation.expected);
  }
  if (!violation.cure.empty()) {
    absl::StrAppend(&sentence, "; ", violation.cure);
  }
  return sentence;
}

std::vector<Violation> TakeWarnings(std::vector<Violation>& violations) {
  std::vector<Violation> errors;
  std::vector<Violation> warnings;
  for (Violation& violation : violations) {
    (violation.severity == Severity::kError ? errors : warnings).push_back(std::move(violation));
  }
  violations = std::move(errors);
  return warnings;
}

void LimitWarnings(std::vector<Violation>& warnings, size_t max) {
  if (warnings.size() <= max) {
    return;
  }
  const size_t left_out = warnings.size() - max + 1;
  warnings.resize(max - 1);
  warnings.push_back({.field = "",
                      .reason = "MORE_WARNINGS",
                      .found = absl::StrCat(left_out, " more warnings"),
                      .expected = "",
                      .cure = "see to these first, or check the records before sending them",
                      .message_ja = absl::StrCat("ほかに ", left_out, " 件の警告があります。"),
                      .severity = Severity::kWarning});
}

absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  absl::Status status(code, message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  return status;
}

absl::Status InvalidInput(const std::vector<Violation>& violations) {
  Invariant(!violations.empty(), "InvalidInput without a violation");
  std::string message = ToSentence(violations.front());
  if (violations.size() > 1) {
    absl::StrAppend(&message, " (and ", violations.size() - 1, " more)");
  }
  absl::Status status = Error(absl::StatusCode::kInvalidArgument, violations.front().reason, message);
  std::string encoded;
  for (const Violation& violation : violations) {
    for (const std::string* text : {&violation.field, &violation.reason, &violation.found, &violation.expected,
                                    &violation.cure, &violation.message_ja}) {
      AppendString(*text, encoded);
    }
  }
  status.SetPayload(kViolationsUrl, absl::Cord(encoded));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kReasonUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::vector<Violation> ViolationsOf(const absl::Status& status) {
  std::vector<Violation> violations;
  const absl::optional<absl::Cord> payload = status.GetPayload(kViolationsUrl);
  if (!payload.has_value()) {
    return violations;
  }
  const std::string encoded(*payload);
  absl::string_view rest = encoded;
  while (!rest.empty()) {
    Violation violation;
    for (std::string* text : {&violation.field, &violation.reason, &violation.found, &violation.expected,
                              &violation.cure, &violation.message_ja}) {
      Invariant(TakeString(rest, *text), "violations payload is well formed");
    }
    violations.push_back(violation);
  }
  return violations;
}

void Invariant(bool condition, absl::string_view why) {
  if (!condition) {
    std::fprintf(stderr, "broken invariant: %.*s\n", static_cast<int>(why.size()), why.data());
    std::abort();
  }
}

}  // namespace meguri
