// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "meguri/witness/v1/witness_service.pb.h"

namespace meguri::client {

// What the session's node, as a witness, has refused as contradictory: of one publisher, or of all if it is empty.
// FAILED_PRECONDITION (reason NOT_A_WITNESS) if it is none.
absl::StatusOr<witness::v1::ListContradictionsResponse> ListContradictions(Session& session,
                                                                           const std::string& publisher);

}  // namespace meguri::client
