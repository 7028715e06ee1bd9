// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "record/index_term.h"

namespace meguri::passport {

// Terms of one section; what exceeds it is not found by term.
inline constexpr size_t kTermsPerSectionMax = 4096;

// `value` as the index holds it under `field`: queries pass their words through this. Trims, folds ASCII case where the
// field has none, pads a GTIN to 14 digits, and cuts to record::kIndexValueMax bytes at a character.
record::IndexTerm NormalisedTerm(absl::string_view field, absl::string_view value);

// Gathers the terms of one section, each once, up to the limit.
class TermSink {
 public:
  // An empty value is no term.
  void AddWord(absl::string_view field, absl::string_view value);
  // `decimal` of decimal.proto's grammar. Of several numbers under one field the greatest counts.
  void AddNumber(absl::string_view field, absl::string_view decimal);
  // An index number as number_term.h has it.
  void AddUnits(absl::string_view field, uint64_t units);
  bool full() const { return words_.size() + numbers_.size() >= kTermsPerSectionMax; }
  // Ascending.
  std::vector<record::IndexTerm> Take() &&;

 private:
  std::set<record::IndexTerm> words_;
  std::map<std::string, uint64_t> numbers_;
};

}  // namespace meguri::passport
