// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/numeric/int128.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A fraction of a summary is often rounded to three digits: half of the last one.
inline constexpr int64_t kShareRoundingPerTenThousand = 5;

// V6 of lists: shares and masses sum to the whole, as those of a composition do.

void CheckBillOfMaterials(const v1::BillOfMaterials& bill, const Path& path, Findings& findings);
// The items weigh no more than the `whole`; as much if all are there and `is_whole` says that they make it up.
void CheckBillMass(const v1::BillOfMaterials& bill, absl::int128 whole, bool is_whole, const Path& path,
                   Findings& findings);
void CheckCompositionSummary(const v1::CompositionSummary& summary, const Path& path, Findings& findings);
// The same of the masses of its shares; if they make up the whole, mass and fraction of each agree.
void CheckSummaryMass(const v1::CompositionSummary& summary, absl::int128 whole, bool is_whole, const Path& path,
                      Findings& findings);
// The origins of each stage sum to 1; there is a mass or a fraction.
void CheckCriticalRawMaterial(const v1::CriticalRawMaterial& material, const Path& path, Findings& findings);

}  // namespace meguri::passport
