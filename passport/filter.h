// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "record/index_term.h"

namespace meguri::passport {

inline constexpr size_t kFilterBytesMax = 1024;
inline constexpr size_t kFilterTermsMax = 8;   // conditions
inline constexpr size_t kFilterWordsMax = 32;  // in all of them: each is looked up in every feed

// A number that must lie between two, both included. Units and rounding are those of passport/terms/number_term.h.
struct NumberRange {
  std::string field;
  uint64_t low = 0;
  uint64_t high = std::numeric_limits<uint64_t>::max();

  bool empty() const { return low > high; }
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

// Words of which a record must have at least one; in a filter all of one field. Never empty.
using AnyOf = std::vector<record::IndexTerm>;

// What a record must be found under: a word of each condition, and in every range.
struct Filter {
  std::vector<AnyOf> terms;
  std::vector<NumberRange> ranges;  // one a field
};

// Parses a filter, conditions joined by AND:
//   product_group = "battery"            a word; the fields are those of passport/terms/index_fields.h
//   region IN ("13", "14")               one of several words
//   region = "kanto"                     the same of the prefectures of a passport/terms/region_groups.h
//   recycled_fraction >= 0.3             a number; also > < <= =
//   substance("117-81-7") > 0.001        the mass fraction of a substance, by CAS or EC number, in some material
// Quotes may be single ones, AND and IN in any case of letters. The empty filter matches every record. INVALID_ARGUMENT
// with reason FILTER that says where and what; also for a word or number that no record can have
// (passport/index_values.h).
absl::StatusOr<Filter> ParseFilter(absl::string_view filter);

}  // namespace meguri::passport
