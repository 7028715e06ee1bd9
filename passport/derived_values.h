// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "record/section.h"

namespace meguri::passport {

// A payload with what follows from its values beside what it declares: recycled fractions, the sum of a footprint's
// stages, closing balances of ledgers, the circularity indicator, whether a substance is above its threshold. What is
// there already stays, and the rules judge it. A payload that does not decode, or from which nothing follows, is
// returned as it is.
std::string WithDerivedValues(uint32_t section_type, absl::string_view payload);

// A composition that does not say what the whole weighs gets the mass of the identity section: then shares of what is
// in it can be worked out by those who see the composition alone.
void FillWholeMass(std::vector<record::SectionDraft>& sections);

}  // namespace meguri::passport
