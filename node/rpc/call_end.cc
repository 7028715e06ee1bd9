// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/call_end.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"
#include "node/query/reader_view.h"
#include "node/rpc/limits.h"
#include "node/rpc/status_map.h"

namespace meguri::node {
namespace {

constexpr char kUriProperty[] = GRPC_PEER_URI_PROPERTY_NAME;
constexpr char kSeparator = '\n';

// The port is another one on every connection.
std::string WithoutPort(const std::string& address) { return address.substr(0, address.rfind(':')); }

std::string PeerOf(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth != nullptr) {
    const std::vector<grpc::string_ref> uris = auth->FindPropertyValues(kUriProperty);
    if (uris.size() == 1) {
      return std::string(uris[0].data(), uris[0].size());
    }
  }
  return WithoutPort(context.peer());
}

std::string ReasonOrCode(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

bool IsDenial(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) ||
         (absl::IsNotFound(status) && ReasonOf(status) == ReasonOf(RecordNotFound()));
}

}  // namespace

CallLog::CallLog(Sinks sinks, const Clock& clock)
    : sinks_(std::move(sinks)), refused_(kRefusalWindow, kRefusalKindsMax, clock) {}

void CallLog::Note(absl::string_view method, absl::string_view peer, const absl::Status& status,
                   absl::string_view record_id) {
  if (IsDenial(status)) {
    sinks_.denied({method, peer, status, record_id});
  }
  if (absl::IsNotFound(status) || absl::IsCancelled(status)) {
    return;
  }
  if (refused_.IsFirst(absl::StrCat(peer, std::string(1, kSeparator), ReasonOrCode(status)))) {
    sinks_.first({method, peer, status, IsInternal(status.code())});
  }
}

void CallLog::Tick() {
  for (const auto& [kind, again] : refused_.TakeCounts()) {
    const std::vector<absl::string_view> parts = absl::StrSplit(kind, absl::MaxSplits(kSeparator, 1));
    sinks_.repeats({parts[0], parts.size() == 2 ? parts[1] : absl::string_view(), again});
  }
}

void CallEnd::Note(const absl::Status& status, absl::string_view record_id) const {
  log_->Note(method_, PeerOf(*context_), status, record_id);
}

grpc::Status CallEnd::Refuse(const absl::Status& status, absl::string_view record_id) const {
  Note(status, record_id);
  return ToGrpcStatus(status, ErrorBytesFor(*context_));
}

}  // namespace meguri::node
