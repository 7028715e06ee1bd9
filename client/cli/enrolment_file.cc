// SPDX-License-Identifier: Apache-2.0
#include "client/cli/enrolment_file.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/strict_parse.h"

namespace meguri::client {
namespace {

constexpr mode_t kEnrolmentFileMode = 0644;
constexpr char kEnrolmentFile[] = "enrolment";

}  // namespace

absl::StatusOr<std::string> EnrolmentPath(const std::string& request, const std::string& out) {
  std::string path = !out.empty() ? out : (std::filesystem::path(request).parent_path() / kEnrolmentFile).string();
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return Error(absl::StatusCode::kAlreadyExists, "FILE_EXISTS", absl::StrCat(path, " exists already"));
  }
  return path;
}

absl::StatusOr<registry::v1::Enrolment> IssueEnrolment(Session& session, const registry::v1::MemberEntry& entry,
                                                       absl::string_view certificate_request) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  admin::v1::IssueNodeCertificateRequest request;
  request.set_participant_id(entry.participant_id());
  request.set_certificate_request(certificate_request.data(), certificate_request.size());
  request.set_node_identity(entry.hosting().node_identity());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::IssueNodeCertificateResponse issued, node->IssueNodeCertificate(request));
  registry::v1::Enrolment enrolment;
  enrolment.set_participant_id(entry.participant_id());
  *enrolment.mutable_certificate_chain() = issued.certificate_chain();
  enrolment.set_trust_bundle(context->trust_bundle);
  return enrolment;
}

absl::Status WriteEnrolment(Session& session, const registry::v1::Enrolment& enrolment, const std::string& path) {
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(path, certs::SerializeForSigning(enrolment), kEnrolmentFileMode));
  session.Note(session.Say(Message::kEnrolmentWritten, {path}));
  return absl::OkStatus();
}

}  // namespace meguri::client
