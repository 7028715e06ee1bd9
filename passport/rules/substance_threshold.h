// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "passport/rules/record_rule.h"

namespace meguri::passport {

// V15: whether the declared concentration, or the highest of its range, is greater than the threshold. Where a regime
// restricts an element (RoHS, J-Moss, ELV, batteries), a compound is judged by the mass of that in it. Unspecified if
// concentration or threshold is missing.
v1::Answer IsAboveThreshold(const v1::DeclaredSubstance& substance);

// Whether it is above, in scope, and no exemption holds on the day of the declaration.
bool IsNonconformant(const v1::DeclaredSubstance& substance, absl::string_view declared_on);

// V15 of every declared substance: concentration, threshold of the reference tables on that day, above or not, place,
// safe use. What does not conform is a warning: to say so is right.
void CheckSubstances(const v1::SubstanceDeclaration& declaration, const Path& path, Findings& findings);

// V15 of the summary: answers and lists say the same.
void CheckHazardSummary(const v1::HazardSummary& summary, const Path& path, Findings& findings);

// The summary does not say that the product conforms while the declaration says that it does not.
void CheckHazardAgreement(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
