// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "passport/formats/imported_record.h"
#include "passport/readers/input_tree.h"

namespace meguri::passport {

// IEC 62474 XML, as chemSHERPA ships it in .shai and .shci: a root Main in the name space http://std.iec.ch/iec62474.
bool IsIec62474(InputNode& root);

// One record a Product. Masses of parts are those of one unit there, and of all units here. INVALID_ARGUMENT with
// reason NO_RECORDS if there is no Product, or COMPOSITION_PLACE if a composition lies beside it.
absl::Status ReadIec62474(InputNode& root, TakeRecord take);

}  // namespace meguri::passport
