// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/audit_file.h"
#include "certs/files.h"
#include "client/cli/audit_rows.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/record_file.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr mode_t kAuditFileMode = 0600;  // it tells who reads what
constexpr size_t kRowBytesMin = 128;     // with its path: so many more do not fit into a file for sure
constexpr size_t kRowsMax = certs::kAuditFileBytesMax / kRowBytesMin;

struct Arguments {
  std::string file;
  std::string since;
  AuditArguments which;
};

absl::Status TooLarge(const Session& session) {
  return Error(absl::StatusCode::kInvalidArgument, "USAGE",
               session.Say(Message::kAuditTooLarge, {absl::StrCat(certs::kAuditFileBytesMax)}));
}

absl::Status Export(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(audit::v1::RowQuery query, QueryOf(session, arguments.which));
  absl::optional<certs::AuditReport> earlier;
  if (!arguments.since.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(arguments.since, certs::kAuditFileBytesMax));
    MEGURI_ASSIGN_OR_RETURN(earlier, certs::VerifyAuditFile(bytes, *bundle, session.clock().Now()));
    query.set_known_size(earlier->head.size);
  }
  MEGURI_ASSIGN_OR_RETURN(FetchedRows fetched, FetchRows(session, std::move(query), kRowsMax));
  if (fetched.has_more) {
    return TooLarge(session);
  }
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(PublisherEntry publisher, GetPublisherEntry(*node, *bundle, fetched.member));
  audit::v1::AuditFile file;
  for (audit::v1::ProvenRow& row : fetched.rows) {
    *file.add_rows() = std::move(row);
  }
  *file.mutable_head() = std::move(fetched.head);
  *file.mutable_publisher_entry() = std::move(publisher.entry);
  *file.mutable_publisher_entry_proof() = std::move(publisher.proof);
  const std::string bytes = certs::MakeAuditFile(std::move(file), *bundle);
  if (bytes.size() > certs::kAuditFileBytesMax) {
    return TooLarge(session);
  }
  // A file is only worth keeping if it verifies.
  MEGURI_ASSIGN_OR_RETURN(const certs::AuditReport report,
                          certs::VerifyAuditFile(bytes, *bundle, session.clock().Now()));
  const absl::Status continues = earlier.has_value() ? certs::CheckContinues(report, earlier->head) : absl::OkStatus();
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(arguments.file, bytes, kAuditFileMode));
  if (!continues.ok()) {
    // Both files together show what was done to the feed, so the new one is worth as much as the old one.
    session.Note(session.Say(Message::kAuditKeepBoth, {arguments.file, arguments.since}));
    return continues;
  }
  const nlohmann::ordered_json json = {{"file", arguments.file},
                                       {"member", report.id.text()},
                                       {"rows", report.rows.size()},
                                       {"size", report.head.size},
                                       {"root", report.head.root.ToHex()}};
  return session.Answer(
      absl::StrCat(session.Say(Message::kAuditSaved,
                               {arguments.file, absl::StrCat(report.rows.size()), absl::StrCat(report.head.size)}),
                   "\n"),
      json);
}

}  // namespace

void AddAuditExport(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "export", Message::kAboutAuditExport, session);
  command.Option("FILE", arguments->file, session.Say(Message::kAboutAuditFile)).Required();
  AddAuditFlags(command, session, arguments->which);
  command.Option("--since", arguments->since, session.Say(Message::kAboutAuditSince)).TypeName("FILE");
  OnCall(command, session, arguments, &Export);
}

}  // namespace meguri::client
