// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/rules/record_rule.h"

namespace meguri::passport {

// V9: a marking (REC30) promises no more than the claims about its plastic make. These are the claims that name one of
// its polymers in subject or description: PP, rPP, HDPE, polypropylene. Only if none does, those that may be about it:
// of the product, of components, of materials that are not known to be another.
void CheckRecycledMarking(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
