// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/publishing.h"
#include "client/cli/record_input.h"
#include "client/sign.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::vector<std::string> files;
  bool dry_run = false;
};

std::vector<std::string> NamesOf(const std::vector<NamedPublication>& publications) {
  std::vector<std::string> names;
  names.reserve(publications.size());
  for (const NamedPublication& named : publications) {
    names.push_back(named.name);
  }
  return names;
}

absl::Status Publish(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<NamedDraft> drafts, ReadRecordFiles(session, arguments.files));
  std::vector<NamedVersion> versions;
  for (const NamedDraft& named : drafts) {
    MEGURI_ASSIGN_OR_RETURN(VersionDraft version, FirstVersion(named.draft, session.random()));
    versions.push_back({named.name, std::move(version)});
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<NamedPublication> publications, SealAndCheck(session, versions));
  const std::vector<std::string> names = NamesOf(publications);
  if (arguments.dry_run && context->record_key_path.empty()) {
    session.Note(session.Say(Message::kCheckedHereOnly, {std::to_string(publications.size())}));
    return absl::OkStatus();
  }
  const PublishOutcome outcome = SignAndPublish(session, std::move(publications), arguments.dry_run);
  return AnswerPublished(session, names, outcome, arguments.dry_run);
}

}  // namespace

void AddRecordPublish(Command parent, const char* name, Message about, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, name, about, session);
  command.Option("FILE", arguments->files, session.Say(Message::kAboutRecordFiles)).Required();
  command.Flag("--dry-run", arguments->dry_run, session.Say(Message::kAboutDryRun));
  OnCall(command, session, arguments, &Publish);
}

}  // namespace meguri::client
