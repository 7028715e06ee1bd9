// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "meguri/passport/v1/dismantling.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A thing to be removed that is there has a place and an instruction.
void CheckRemovalItem(const v1::RemovalItem& item, const Path& path, Findings& findings);

}  // namespace meguri::passport
