// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/session.h"
#include "meguri/registry/v1/member.pb.h"

// The operator's answer to a member whose node needs a certificate, which `meguri-node join` puts in place.
namespace meguri::client {

// Where the answer to the file `request` goes: `out`, or `enrolment` beside it if that is "". ALREADY_EXISTS with
// reason FILE_EXISTS.
absl::StatusOr<std::string> EnrolmentPath(const std::string& request, const std::string& out);

// Has the operator's node issue the certificate. Errors of IssueNodeCertificate.
absl::StatusOr<registry::v1::Enrolment> IssueEnrolment(Session& session, const registry::v1::MemberEntry& entry,
                                                       absl::string_view certificate_request);

// Writes it into the new file `path`, and says so.
absl::Status WriteEnrolment(Session& session, const registry::v1::Enrolment& enrolment, const std::string& path);

}  // namespace meguri::client
