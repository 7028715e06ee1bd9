// SPDX-License-Identifier: Apache-2.0
// Suspends, resumes and revokes grants: the next version of each says so.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/access_view.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/record_view.h"
#include "client/sign.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::vector<std::string> grants;
};

absl::Status Change(Session& session, const Arguments& arguments, passport::v1::GrantState state) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  std::vector<NamedVersion> versions;
  for (const std::string& text : arguments.grants) {
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(text));
    MEGURI_ASSIGN_OR_RETURN(SeenGrant seen, GetGrant(*node, id, context->settings.member.text()));
    seen.grant.set_state(state);
    const bool is_for_role = seen.grant.has_grantee_role();
    MEGURI_ASSIGN_OR_RETURN(
        VersionDraft version,
        NextVersion(
            OneSection(record::v1::RECORD_TYPE_GRANT, record::v1::SECTION_TYPE_GRANT,
                       is_for_role ? record::v1::AUDIENCE_MEMBERS : record::v1::AUDIENCE_ADDRESSEES, seen.grant,
                       is_for_role ? std::vector<std::string>() : std::vector<std::string>{seen.grant.grantee_id()}),
            seen.header));
    versions.push_back({text, std::move(version)});
  }
  return PublishVersions(session, versions, /*dry_run=*/false);
}

absl::Status Suspend(Session& session, const Arguments& arguments) {
  return Change(session, arguments, passport::v1::GRANT_STATE_SUSPENDED);
}

absl::Status Resume(Session& session, const Arguments& arguments) {
  return Change(session, arguments, passport::v1::GRANT_STATE_ACTIVE);
}

absl::Status Revoke(Session& session, const Arguments& arguments) {
  return Change(session, arguments, passport::v1::GRANT_STATE_REVOKED);
}

void AddChange(Command parent, Session& session, const char* name, Message about,
               absl::Status (*run)(Session&, const Arguments&)) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, name, about, session);
  command.Option("GRANT", arguments->grants, session.Say(Message::kAboutGrantIds)).Required();
  OnCall(command, session, arguments, run);
}

}  // namespace

void AddAccessSuspend(Command parent, Session& session) {
  AddChange(parent, session, "suspend", Message::kAboutAccessSuspend, &Suspend);
}

void AddAccessResume(Command parent, Session& session) {
  AddChange(parent, session, "resume", Message::kAboutAccessResume, &Resume);
}

void AddAccessRevoke(Command parent, Session& session) {
  AddChange(parent, session, "revoke", Message::kAboutAccessRevoke, &Revoke);
}

}  // namespace meguri::client
