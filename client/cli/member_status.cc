// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_record.h"
#include "client/cli/words.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string participant;
  registry::v1::MemberStatus status;
};

absl::Status SetStatus(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, ParseParticipantArgument(arguments.participant));
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, participant));
  if (member.entry.status() == arguments.status) {
    session.Note(
        session.Say(Message::kStatusSet, {participant.text(), StatusName(session.language(), arguments.status)}));
    return absl::OkStatus();
  }
  registry::v1::MemberEntry next = member.entry;
  next.set_status(arguments.status);
  const PublishOutcome outcome = PublishMember(session, next, member);
  MEGURI_RETURN_IF_ERROR(outcome.status);
  session.Note(
      session.Say(Message::kStatusSet, {participant.text(), StatusName(session.language(), arguments.status)}));
  return AnswerPublished(session, {participant.text()}, outcome, /*validate_only=*/false);
}

void AddStatusVerb(Command parent, const char* name, Message about, registry::v1::MemberStatus status,
                   Session& session) {
  const auto arguments = std::make_shared<Arguments>(Arguments{"", status});
  const Command command = AddVerb(parent, name, about, session);
  command.Option("ID", arguments->participant, session.Say(Message::kAboutMemberId)).Required();
  OnCall(command, session, arguments, &SetStatus);
}

}  // namespace

void AddMemberSuspend(Command parent, Session& session) {
  AddStatusVerb(parent, "suspend", Message::kAboutMemberSuspend, registry::v1::MEMBER_STATUS_SUSPENDED, session);
}

void AddMemberActivate(Command parent, Session& session) {
  AddStatusVerb(parent, "activate", Message::kAboutMemberActivate, registry::v1::MEMBER_STATUS_ACTIVE, session);
}

void AddMemberLeave(Command parent, Session& session) {
  AddStatusVerb(parent, "leave", Message::kAboutMemberLeave, registry::v1::MEMBER_STATUS_LEFT, session);
}

}  // namespace meguri::client
