// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/rules/record_rule.h"

namespace meguri::passport {

// V6: no more of a lot is offered than there is.
void CheckOfferedMass(const record::Header& header, const RecordContent& content, Findings& findings);
// V7: no item of the bill is the product itself.
void CheckBillReferences(const record::Header& header, const RecordContent& content, Findings& findings);
// V8: an element of a battery has the recycled share that the law asks for in that year. A warning.
void CheckBatteryMinimum(const record::Header& header, const RecordContent& content, Findings& findings);
// V13: only an item has a state, and it is that of its identity.
void CheckItemAgreement(const record::Header& header, const RecordContent& content, Findings& findings);
// A mark is shown only until the certification expires, judged by the time of issue.
void CheckCertificationExpiry(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
