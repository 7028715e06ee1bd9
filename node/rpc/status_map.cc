// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/status_map.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace meguri::node {
namespace {

// Details travel in a trailer, and gRPC clients take 8 KiB of metadata unless told otherwise.
constexpr size_t kDetailsBytesMax = 6 * 1024;
constexpr size_t kFoundBytesMax = 120;

std::string DefaultReason(absl::StatusCode code) {
  std::string reason = absl::StatusCodeToString(code);
  return reason.empty() ? "UNKNOWN" : reason;
}

// What went wrong inside is for the log; a caller could read paths and states out of it.
bool IsInternal(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kDataLoss ||
         code == absl::StatusCode::kUnknown;
}

// At most kFoundBytesMax, cut between characters: a proto string must be UTF-8.
std::string CutText(const std::string& text) {
  size_t size = std::min(text.size(), kFoundBytesMax);
  while (size < text.size() && size > 0 && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  return text.substr(0, size);
}

google::rpc::BadRequest ToBadRequest(const std::vector<Violation>& violations) {
  google::rpc::BadRequest bad_request;
  for (const Violation& violation : violations) {
    if (bad_request.ByteSizeLong() > kDetailsBytesMax) {
      const size_t left = violations.size() - static_cast<size_t>(bad_request.field_violations_size());
      google::rpc::BadRequest::FieldViolation* rest = bad_request.add_field_violations();
      rest->set_reason("MORE_PROBLEMS");
      rest->set_description(
          absl::StrCat(left, " more problems; mend these first, or check the record before sending it"));
      break;
    }
    google::rpc::BadRequest::FieldViolation* field = bad_request.add_field_violations();
    field->set_field(violation.field);
    Violation sentence = violation;
    sentence.field.clear();
    sentence.found = CutText(sentence.found);
    field->set_description(ToSentence(sentence));
    field->set_reason(violation.reason);
    if (!violation.message_ja.empty()) {
      field->mutable_localized_message()->set_locale("ja");
      field->mutable_localized_message()->set_message(violation.message_ja);
    }
  }
  return bad_request;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  std::string reason = ReasonOf(status);
  if (reason.empty()) {
    reason = DefaultReason(status.code());
  }
  const std::string message = IsInternal(status.code())
                                  ? absl::StrCat("The node could not answer (", reason, "); its log says why.")
                                  : std::string(status.message());
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(kErrorDomain);
  details.add_details()->PackFrom(info);
  const std::vector<Violation> violations = ViolationsOf(status);
  if (!violations.empty()) {
    details.add_details()->PackFrom(ToBadRequest(violations));
  }
  return {static_cast<grpc::StatusCode>(status.code()), message, details.SerializeAsString()};
}

}  // namespace meguri::node
