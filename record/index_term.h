// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>

namespace meguri::record {

// A word under which a record can be found: field "gtin", value "04912345678904".
struct IndexTerm {
  std::string field;  // record_type, product_group, gtin, lot, serial, material …
  std::string value;  // normalised, at most 128 bytes

  friend auto operator<=>(const IndexTerm&, const IndexTerm&) = default;
};

inline constexpr size_t kIndexValueMax = 128;

}  // namespace meguri::record
