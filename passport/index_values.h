// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "passport/rules/decimal.h"

// What a filter may ask of a field. Where no record can have a word, an empty answer would read as "there is none".
namespace meguri::passport {

// What is expected under `field` (passport/terms/index_fields.h), if no record can be found there under `word`: it is
// of no closed list, or its check digit does not hold. nullopt if it may be.
absl::optional<std::string> ExpectedWord(absl::string_view field, absl::string_view word);

// What is expected under `field` if every number of it is below `number`. nullopt if one may be there.
absl::optional<std::string> ExpectedNumber(absl::string_view field, const FixedDecimal& number);

}  // namespace meguri::passport
