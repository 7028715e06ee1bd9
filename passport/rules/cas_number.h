// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// V5: CAS Registry Number 7439-93-2, check digit included.
bool IsCasNumber(absl::string_view text);

// V5: EC number 231-102-5, check digit included.
bool IsEcNumber(absl::string_view text);

// V5: an identifier that says it is a CAS or an EC number is one.
void CheckSubstanceIdentifier(const v1::SubstanceIdentifier& identifier, const Path& path, Findings& findings);

}  // namespace meguri::passport
