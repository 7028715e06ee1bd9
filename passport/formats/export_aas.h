// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "passport/formats/export_source.h"

namespace meguri::passport {

// One record as the environment of an Asset Administration Shell (metamodel V3.0, JSON) with the submodels Nameplate
// (IDTA 02006), DppMetadata (02099-1), CarbonFootprint (02023) and, of a battery, parts of 02035. Names and semantic
// IDs are those of the published templates; an element of which none is known is not written. docs/interop.md has the
// table.
absl::StatusOr<std::string> WriteAasEnvironment(ExportSources& records);

}  // namespace meguri::passport
