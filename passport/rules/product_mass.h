// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/rules/record_rule.h"

namespace meguri::passport {

// V6 between sections: they agree with the identity section on what the product or lot weighs; what lies in it sums to
// no more than that, and to as much if it is complete; no single part, material or claim is heavier. In the passport of
// a lot, what some sections say of one product (a bill of materials) is only held to be no heavier than the lot.
void CheckMassAgreement(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
