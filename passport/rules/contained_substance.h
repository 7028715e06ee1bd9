// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/rules/record_rule.h"

namespace meguri::passport {

// V15: the hazard summary does not deny what the composition says. A listed substance that is above its RoHS or J-Moss
// threshold in anything that is named contradicts that the product conforms, and that the substance is not above it
// anywhere: some homogeneous material in that holds at least as much. Compounds count by the element in them, congeners
// as their group, and what is in one material together (a group and what it consists of once). An exemption allows it:
// on it, on what it lies in, or for it in the summary or the declaration. An SVHC that is above its threshold in a part
// or the whole contradicts that there is none; if only its share of a material is known, that is a warning.
void CheckContainedSubstances(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
