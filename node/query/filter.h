// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "record/index_term.h"

namespace meguri::node {

inline constexpr size_t kFilterBytesMax = 1024;
inline constexpr size_t kFilterTermsMax = 8;

// Parses a filter: `field = "value"`, several joined by AND. Fields: record_type, product_group, gtin, lot, serial,
// model, granularity, material, substance, publisher. The empty filter matches every record. INVALID_ARGUMENT with
// reason FILTER that says where and what.
absl::StatusOr<std::vector<record::IndexTerm>> ParseFilter(absl::string_view filter);

}  // namespace meguri::node
