// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "passport/formats/imported_record.h"
#include "passport/readers/input_tree.h"

namespace meguri::passport {

// Passports of OpenEPCIS and EN 18223: JSON-LD with gs1:, eubat: and oec: terms, the same without prefixes, and the
// expanded form with elements. Contexts are never fetched: terms go by their local names.
bool IsOpenEpcis(InputNode& root);

// One record. Places are named without prefixes and without "has": hasRatedEnergy is ratedEnergy.
absl::Status ReadOpenEpcis(InputNode& root, TakeRecord take);

}  // namespace meguri::passport
