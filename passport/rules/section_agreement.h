// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/rules/record_rule.h"

namespace meguri::passport {

// EU Battery Regulation Art. 8: recycled content of a battery is stated per plant and year.
void CheckBatteryClaims(const record::Header& header, const RecordContent& content, Findings& findings);

// V7: a record is neither its own parent nor its own predecessor nor a component of itself.
void CheckSelfReference(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
