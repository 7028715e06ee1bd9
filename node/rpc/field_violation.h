// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "google/rpc/error_details.pb.h"

namespace meguri::node {

// A problem as it travels, in an error or as a warning: what was found is shortened.
google::rpc::BadRequest::FieldViolation ToFieldViolation(const Violation& violation);

}  // namespace meguri::node
