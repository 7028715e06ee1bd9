// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "passport/formats/imported_record.h"
#include "passport/readers/input_tree.h"

namespace meguri::passport {

// Battery Pass 1.2 (BatteryPassDataModel): a file is one of its six parts.
bool IsBatteryPass(InputNode& root);

// One record, with the sections that the part fills.
absl::Status ReadBatteryPass(InputNode& root, TakeRecord take);

}  // namespace meguri::passport
