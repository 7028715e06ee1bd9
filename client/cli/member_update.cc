// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/change_request.h"
#include "certs/entry_text.h"
#include "certs/files.h"
#include "certs/key_history.h"
#include "certs/limits.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_change.h"
#include "client/cli/member_record.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string subject;  // a participant ID, or the file of a change request
  certs::EntryText text;
  bool recovery = false;
  bool yes = false;
};

absl::Status Update(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  const absl::StatusOr<record::ParticipantId> named = record::ParticipantId::Parse(arguments.subject);
  std::string request;
  if (!named.ok() && absl::StrContains(arguments.subject, ':') && !absl::StrContains(arguments.subject, '/')) {
    return ParseParticipantArgument(arguments.subject).status();  // mistyped, not a file
  }
  if (!named.ok()) {
    MEGURI_ASSIGN_OR_RETURN(request, certs::ReadFile(arguments.subject, certs::kChangeRequestBytesMax));
  }
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, named.ok() ? named : certs::ApplicantOf(request));
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, participant));
  registry::v1::MemberEntry next = member.entry;
  if (!named.ok()) {
    MEGURI_ASSIGN_OR_RETURN(
        next, certs::OpenChangeRequest(request, context->settings.federation, {member.entry, member.header.hash()},
                                       session.clock().Now()));
    MEGURI_ASSIGN_OR_RETURN(const bool is_recovery,
                            certs::CheckNewKeys(context->settings.federation, &member.entry, next));
    if (is_recovery && !arguments.recovery) {
      return Error(absl::StatusCode::kFailedPrecondition, "KEY_RECOVERY", session.Say(Message::kRecoveryNotAsked));
    }
  }
  MEGURI_RETURN_IF_ERROR(certs::ApplyTo(next, arguments.text));
  return ChangeMember(session, member, next, arguments.yes);
}

}  // namespace

void AddMemberUpdate(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  certs::EntryText& text = arguments->text;
  CLI::App& command = AddVerb(parent, "update", Message::kAboutMemberUpdate, session);
  command.add_option("ID|REQUEST", arguments->subject, session.Say(Message::kAboutMemberOrRequest))->required();
  const auto add_text = [&](const char* name, absl::optional<std::string>& value, Message about) {
    command.add_option_function<std::string>(
        name, [&value](const std::string& given) { value = given; }, session.Say(about));
  };
  add_text("--name-ja", text.name_ja, Message::kAboutNameJa);
  add_text("--name-en", text.name_en, Message::kAboutNameEn);
  add_text("--name-kana", text.name_kana, Message::kAboutNameKana);
  add_text("--kind", text.kind, Message::kAboutMemberKind);
  add_text("--permit", text.permit, Message::kAboutPermit);
  command.add_option("--role", text.roles, session.Say(Message::kAboutRoles));
  command.add_option("--address", text.addresses, session.Say(Message::kAboutAddresses));
  command.add_option("--gs1-prefix", text.prefixes, session.Say(Message::kAboutPrefixes));
  command.add_option("--link-domain", text.domains, session.Say(Message::kAboutLinkDomains));
  command.add_option("--name-space", text.name_spaces, session.Say(Message::kAboutNameSpaces));
  command.add_flag("--recovery", arguments->recovery, session.Say(Message::kAboutRecovery));
  command.add_flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  OnCall(command, session, arguments, &Update);
}

}  // namespace meguri::client
