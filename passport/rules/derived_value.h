// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "meguri/passport/v1/derived.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// What a publisher's program has recomputed is what follows: the same value by the same method.
void CheckDerived(const v1::Derived& derived, const std::string& value, absl::string_view method, const Path& path,
                  Findings& findings);

}  // namespace meguri::passport
