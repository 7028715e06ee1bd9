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
#include "client/cli/enrolment_file.h"
#include "client/cli/member_change.h"
#include "client/cli/member_record.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string subject;  // a participant ID, or the file of a change request
  std::string out;      // of the enrolment of a member that moves to a node of its own
  certs::EntryText text;
  bool recovery = false;
  bool yes = false;
};

// The member moves to a node of its own, which needs a certificate beside the change.
absl::Status ChangeAndCertify(Session& session, const Arguments& arguments, const certs::VerifiedMember& member,
                              const registry::v1::MemberEntry& next, const std::string& certificate_request) {
  MEGURI_ASSIGN_OR_RETURN(const std::string out, EnrolmentPath(arguments.subject, arguments.out));
  registry::v1::Enrolment enrolment;
  const auto certify = [&]() -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(enrolment, IssueEnrolment(session, next, certificate_request));
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(ChangeMember(session, member, next, arguments.yes, certify));
  return WriteEnrolment(session, enrolment, out);
}

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
  std::string certificate_request;
  if (!named.ok()) {
    MEGURI_ASSIGN_OR_RETURN(
        next, certs::OpenChangeRequest(request, context->settings.federation, {member.entry, member.header.hash()},
                                       session.clock().Now()));
    MEGURI_ASSIGN_OR_RETURN(const bool is_recovery,
                            certs::CheckNewKeys(context->settings.federation, &member.entry, next));
    MEGURI_ASSIGN_OR_RETURN(certificate_request, certs::CertificateRequestIn(request));
    if (is_recovery && !arguments.recovery) {
      return Error(absl::StatusCode::kFailedPrecondition, "KEY_RECOVERY", session.Say(Message::kRecoveryNotAsked));
    }
  }
  MEGURI_RETURN_IF_ERROR(certs::ApplyTo(next, arguments.text));
  return certificate_request.empty() ? ChangeMember(session, member, next, arguments.yes)
                                     : ChangeAndCertify(session, arguments, member, next, certificate_request);
}

}  // namespace

void AddMemberUpdate(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  certs::EntryText& text = arguments->text;
  const Command command = AddVerb(parent, "update", Message::kAboutMemberUpdate, session);
  command.Option("ID|REQUEST", arguments->subject, session.Say(Message::kAboutMemberOrRequest)).Required();
  command.Option("--name-ja", text.name_ja, session.Say(Message::kAboutNameJa));
  command.Option("--name-en", text.name_en, session.Say(Message::kAboutNameEn));
  command.Option("--name-kana", text.name_kana, session.Say(Message::kAboutNameKana));
  command.Option("--kind", text.kind, session.Say(Message::kAboutMemberKind));
  command.Option("--permit", text.permit, session.Say(Message::kAboutPermit));
  command.Option("--role", text.roles, session.Say(Message::kAboutRoles));
  command.Option("--address", text.addresses, session.Say(Message::kAboutAddresses));
  command.Option("--gs1-prefix", text.prefixes, session.Say(Message::kAboutPrefixes));
  command.Option("--link-domain", text.domains, session.Say(Message::kAboutLinkDomains));
  command.Option("--name-space", text.name_spaces, session.Say(Message::kAboutNameSpaces));
  command.Flag("--recovery", arguments->recovery, session.Say(Message::kAboutRecovery));
  command.Option("--out", arguments->out, session.Say(Message::kAboutEnrolmentOut)).TypeName("FILE");
  command.Flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  OnCall(command, session, arguments, &Update);
}

}  // namespace meguri::client
