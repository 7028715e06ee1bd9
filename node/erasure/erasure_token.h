// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meguri::node {

// Page tokens of lists that a node shows its own clients alone: the name of the last thing shown, in hexadecimal.
std::string MakeErasureToken(absl::string_view last);
// "" of "". INVALID_ARGUMENT with reason PAGE_TOKEN.
absl::StatusOr<std::string> ParseErasureToken(absl::string_view token);

}  // namespace meguri::node
