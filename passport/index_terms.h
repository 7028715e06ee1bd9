// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "record/index_term.h"

namespace meguri::passport {

// Terms of one section; what exceeds it is not found by term.
inline constexpr size_t kTermsPerSectionMax = 256;

// The words under which a section can be found, normalised, ascending, each once: product_group, gtin (14 digits), lot,
// serial, model and granularity ("model", "batch", "item") of an identity; material (names, ISO 1043 symbols) and
// substance (CAS and EC numbers, names) of a composition. Total: any bytes give some terms or none.
std::vector<record::IndexTerm> TermsOf(uint32_t section_type, absl::string_view payload);

// `value` as the index holds it under `field`: queries pass their words through this. Trims, folds ASCII case where the
// field has none, pads a GTIN to 14 digits, and cuts to record::kIndexValueMax bytes at a character.
record::IndexTerm NormalisedTerm(absl::string_view field, absl::string_view value);

}  // namespace meguri::passport
