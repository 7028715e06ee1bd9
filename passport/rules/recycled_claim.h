// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int kClaimsMax = 1000;
inline constexpr int kMassBalanceMonthsMax = 12;

void CheckClaimCount(const v1::RecycledContent& content, const Path& path, Findings& findings);

// V8: pre- and post-consumer mass fit into the total, the declared fraction is what they make, and attributed content
// has a ledger and a period.
void CheckRecycledClaim(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings);

// V8: claims about the same kilograms add up to no more than these. They are the same if scope, subject, total mass
// within 0.5 %, plant and year, accounting period and certification scheme are; the mass of the product is that of the
// product, whatever two claims about it say: such claims differ in the source (pre- or
// post-consumer), the recycling method or the chain of custody, and no kilogram comes from two of these. Claims that
// differ in any of the rest are other views of the same material (a product and its materials, two plants, two schemes)
// or other portions of it, and do not add.
void CheckClaimSums(const v1::RecycledContent& content, const Path& path, Findings& findings);

inline constexpr char kRecycledFractionMethod[] = "RECYCLED_FRACTION/1";

// (pre + post) / total rounded to six digits, in units of 1e-18. Nullopt if the masses are unusable.
absl::optional<absl::int128> RecycledFractionOf(const v1::RecycledContentClaim& claim);

// What the claims about the same kilograms say together.
struct RecycledShare {
  const v1::RecycledContentClaim* first = nullptr;  // of them; not null
  absl::int128 fraction = 0;                        // as above, at most 1
};
// One for each kind of kilograms (CheckClaimSums), in the order of the first claims. Claims with unusable masses count
// for nothing.
std::vector<RecycledShare> RecycledSharesOf(const v1::RecycledContent& content);

}  // namespace meguri::passport
