// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// V6 of lists: shares and masses sum to the whole, as those of a composition do.

void CheckBillOfMaterials(const v1::BillOfMaterials& bill, const Path& path, Findings& findings);
void CheckCompositionSummary(const v1::CompositionSummary& summary, const Path& path, Findings& findings);
// The origins of each stage sum to 1; there is a mass or a fraction.
void CheckCriticalRawMaterial(const v1::CriticalRawMaterial& material, const Path& path, Findings& findings);

}  // namespace meguri::passport
