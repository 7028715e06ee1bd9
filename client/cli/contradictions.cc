// SPDX-License-Identifier: Apache-2.0
#include "client/cli/contradictions.h"

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/member_record.h"

namespace meguri::client {

absl::StatusOr<witness::v1::ListContradictionsResponse> ListContradictions(Session& session,
                                                                           const std::string& publisher) {
  witness::v1::ListContradictionsRequest request;
  if (!publisher.empty()) {
    MEGURI_RETURN_IF_ERROR(ParseParticipantArgument(publisher).status());
  }
  request.set_publisher(publisher);
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  absl::StatusOr<witness::v1::ListContradictionsResponse> response = node->ListContradictions(request);
  if (absl::IsUnimplemented(response.status())) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_A_WITNESS", session.Say(Message::kNotAWitness));
  }
  return response;
}

}  // namespace meguri::client
