// SPDX-License-Identifier: Apache-2.0
#include "client/cli/error_report.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "client/cli/exit_code.h"
#include "client/cli/table.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr char kRed[] = "\x1b[1;31m";
constexpr char kPlain[] = "\x1b[0m";

struct CureByReason {
  const char* reason;
  Message cure;
};
constexpr CureByReason kCuresByReason[] = {
    {"CONTEXT", Message::kCureContext},
    {"NO_CONTEXT", Message::kCureContext},
    {"NODE_IDENTITY", Message::kCureIdentity},
    {"NODE_CERTIFICATE", Message::kCureCertificate},
    {"NODE_UNREACHABLE", Message::kCureUnreachable},
    {"PUBLISHER_NODE", Message::kCurePublisherNode},
    {"DEADLINE", Message::kCureDeadline},
    {"NOT_VERIFIED", Message::kCureNotVerified},
    {"USAGE", Message::kSeeHelp},
    // These sentences say themselves what to do.
    {"CLIENT_REVOKED", Message::kCount},
    {"NOT_HOSTED", Message::kCount},
    {"FILE_NOT_FOUND", Message::kCount},
    {"ALREADY_ENROLLED", Message::kCureAlreadyEnrolled},
    {"MEMBER_SUSPENDED", Message::kCureNotActive},
    {"MEMBER_LEFT", Message::kCureNotActive},
    {"CHANGE_STALE", Message::kCureStale},
};

struct CureByExit {
  ExitCode exit_code;
  Message cure;
};
constexpr CureByExit kCuresByExit[] = {
    {ExitCode::kDataRefused, Message::kCureData},  {ExitCode::kNoInput, Message::kCureNotFound},
    {ExitCode::kUnavailable, Message::kCureBusy},  {ExitCode::kDenied, Message::kCureDenied},
    {ExitCode::kInternal, Message::kCureInternal},
};

// kCount if the message of the error says it all.
Message CureOf(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  for (const CureByReason& row : kCuresByReason) {
    if (reason == row.reason) {
      return row.cure;
    }
  }
  const ExitCode exit_code = ExitCodeOf(status);
  for (const CureByExit& row : kCuresByExit) {
    if (exit_code == row.exit_code) {
      return row.cure;
    }
  }
  return Message::kCount;
}

void AppendPart(Language language, Message name, absl::string_view text, std::string& report) {
  if (!text.empty()) {
    absl::StrAppend(&report, "    ", Text(language, name), ": ", Harmless(text), "\n");
  }
}

void AppendViolation(const Violation& violation, Language language, std::string& report) {
  absl::StrAppend(&report, "  ", Harmless(violation.field.empty() ? violation.reason : violation.field), "\n");
  if (language == Language::kJapanese && !violation.message_ja.empty()) {
    AppendPart(language, Message::kFound, violation.message_ja, report);
    return;
  }
  AppendPart(language, Message::kFound, violation.found, report);
  AppendPart(language, Message::kExpected, violation.expected, report);
  AppendPart(language, Message::kDo, violation.cure, report);
}

}  // namespace

std::string ErrorReport(const absl::Status& status, Language language, bool color) {
  const std::vector<Violation> violations = ViolationsOf(status);
  const std::string label = Text(language, Message::kError);
  std::string report = color ? absl::StrCat(kRed, label, kPlain, ": ") : absl::StrCat(label, ": ");
  if (violations.empty()) {
    const std::string reason = ReasonOf(status);
    absl::StrAppend(&report, Harmless(status.message()),
                    reason.empty() ? "" : absl::StrCat(" [", Harmless(reason), "]"), "\n");
  } else {
    absl::StrAppend(&report, Text(language, Message::kProblems, {absl::StrCat(violations.size())}), "\n");
  }
  for (const Violation& violation : violations) {
    AppendViolation(violation, language, report);
  }
  const Message cure = CureOf(status);
  if (cure != Message::kCount) {
    absl::StrAppend(&report, "→ ", Text(language, cure), "\n");
  }
  return report;
}

std::string WarningReport(const std::vector<Violation>& warnings, Language language) {
  std::string report = absl::StrCat(Text(language, Message::kWarnings, {absl::StrCat(warnings.size())}), "\n");
  for (const Violation& warning : warnings) {
    AppendViolation(warning, language, report);
  }
  return report;
}

nlohmann::ordered_json ErrorJson(const absl::Status& status) {
  nlohmann::ordered_json error;
  error["code"] = absl::StatusCodeToString(status.code());
  error["reason"] = ReasonOf(status);
  error["message"] = std::string(status.message().data(), status.message().size());
  error["exit_code"] = static_cast<int>(ExitCodeOf(status));
  error["violations"] = nlohmann::ordered_json::array();
  for (const Violation& violation : ViolationsOf(status)) {
    error["violations"].push_back({{"field", violation.field},
                                   {"reason", violation.reason},
                                   {"found", violation.found},
                                   {"expected", violation.expected},
                                   {"cure", violation.cure},
                                   {"message_ja", violation.message_ja}});
  }
  return {{"error", error}};
}

}  // namespace meguri::client
