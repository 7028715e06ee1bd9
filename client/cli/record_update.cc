// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/publishing.h"
#include "client/cli/record_input.h"
#include "client/cli/record_view.h"
#include "client/sign.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
  std::string file;
  bool dry_run = false;
};

absl::Status Update(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(std::vector<NamedDraft> drafts, ReadRecordFiles(session, {arguments.file}));
  MEGURI_ASSIGN_OR_RETURN(const record::Header newest, GetNewestOwn(session, record_id));
  MEGURI_ASSIGN_OR_RETURN(VersionDraft version, NextVersion(std::move(drafts[0].draft), newest));
  MEGURI_ASSIGN_OR_RETURN(std::vector<NamedPublication> publications,
                          SealAndCheck(session, {{arguments.file, std::move(version)}}));
  const PublishOutcome outcome = SignAndPublish(session, std::move(publications), arguments.dry_run);
  return AnswerPublished(session, {arguments.file}, outcome, arguments.dry_run);
}

}  // namespace

void AddRecordUpdate(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "update", Message::kAboutRecordUpdate, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  command.Option("FILE", arguments->file, session.Say(Message::kAboutRecordFile)).Required();
  command.Flag("--dry-run", arguments->dry_run, session.Say(Message::kAboutDryRun));
  OnCall(command, session, arguments, &Update);
}

}  // namespace meguri::client
