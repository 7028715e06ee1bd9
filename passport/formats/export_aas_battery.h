// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/types/optional.h"
#include "passport/formats/aas_element.h"
#include "passport/formats/export_source.h"

namespace meguri::passport {

// What part 3 of IDTA 02035 adds to the footprint of a battery over all stages.
void AddBatteryFootprint(InputNode* footprint, AasElements& elements);

// The submodels TechnicalData, ProductCondition, MaterialComposition and Circularity: parts 4 to 7 of IDTA 02035.
// Shares are percentages there.
void AddBatterySubmodels(ExportSource& record, const absl::optional<std::string>& manufacturer,
                         AasEnvironment& environment);

}  // namespace meguri::passport
