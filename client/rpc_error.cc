// SPDX-License-Identifier: Apache-2.0
#include "client/rpc_error.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace meguri::client {
namespace {

constexpr absl::string_view kExpected = ", expected ";
constexpr absl::string_view kCure = "; ";
constexpr char kIdentityRefused[] = "Custom verification check failed with error: UNAUTHENTICATED: ";
constexpr char kCertificateRefused[] = "certificate verify failed";

std::string Text(absl::string_view view) { return std::string(view.data(), view.size()); }

absl::Status FromTransport(const grpc::Status& status, absl::string_view address) {
  const std::string message = status.error_message();
  if (const size_t at = message.find(kIdentityRefused); at != std::string::npos) {
    return Error(
        absl::StatusCode::kUnavailable, "NODE_IDENTITY",
        absl::StrCat("at ", address, " answers another node: ", message.substr(at + sizeof(kIdentityRefused) - 1)));
  }
  if (absl::StrContains(message, kCertificateRefused)) {
    return Error(absl::StatusCode::kUnavailable, "NODE_CERTIFICATE",
                 absl::StrCat("the certificate of the node at ", address,
                              " was not issued by this federation, or is not valid now"));
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE", absl::StrCat("no answer from ", address, " in time"));
  }
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kUnavailable) {
    return Error(code, "NODE_UNREACHABLE", absl::StrCat("cannot reach the node at ", address, ": ", message));
  }
  return absl::Status(code, message);
}

}  // namespace

Violation ParseSentence(absl::string_view field, absl::string_view sentence) {
  Violation violation;
  violation.field = Text(field);
  if (!field.empty()) {
    absl::ConsumePrefix(&sentence, absl::StrCat(field, ": "));
  }
  // What was found is quoted from the input and may contain anything, so it is everything up to the last mark.
  const size_t expected = sentence.rfind(kExpected);
  if (expected == absl::string_view::npos) {
    const size_t cure = sentence.rfind(kCure);
    violation.found = Text(sentence.substr(0, cure));
    violation.cure = cure == absl::string_view::npos ? "" : Text(sentence.substr(cure + kCure.size()));
    return violation;
  }
  violation.found = Text(sentence.substr(0, expected));
  sentence.remove_prefix(expected + kExpected.size());
  const size_t cure = sentence.find(kCure);
  violation.expected = Text(sentence.substr(0, cure));
  violation.cure = cure == absl::string_view::npos ? "" : Text(sentence.substr(cure + kCure.size()));
  return violation;
}

std::vector<Violation> ParseViolations(
    const google::protobuf::RepeatedPtrField<google::rpc::BadRequest::FieldViolation>& told) {
  std::vector<Violation> violations;
  for (const google::rpc::BadRequest::FieldViolation& one : told) {
    Violation violation = ParseSentence(one.field(), one.description());
    violation.reason = one.reason();
    if (absl::StartsWith(one.localized_message().locale(), "ja")) {
      violation.message_ja = one.localized_message().message();
    }
    violations.push_back(std::move(violation));
  }
  return violations;
}

absl::Status FromRpc(const grpc::Status& status, absl::string_view address) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  google::rpc::Status told;
  if (status.error_details().empty() || !told.ParseFromString(status.error_details())) {
    return FromTransport(status, address);
  }
  std::string reason;
  std::string message = status.error_message();
  std::vector<Violation> violations;
  for (const google::protobuf::Any& detail : told.details()) {
    google::rpc::ErrorInfo error_info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&error_info)) {
      reason = error_info.reason();
    } else if (detail.UnpackTo(&bad_request)) {
      violations = ParseViolations(bad_request.field_violations());
    } else if (detail.UnpackTo(&retry) && retry.retry_delay().seconds() > 0) {
      absl::StrAppend(&message, "; try again in ", retry.retry_delay().seconds(), " s");
    }
  }
  if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT && !violations.empty()) {
    return InvalidInput(violations);
  }
  return Error(static_cast<absl::StatusCode>(status.error_code()), reason, message);
}

}  // namespace meguri::client
