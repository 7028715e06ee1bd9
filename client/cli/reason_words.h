// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"

namespace meguri::client {

// What an error of this reason means, in Japanese: for those that a person who works with the program comes across, as
// their sentences are in English alone. "" if there is none. Static storage duration.
absl::string_view ReasonInJapanese(absl::string_view reason);

}  // namespace meguri::client
