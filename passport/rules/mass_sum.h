// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int64_t kMassTolerancePerMille = 5;           // ±0.5 %
inline constexpr int64_t kJokerSharePerMilleMax = 100;         // 10 %
inline constexpr int64_t kDeclaredTolerancePerMilleMax = 100;  // 10 %; a wider one is a warning

// Whether `amount` is at most `whole`, and whether it is at least that, with the tolerance.
bool IsWithin(absl::int128 amount, absl::int128 whole);
bool IsWhole(absl::int128 amount, absl::int128 whole);

// V6: children weigh no more than their parent, and as much if they make up the whole of it; fractions sum to 1; a mass
// and a fraction of one node agree; a joker is a small remainder, the only one. The tolerance is 0.5 %, or what the
// lines declare if that is wider: each may be off by its own tolerance (IEC 62474), whatever the others declare.
void CheckMassSums(const v1::Composition& composition, const Path& path, Findings& findings);
// V6: a declared tolerance is a share of the mass; a warning if it is so wide that the mass says little.
void CheckTolerance(absl::string_view value, const Path& path, Findings& findings);
// What that cannot find in a composition that does not say what the whole weighs, while `whole` is.
void CheckMassSumsWithin(const v1::Composition& composition, absl::int128 whole, const Path& path, Findings& findings);

}  // namespace meguri::passport
