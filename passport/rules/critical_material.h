// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/rules/record_rule.h"

namespace meguri::passport {

// What is declared as a critical raw material is on a list of some jurisdiction on the day of issue; and the summary
// does not deny what the section of critical raw materials lists.
void CheckCriticalMaterials(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
