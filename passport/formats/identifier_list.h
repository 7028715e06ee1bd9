// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meguri::passport {

// The identifiers of a work list: one a line; what stands behind a comma or tab, and lines that begin with #, are for
// people. The text is in UTF-8, UTF-16 or CP932. The errors of passport/readers/text_encoding.h.
absl::StatusOr<std::vector<std::string>> ReadIdentifierList(absl::string_view bytes);

}  // namespace meguri::passport
