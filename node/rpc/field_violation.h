// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "base/error.h"
#include "google/rpc/error_details.pb.h"

namespace meguri::node {

// At most `max` bytes, cut between characters: a proto string must be UTF-8.
std::string CutText(absl::string_view text, size_t max);

// A problem as it travels, in an error or as a warning: what was found is shortened.
google::rpc::BadRequest::FieldViolation ToFieldViolation(const Violation& violation);

}  // namespace meguri::node
