// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "certs/signature_time.h"
#include "client/cli/session.h"
#include "nlohmann/json.hpp"

// How a verdict on the signatures in a file is said, the same for every kind of file.
namespace meguri::client {

// `good`, VALID_AT with the time, or INDETERMINATE, in the language of the session.
std::string VerdictText(const Session& session, const certs::Judgement& judgement, Message good);

// verdict (`good`, VALID_AT or INDETERMINATE), valid_at with its source if there is one, doubt and its reason.
nlohmann::ordered_json ToJson(const certs::Judgement& judgement, const char* good);

// OK, or FAILED_PRECONDITION with reason INDETERMINATE.
absl::Status ToStatus(const Session& session, const certs::Judgement& judgement);

}  // namespace meguri::client
