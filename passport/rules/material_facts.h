// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A plastic has its polymer, waste has its codes.
void CheckMaterialIdentity(const v1::MaterialIdentity& material, const Path& path, Findings& findings);
// The code has the form of its list.
void CheckWasteCode(const v1::WasteCode& code, const Path& path, Findings& findings);
// Dates in order, the least order no larger than what is there.
void CheckMaterialOffer(const v1::MaterialOffer& offer, const Path& path, Findings& findings);
// The unit is that of the code, a range is in order, a deviation has its samples.
void CheckMaterialProperty(const v1::MaterialProperty& property, const Path& path, Findings& findings);
// The fractions of polymer, fillers and additives sum to no more than 1; nothing is declared absent and listed.
void CheckMaterialProperties(const v1::MaterialProperties& properties, const Path& path, Findings& findings);

}  // namespace meguri::passport
