// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/status_map.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/cut_text.h"
#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "node/rpc/field_violation.h"

namespace meguri::node {
namespace {

constexpr size_t kMessageTextMax = 500;        // it travels twice, and percent-encoded
constexpr size_t kLastProblemMax = 200;        // what MORE_PROBLEMS takes
constexpr size_t kFieldOverheadMax = 6;        // tag and length of one violation
constexpr size_t kBadRequestOverheadMax = 64;  // its type's name, tags and lengths

std::string DefaultReason(absl::StatusCode code) {
  std::string reason = absl::StatusCodeToString(code);
  return reason.empty() ? "UNKNOWN" : reason;
}

// As many as fit into `bytes_max`, and how many are left.
google::rpc::BadRequest ToBadRequest(const std::vector<Violation>& violations, size_t bytes_max) {
  google::rpc::BadRequest bad_request;
  std::vector<size_t> ends;
  size_t bytes = 0;
  for (const Violation& violation : violations) {
    google::rpc::BadRequest::FieldViolation field = ToFieldViolation(violation);
    bytes += field.ByteSizeLong() + kFieldOverheadMax;
    if (bytes > bytes_max) {
      break;
    }
    ends.push_back(bytes);
    *bad_request.add_field_violations() = std::move(field);
  }
  if (ends.size() == violations.size()) {
    return bad_request;
  }
  while (!ends.empty() && ends.back() + kLastProblemMax > bytes_max) {
    ends.pop_back();
    bad_request.mutable_field_violations()->RemoveLast();
  }
  google::rpc::BadRequest::FieldViolation* rest = bad_request.add_field_violations();
  rest->set_reason("MORE_PROBLEMS");
  rest->set_description(absl::StrCat(violations.size() - ends.size(),
                                     " more problems; mend these first, or check the record before sending it"));
  return bad_request;
}

}  // namespace

bool IsInternal(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kDataLoss ||
         code == absl::StatusCode::kUnknown;
}

size_t ErrorBytesFor(const grpc::ServerContextBase& context) {
  const auto [begin, end] = context.client_metadata().equal_range(kErrorBytesKey);
  uint64_t bytes = 0;
  if (begin == end || !absl::SimpleAtoi(absl::string_view(begin->second.data(), begin->second.size()), &bytes)) {
    return kErrorBytesDefault;
  }
  return static_cast<size_t>(std::min<uint64_t>(bytes, kErrorBytesMax));
}

grpc::Status ToGrpcStatus(const absl::Status& status, size_t error_bytes) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  std::string reason = ReasonOf(status);
  if (reason.empty()) {
    reason = DefaultReason(status.code());
  }
  const std::string message =
      IsInternal(status.code())
          ? absl::StrCat("The node could not answer (", reason, "); its log says why.")
          : std::string(CutText(status.message(), kMessageTextMax));  // a proto string must be UTF-8
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(kErrorDomain);
  details.add_details()->PackFrom(info);
  const std::vector<Violation> violations = ViolationsOf(status);
  const size_t used = details.ByteSizeLong() + kBadRequestOverheadMax;
  if (!violations.empty() && used + kLastProblemMax < error_bytes) {
    details.add_details()->PackFrom(ToBadRequest(violations, error_bytes - used));
  }
  return {static_cast<grpc::StatusCode>(status.code()), message, details.SerializeAsString()};
}

}  // namespace meguri::node
