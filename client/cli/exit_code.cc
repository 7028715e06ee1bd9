// SPDX-License-Identifier: Apache-2.0
#include "client/cli/exit_code.h"

#include <string>

#include "base/error.h"

namespace meguri::client {
namespace {

struct ByReason {
  const char* reason;
  ExitCode exit_code;
};
constexpr ByReason kByReason[] = {
    {"NOT_VERIFIED", ExitCode::kNotVerified}, {"USAGE", ExitCode::kUsage},
    {"CONTEXT", ExitCode::kConfig},           {"NO_CONTEXT", ExitCode::kConfig},
    {"NO_RECORD_KEY", ExitCode::kConfig},     {"NODE_IDENTITY", ExitCode::kDenied},
    {"NODE_CERTIFICATE", ExitCode::kDenied},  {"KEY_FILE_MODE", ExitCode::kConfig},
    {"DECLINED", ExitCode::kDenied},          {"BUNDLE_FORM", ExitCode::kConfig},
    {"BUNDLE_SIGNATURE", ExitCode::kConfig},  {"BUNDLE_EXPIRED", ExitCode::kConfig},
    {"FILE_NOT_FOUND", ExitCode::kNoInput},   {"FILE_EXISTS", ExitCode::kCannotCreate},
    {"FILE_IO", ExitCode::kInputOutput},      {"FILE_TOO_LARGE", ExitCode::kDataRefused},
    {"OUTPUT", ExitCode::kInputOutput},       {"INDETERMINATE", ExitCode::kNotVerified},
};

struct ByCode {
  absl::StatusCode code;
  ExitCode exit_code;
};
constexpr ByCode kByCode[] = {
    {absl::StatusCode::kOk, ExitCode::kOk},
    {absl::StatusCode::kInvalidArgument, ExitCode::kDataRefused},
    {absl::StatusCode::kFailedPrecondition, ExitCode::kDataRefused},
    {absl::StatusCode::kOutOfRange, ExitCode::kDataRefused},
    {absl::StatusCode::kAlreadyExists, ExitCode::kDataRefused},
    {absl::StatusCode::kNotFound, ExitCode::kNoInput},
    {absl::StatusCode::kUnavailable, ExitCode::kUnavailable},
    {absl::StatusCode::kDeadlineExceeded, ExitCode::kUnavailable},
    {absl::StatusCode::kResourceExhausted, ExitCode::kUnavailable},
    {absl::StatusCode::kAborted, ExitCode::kUnavailable},
    {absl::StatusCode::kCancelled, ExitCode::kUnavailable},
    {absl::StatusCode::kUnimplemented, ExitCode::kUnavailable},
    {absl::StatusCode::kPermissionDenied, ExitCode::kDenied},
    {absl::StatusCode::kUnauthenticated, ExitCode::kDenied},
    {absl::StatusCode::kDataLoss, ExitCode::kInputOutput},
};

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  // The reasons of fields are another matter: a node_identity in an entry is not that of the node that answers.
  const std::string reason = ViolationsOf(status).empty() ? ReasonOf(status) : "";
  for (const ByReason& row : kByReason) {
    if (reason == row.reason) {
      return row.exit_code;
    }
  }
  for (const ByCode& row : kByCode) {
    if (status.code() == row.code) {
      return row.exit_code;
    }
  }
  return ExitCode::kInternal;
}

}  // namespace meguri::client
