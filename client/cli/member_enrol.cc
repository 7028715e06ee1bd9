// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_record.h"

namespace meguri::client {
namespace {

constexpr mode_t kEnrolmentFileMode = 0644;
constexpr char kEnrolmentFile[] = "enrolment";

struct Arguments {
  std::string request;
  std::string out;
  bool yes = false;
};

// Beside the request, unless --out says otherwise.
std::string OutPath(const Arguments& arguments) {
  return !arguments.out.empty() ? arguments.out
                                : (std::filesystem::path(arguments.request).parent_path() / kEnrolmentFile).string();
}

absl::Status CheckFree(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return Error(absl::StatusCode::kAlreadyExists, "FILE_EXISTS", absl::StrCat(path, " exists already"));
  }
  return absl::OkStatus();
}

absl::StatusOr<registry::v1::Enrolment> MakeEnrolment(Session& session, const registry::v1::EnrolmentRequest& asked) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  admin::v1::IssueNodeCertificateRequest request;
  request.set_participant_id(asked.entry().participant_id());
  request.set_certificate_request(asked.certificate_request());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::IssueNodeCertificateResponse issued, node->IssueNodeCertificate(request));
  registry::v1::Enrolment enrolment;
  enrolment.set_participant_id(asked.entry().participant_id());
  *enrolment.mutable_certificate_chain() = issued.certificate_chain();
  enrolment.set_trust_bundle(context->trust_bundle);
  return enrolment;
}

// The header of the entry that the member has already, if it has one.
absl::StatusOr<absl::optional<record::Header>> FindNewest(Session& session, const std::string& participant_id) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, record::ParticipantId::Parse(participant_id));
  absl::StatusOr<VerifiedMember> member = GetVerifiedMember(session, participant);
  if (absl::IsNotFound(member.status())) {
    return absl::optional<record::Header>();
  }
  MEGURI_RETURN_IF_ERROR(member.status());
  return absl::make_optional(std::move(member->header));
}

absl::Status Enrol(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(arguments.request, certs::kEnrolmentBytesMax));
  MEGURI_ASSIGN_OR_RETURN(registry::v1::EnrolmentRequest asked,
                          certs::OpenEnrolmentRequest(bytes, context->settings.federation));
  asked.mutable_entry()->set_status(registry::v1::MEMBER_STATUS_ACTIVE);
  const std::string summary = absl::StrCat(session.Say(Message::kEnrolmentAsks), "\n",
                                           TableOf(asked.entry(), context->settings.federation, session).Layout());
  if (!arguments.yes) {
    MEGURI_RETURN_IF_ERROR(session.Confirm(summary, session.Say(Message::kEnrolmentQuestion)));
  }
  // The operator's own node made its certificate itself: only the entry is missing.
  const bool is_own = asked.entry().participant_id() == context->settings.member.text();
  const std::string out = OutPath(arguments);
  registry::v1::Enrolment enrolment;
  if (!is_own) {
    MEGURI_RETURN_IF_ERROR(CheckFree(out));
    MEGURI_ASSIGN_OR_RETURN(enrolment, MakeEnrolment(session, asked));
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<record::Header> newest,
                          FindNewest(session, asked.entry().participant_id()));
  const PublishOutcome outcome = PublishMember(session, asked.entry(), newest);
  MEGURI_RETURN_IF_ERROR(outcome.status);
  if (!is_own) {
    MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(out, certs::SerializeForSigning(enrolment), kEnrolmentFileMode));
    session.Note(session.Say(Message::kEnrolmentWritten, {out}));
  }
  session.Note(session.Say(Message::kEnrolled, {asked.entry().participant_id()}));
  return AnswerPublished(session, {asked.entry().participant_id()}, outcome, /*validate_only=*/false);
}

}  // namespace

void AddMemberEnrol(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = AddVerb(parent, "enrol", Message::kAboutMemberEnrol, session);
  command.add_option("REQUEST", arguments->request, session.Say(Message::kAboutEnrolmentRequest))->required();
  command.add_option("--out", arguments->out, session.Say(Message::kAboutEnrolmentOut))->type_name("FILE");
  command.add_flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  OnCall(command, session, arguments, &Enrol);
}

}  // namespace meguri::client
