// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/key_change.h"
#include "certs/key_history.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/enrolment_file.h"
#include "client/cli/member_change.h"
#include "client/cli/member_record.h"
#include "client/cli/words.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string request;
  std::string out;
  bool again = false;
  bool yes = false;
};

// What the registry says of the applicant already, if anything.
absl::StatusOr<absl::optional<certs::VerifiedMember>> FindEnrolled(Session& session,
                                                                   const std::string& participant_id) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, record::ParticipantId::Parse(participant_id));
  absl::StatusOr<certs::VerifiedMember> member = GetVerifiedMember(session, participant);
  if (absl::IsNotFound(member.status())) {
    return absl::optional<certs::VerifiedMember>();
  }
  MEGURI_RETURN_IF_ERROR(member.status());
  return absl::make_optional(*std::move(member));
}

// A request that is as old as the member must not undo what happened since.
absl::Status RefuseEnrolled(const Session& session, const registry::v1::MemberEntry& entry) {
  if (entry.status() == registry::v1::MEMBER_STATUS_ACTIVE) {
    return Error(absl::StatusCode::kAlreadyExists, "ALREADY_ENROLLED",
                 session.Say(Message::kAlreadyEnrolled, {entry.participant_id()}));
  }
  return Error(absl::StatusCode::kFailedPrecondition,
               entry.status() == registry::v1::MEMBER_STATUS_SUSPENDED ? "MEMBER_SUSPENDED" : "MEMBER_LEFT",
               session.Say(Message::kEnrolledButNotActive,
                           {entry.participant_id(), StatusName(session.language(), entry.status())}));
}

// What enrolling makes of a request.
struct Plan {
  registry::v1::MemberEntry entry;
  // No record key that the member has in force signed the request, or a key that it brings is not signed by the one
  // before.
  bool is_recovery = false;
};

// Enrolling again keeps the status that the member has and every key that it had, and says how new keys come in.
Plan PlanOf(const registry::v1::MemberEntry& asked, const absl::optional<certs::VerifiedMember>& enrolled,
            absl::string_view federation, absl::Time now) {
  Plan plan{asked, false};
  if (enrolled.has_value()) {
    plan.entry.set_status(enrolled->entry.status());
    plan.is_recovery = certs::KeepFormerKeys(enrolled->entry, now, plan.entry);
  }
  const bool has_recovered_key =
      certs::StateOrigins(federation, enrolled.has_value() ? &enrolled->entry : nullptr, now, plan.entry);
  plan.is_recovery = plan.is_recovery || has_recovered_key;
  return plan;
}

// What the operator is shown before it says yes.
std::string SummaryOf(const Session& session, absl::string_view federation,
                      const absl::optional<certs::VerifiedMember>& enrolled, const Plan& plan) {
  const std::string& id = plan.entry.participant_id();
  if (!enrolled.has_value()) {
    return absl::StrCat(session.Say(Message::kEnrolmentAsks), "\n", TableOf(plan.entry, federation, session).Layout());
  }
  const std::string difference = DifferenceOf(enrolled->entry, plan.entry, federation, session);
  if (difference.empty()) {
    return absl::StrCat(session.Say(Message::kOnlyACertificate, {id}), "\n");
  }
  return absl::StrCat(session.Say(Message::kEntryChanges, {id}), "\n", difference,
                      plan.is_recovery ? absl::StrCat(session.Say(Message::kIsARecovery), "\n") : "");
}

absl::Status Ask(Session& session, const Arguments& arguments, const std::string& summary, bool again) {
  if (!arguments.yes) {
    return session.Confirm(summary, session.Say(Message::kEnrolmentQuestion));
  }
  if (again) {
    session.Note(absl::StripTrailingAsciiWhitespace(summary));
  }
  return absl::OkStatus();
}

absl::Status PublishIfChanged(Session& session, const registry::v1::MemberEntry& entry,
                              const absl::optional<certs::VerifiedMember>& enrolled, PublishOutcome& outcome) {
  const bool changes =
      !enrolled.has_value() || certs::SerializeForSigning(enrolled->entry) != certs::SerializeForSigning(entry);
  if (changes) {
    outcome = PublishMember(session, entry, enrolled);
  }
  return outcome.status;
}

absl::Status Enrol(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(arguments.request, certs::kEnrolmentBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::EnrolmentRequest asked,
                          certs::OpenEnrolmentRequest(bytes, context->settings.federation));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<certs::VerifiedMember> enrolled,
                          FindEnrolled(session, asked.entry().participant_id()));
  if (enrolled.has_value() && !arguments.again) {
    return RefuseEnrolled(session, enrolled->entry);
  }
  const Plan plan = PlanOf(asked.entry(), enrolled, context->settings.federation, session.clock().Now());
  const registry::v1::MemberEntry& entry = plan.entry;
  WarnOfSharedPrefixes(session, enrolled.has_value() ? &enrolled->entry : nullptr, entry);
  MEGURI_RETURN_IF_ERROR(
      Ask(session, arguments, SummaryOf(session, context->settings.federation, enrolled, plan), enrolled.has_value()));
  // The operator's own node made its certificate itself, and that of a host has one: only the entry is missing.
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity node, certs::Identity::Parse(entry.hosting().node_identity()));
  const bool is_guest = node.participant.text() != entry.participant_id();
  const bool needs_certificate = !is_guest && entry.participant_id() != context->settings.member.text();
  std::string out;
  registry::v1::Enrolment enrolment;
  if (needs_certificate) {
    MEGURI_ASSIGN_OR_RETURN(out, EnrolmentPath(arguments.request, arguments.out));
    MEGURI_ASSIGN_OR_RETURN(enrolment, IssueEnrolment(session, asked.entry(), asked.certificate_request()));
  }
  PublishOutcome outcome;
  MEGURI_RETURN_IF_ERROR(PublishIfChanged(session, entry, enrolled, outcome));
  if (needs_certificate) {
    MEGURI_RETURN_IF_ERROR(WriteEnrolment(session, enrolment, out));
  }
  if (is_guest) {
    session.Note(session.Say(Message::kEnrolledAsGuest, {entry.participant_id(), node.participant.text()}));
  }
  session.Note(
      session.Say(enrolled.has_value() ? Message::kEnrolledAgain : Message::kEnrolled, {entry.participant_id()}));
  return AnswerPublished(session, {entry.participant_id()}, outcome, /*validate_only=*/false);
}

}  // namespace

void AddMemberEnrol(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "enrol", Message::kAboutMemberEnrol, session);
  command.Option("REQUEST", arguments->request, session.Say(Message::kAboutEnrolmentRequest)).Required();
  command.Option("--out", arguments->out, session.Say(Message::kAboutEnrolmentOut)).TypeName("FILE");
  command.Flag("--again", arguments->again, session.Say(Message::kAboutEnrolAgain));
  command.Flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  OnCall(command, session, arguments, &Enrol);
}

}  // namespace meguri::client
