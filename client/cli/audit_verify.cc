// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/audit_file.h"
#include "certs/files.h"
#include "client/cli/audit_rows.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/key_notice.h"
#include "client/cli/record_file.h"
#include "client/cli/table.h"
#include "client/cli/verdict.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr size_t kNumbersShown = 20;

struct Arguments {
  std::string file;
  std::string since;
  std::string trust_bundle;
};

absl::Status NotVerified(const Session& session, const std::string& file, const absl::Status& why) {
  return Error(absl::StatusCode::kFailedPrecondition, "NOT_VERIFIED",
               session.Say(Message::kNotVerified, {file, why.message(), ReasonOf(why)}));
}

absl::StatusOr<certs::AuditReport> Open(const Session& session, const std::string& file,
                                        const certs::TrustBundle& bundle) {
  const absl::StatusOr<std::string> bytes = certs::ReadFile(file, certs::kAuditFileBytesMax);
  if (!bytes.ok() && ReasonOf(bytes.status()) != "FILE_TOO_LARGE") {
    return bytes.status();
  }
  absl::StatusOr<certs::AuditReport> report =
      bytes.ok() ? certs::VerifyAuditFile(*bytes, bundle, session.clock().Now()) : bytes.status();
  return report.ok() ? std::move(report) : NotVerified(session, file, report.status());
}

// That nothing which the earlier file shows was removed, changed or left out.
absl::Status CheckSince(const Session& session, const Arguments& arguments, const certs::AuditReport& report,
                        const certs::AuditReport& earlier) {
  const absl::Status continued = certs::CheckContinues(report, earlier.head);
  if (!continued.ok()) {
    return NotVerified(session, arguments.file, continued);
  }
  std::vector<uint64_t> left_out = certs::RowsLeftOut(report, earlier);
  if (left_out.empty()) {
    return absl::OkStatus();
  }
  const size_t count = left_out.size();
  left_out.resize(std::min(count, kNumbersShown));
  return Error(absl::StatusCode::kFailedPrecondition, "NOT_VERIFIED",
               session.Say(Message::kRowsLeftOut, {absl::StrCat(count), absl::StrJoin(left_out, ", ") +
                                                                            (count > kNumbersShown ? ", …" : "")}));
}

absl::Status Verify(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle bundle, ChosenBundle(session, arguments.trust_bundle));
  MEGURI_ASSIGN_OR_RETURN(const certs::AuditReport report, Open(session, arguments.file, bundle));
  if (!arguments.since.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const certs::AuditReport earlier, Open(session, arguments.since, bundle));
    MEGURI_RETURN_IF_ERROR(CheckSince(session, arguments, report, earlier));
  }
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kVerdict), VerdictText(session, report.judgement, Message::kVerdictProven)});
  table.Add({session.Say(Message::kMember),
             absl::StrCat(report.id.text(), " ", NameIn(session.language(), report.member.entry.name()))});
  table.Add({session.Say(Message::kRoot),
             session.Say(Message::kRootOfSize, {report.head.root.ToHex(), absl::StrCat(report.head.size)})});
  table.Add(
      {session.Say(Message::kRows), session.Say(report.is_complete() ? Message::kRowsAll : Message::kRowsSome,
                                                {absl::StrCat(report.rows.size()), absl::StrCat(report.head.size)})});
  nlohmann::ordered_json json = ToJson(report.judgement, "PROVEN");
  json["member"] = report.id.text();
  json["size"] = report.head.size;
  json["root"] = report.head.root.ToHex();
  json["complete"] = report.is_complete();
  json["rows"] = ToJson(report.rows);
  AddNotices(session, report.key_notices, table, json);
  if (!arguments.since.empty()) {
    json["continues_earlier"] = true;  // what does not is an error
  }
  MEGURI_RETURN_IF_ERROR(
      session.Answer(absl::StrCat(table.Layout(), "\n", TableOf(session, report.rows)), json, "rows"));
  if (session.options().output == OutputForm::kJsonLines) {
    session.Note(VerdictText(session, report.judgement, Message::kVerdictProven));  // the lines are rows alone
  }
  return ToStatus(session, report.judgement);
}

}  // namespace

void AddAuditVerify(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "verify", Message::kAboutAuditVerify, session);
  command.Option("FILE", arguments->file, session.Say(Message::kAboutAuditFile)).Required();
  command.Option("--since", arguments->since, session.Say(Message::kAboutAuditSince)).TypeName("FILE");
  command.Option("--trust-bundle", arguments->trust_bundle, session.Say(Message::kAboutTrustBundle)).TypeName("FILE");
  OnCall(command, session, arguments, &Verify);
}

}  // namespace meguri::client
