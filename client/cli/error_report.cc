// SPDX-License-Identifier: Apache-2.0
#include "client/cli/error_report.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "client/cli/exit_code.h"
#include "client/cli/reason_words.h"
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
    {"INDETERMINATE", Message::kCureIndeterminate},
    {"USAGE", Message::kSeeHelp},
    // These sentences say themselves what to do.
    {"CLIENT_REVOKED", Message::kCount},
    {"NOT_HOSTED", Message::kCount},
    {"KEY_NOT_NAMED", Message::kCount},
    {"REGISTRY_FOLLOW", Message::kCount},
    {"STORE_FAILED", Message::kCount},
    {"ENROLMENT_SIGNATURE", Message::kCount},
    {"SUCCESSOR_UNKNOWN", Message::kCount},
    {"NOT_THE_PUBLISHER", Message::kCount},
    {"FILE_NOT_FOUND", Message::kCount},
    {"XLSX_SHEET_MISSING", Message::kCount},
    {"IMPORT_RUNNING", Message::kCount},
    {"IMPORT_DONE", Message::kCount},
    {"IMPORT_BROKEN_OFF", Message::kCount},
    {"IMPORT_CHANGED", Message::kCount},
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
  const std::string reason = ViolationsOf(status).empty() ? ReasonOf(status) : "";
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

// "row 12, column D (colour): mass_kg" is a place in a sheet: "12行 D列 (colour): mass_kg" in Japanese. A file may
// stand before it.
std::string PlaceIn(Language language, const std::string& field) {
  constexpr char kRow[] = "row ";
  constexpr char kColumn[] = ", column ";
  const size_t behind_file = field.find(absl::StrCat(": ", kRow));
  const size_t start = absl::StartsWith(field, kRow)      ? 0
                       : behind_file == std::string::npos ? behind_file
                                                          : behind_file + 2;
  if (language != Language::kJapanese || start == std::string::npos) {
    return field;
  }
  absl::string_view rest = absl::string_view(field).substr(start + std::strlen(kRow));
  const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  std::string place = absl::StrCat(field.substr(0, start), rest.substr(0, digits), "行");
  rest.remove_prefix(digits);
  if (absl::ConsumePrefix(&rest, kColumn)) {
    const size_t letters = std::min(rest.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), rest.size());
    absl::StrAppend(&place, " ", rest.substr(0, letters), "列");
    rest.remove_prefix(letters);
  }
  return absl::StrCat(place, rest);
}

void AppendPart(Language language, Message name, absl::string_view text, std::string& report) {
  if (!text.empty()) {
    absl::StrAppend(&report, "    ", Text(language, name), ": ", Harmless(text), "\n");
  }
}

void AppendViolation(const Violation& violation, Language language, std::string& report) {
  absl::StrAppend(&report, "  ", Harmless(PlaceIn(language, violation.field)), violation.field.empty() ? "" : "  ",
                  violation.reason.empty() ? "" : absl::StrCat("[", Harmless(violation.reason), "]"), "\n");
  const bool has_words = language == Language::kJapanese && !violation.message_ja.empty();
  AppendPart(language, Message::kMeaning, has_words ? violation.message_ja : "", report);
  AppendPart(language, Message::kFound, violation.found, report);
  AppendPart(language, Message::kExpected, violation.expected, report);
  AppendPart(language, Message::kDo, has_words ? "" : violation.cure, report);  // the words say it
}

}  // namespace

std::string ErrorReport(const absl::Status& status, Language language, bool color) {
  const std::vector<Violation> violations = ViolationsOf(status);
  const std::string label = Text(language, Message::kError);
  std::string report = color ? absl::StrCat(kRed, label, kPlain, ": ") : absl::StrCat(label, ": ");
  if (violations.empty()) {
    const std::string reason = ReasonOf(status);
    const absl::string_view words = language == Language::kJapanese ? ReasonInJapanese(reason) : "";
    absl::StrAppend(&report, words.empty() ? Harmless(status.message()) : std::string(words),
                    reason.empty() ? "" : absl::StrCat(" [", Harmless(reason), "]"), "\n");
    AppendPart(language, Message::kDetail, words.empty() ? "" : status.message(), report);
  } else {
    absl::StrAppend(&report,
                    violations.size() == 1 ? Text(language, Message::kOneProblem)
                                           : Text(language, Message::kProblems, {absl::StrCat(violations.size())}),
                    "\n");
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
  std::string report =
      absl::StrCat(warnings.size() == 1 ? Text(language, Message::kOneWarning)
                                        : Text(language, Message::kWarnings, {absl::StrCat(warnings.size())}),
                   "\n");
  for (const Violation& warning : warnings) {
    AppendViolation(warning, language, report);
  }
  return report;
}

std::string SheetSentence(Language language, const Violation& violation) {
  const std::string rule = violation.reason.empty() ? "" : absl::StrCat(" [", violation.reason, "]");
  if (language != Language::kJapanese || violation.message_ja.empty()) {
    return absl::StrCat(ToSentence(violation), rule);
  }
  return absl::StrCat(PlaceIn(language, violation.field), ": ", violation.message_ja, " ",
                      Text(language, Message::kFound), ": ", violation.found, rule);
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
