// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/substance_declaration.pb.h"

namespace meguri::passport {

// A number of passport/reference: in units of 1e-18, with the law that sets it.
struct ReferenceValue {
  absl::int128 units = 0;
  std::string source;
};

// The threshold of a substance under a regime on a day; the row of its own before that of all substances. Nullopt where
// no row says anything.
absl::optional<ReferenceValue> SubstanceThresholdOn(absl::CivilDay day, v1::SubstanceRegime regime,
                                                    v1::ConcentrationBasis basis, absl::string_view cas_number,
                                                    absl::string_view application);

// Whether a list of the regime names the substance on a day. The lists of passport/reference hold what composition
// declarations commonly have, not all that the laws do.
bool IsListedOn(absl::CivilDay day, v1::SubstanceRegime regime, absl::string_view cas_number);

// What of a substance a list restricts: a part of its mass, in units of 1e-18, as the substance that the list names.
struct RestrictedPart {
  std::string cas_number;
  absl::int128 fraction = 0;
};

// Lead of lead monoxide; lead and hexavalent chromium of lead chromate; a brominated diphenyl ether as any of them. Of
// a substance that no table of passport/reference takes apart: all of it, as itself.
std::vector<RestrictedPart> RestrictedPartsOf(absl::string_view cas_number);

// The least share of recycled material in an element of a product group on a day.
absl::optional<ReferenceValue> RecycledMinimumOn(absl::CivilDay day, absl::string_view product_group,
                                                 absl::string_view element);

// A list of critical raw materials that something is on.
struct CriticalList {
  std::string jurisdiction;  // EU, JP
  std::string title;
  std::string title_ja;
  std::string source;
};

// The lists of every jurisdiction that hold `element`, a symbol or a name in any case, on a day.
std::vector<CriticalList> CriticalListsOn(absl::CivilDay day, absl::string_view element);

}  // namespace meguri::passport
